"""What the ids in a label map mean."""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from pixelwise.types import IGNORE_INDEX


class Labels(BaseModel):
    """The classes of a label map, by id from 0.

    Attributes:
        classes: names; ``classes[i]`` is the name of id ``i``.
        background: id that is not scored (what is left when nothing is there); None where every class counts.
        things: ids of classes whose objects are told apart, in order; the other scored ones are stuff (Kirillov 2019,
            Panoptic Segmentation). Empty in semantic sets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    background: int | None = 0
    things: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Labels:
        if not 2 <= len(self.classes) <= IGNORE_INDEX:
            raise ValueError(f"between 2 and {IGNORE_INDEX} classes are possible, got {len(self.classes)}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"class names must differ, got {', '.join(self.classes)}")
        if self.background is not None and not 0 <= self.background < len(self.classes):
            raise ValueError(f"background {self.background} is no class id")
        if list(self.things) != sorted(set(self.things) & set(self.scored)):
            raise ValueError(f"things {self.things} should be ids of scored classes, in order")
        return self

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Semantic labels are written as they were before there were things, so that older programs read them.
        written: dict[str, Any] = plain(self)
        return {name: value for name, value in written.items() if name != "things" or value}

    @property
    def num_classes(self) -> int:
        """Number of classes, background included."""
        return len(self.classes)

    @property
    def is_binary(self) -> bool:
        """Two classes of which one is background: a single sigmoid channel tells them apart."""
        return self.num_classes == 2 and self.background == 0

    @property
    def scored(self) -> tuple[int, ...]:
        """Ids that scores are computed for."""
        return tuple(i for i in range(self.num_classes) if i != self.background)

    @property
    def stuff(self) -> tuple[int, ...]:
        """Ids of scored classes that are no things; empty in semantic sets, where nobody asks."""
        return tuple(i for i in self.scored if i not in self.things) if self.things else ()

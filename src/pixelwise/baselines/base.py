"""What a method of segmentation without training is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pixelwise.baselines.picture import Mask, Picture

Value = str | float
Values = Mapping[str, Value]
"""Free parameters of a method by name."""


@dataclass(frozen=True)
class Method:
    """A way to part a picture in two.

    Attributes:
        name: what the command line calls it.
        title: what people call it.
        how: one sentence on how it works.
        source: the paper that it comes from.
        choices: its free parameters, each with the values it may have; the first is taken where nothing chooses.
        part: ``part(picture, **values)`` is one of the two sides, (h, w) bool; which one is of no meaning. A pure
            function; the picture is never blank.
        slow: whether that takes more than about a tenth of a second.
    """

    name: str
    title: str
    how: str
    source: str
    choices: Mapping[str, tuple[Value, ...]]
    part: Callable[..., Mask]
    slow: bool = False

    @property
    def default(self) -> dict[str, Value]:
        """The first value of every free parameter."""
        return {name: values[0] for name, values in self.choices.items()}

    def combinations(self) -> Iterator[dict[str, Value]]:
        """All values of all free parameters, the default first."""
        for values in itertools.product(*self.choices.values()):
            yield dict(zip(self.choices, values, strict=True))

    def __call__(self, picture: Picture, values: Values) -> Mask:
        return self.part(picture, **values)

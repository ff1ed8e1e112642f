"""What checks look at: a data set as it lies on disk, examined."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.checks.examine import Examined, MaskFacts
from pixelwise.checks.finding import Place
from pixelwise.checks.maskfacts import MaskContent
from pixelwise.checks.objectfacts import ObjectFacts
from pixelwise.data.dataset import Dataset
from pixelwise.data.draw import joined
from pixelwise.data.duplicates import Match
from pixelwise.data.duplicates import Place as DuplicatePlace
from pixelwise.data.masks import MaskCoding
from pixelwise.errors import one_line
from pixelwise.types import IGNORE_INDEX


@dataclass(frozen=True)
class Likeness:
    """Two samples whose images are nearly the same.

    Attributes:
        how: in words, how they differ.
        score: how well their detail agrees, 0–1.
        place: how the other lies in the one, as :class:`~pixelwise.data.duplicates.Match` says.
    """

    one: Examined
    other: Examined
    how: str
    score: float
    place: DuplicatePlace

    @property
    def is_copy(self) -> bool:
        """The two are the same pixel by pixel."""
        one, other = self.one.image.signature, self.other.image.signature
        return one is not None and other is not None and np.array_equal(one.digest, other.digest)

    def mask_agreement(self, classes: Mapping[int, Sequence[int]]) -> float | None:
        """Dice of the two masks, laid over each other as the images are, all classes counted together.

        None where one of them cannot be read or both are empty.

        Args:
            classes: stored values by id of the classes that count.
        """
        masks = [
            None if one.mask is None or one.mask.content is None else one.mask.content.small
            for one in (self.one, self.other)
        ]
        if masks[0] is None or masks[1] is None:
            return None
        laid, inside = _laid(masks[0], masks[1].shape, self.place)
        both = either = 0
        for values in classes.values():
            a, b = np.isin(laid, values) & inside, np.isin(masks[1], values) & inside
            both += 2 * int((a & b).sum())
            either += int(a.sum() + b.sum())
        return both / either if either else None


@dataclass(frozen=True)
class Subject:
    """A data set and what is true of its files.

    Attributes:
        dataset: as it was opened; samples without masks among them.
        examined: of every sample, in order.
        coding: what stored values stand for.
        matches: near-duplicates among the images that could be read, by their places in ``examined``.
        told_apart: what is true of the objects of samples that have some, by their names.
    """

    dataset: Dataset
    examined: Sequence[Examined]
    coding: MaskCoding
    matches: Sequence[Match]
    told_apart: Mapping[str, ObjectFacts] = field(default_factory=dict)

    def place(self, *paths: Path, detail: str = "") -> Place:
        """A place at these files, named from the data's folder on."""
        return Place(files=tuple(self.name(path) for path in paths), detail=detail)

    def name(self, path: Path) -> str:
        """A path as people read it: within the data's folder."""
        root = self.dataset.root
        within = path.relative_to(root) if path.is_relative_to(root) else path
        return one_line(within.as_posix().replace("\\", "\\\\"))

    def shown(self, message: str) -> str:
        """A message with paths as people read them: within the data's folder."""
        root = re.escape(f"{self.dataset.root}{os.sep}")
        return one_line(re.sub(rf"(?<![^\s'\"(]){root}", "", message))

    @cached_property
    def masks(self) -> list[tuple[Examined, MaskFacts, MaskContent]]:
        """Samples whose mask could be read."""
        return [
            (one, one.mask, one.mask.content)
            for one in self.examined
            if one.mask is not None and one.mask.content is not None
        ]

    @cached_property
    def pairs(self) -> list[tuple[Examined, MaskFacts, MaskContent]]:
        """Those whose image could be read too and is of the same size."""
        return [
            (one, mask, content)
            for one, mask, content in self.masks
            if one.image.file.fault is None and one.image.file.size == content.size
        ]

    @cached_property
    def likenesses(self) -> list[Likeness]:
        """Pairs of samples whose images are nearly the same."""
        return [
            Likeness(
                self.examined[match.first], self.examined[match.second], match.how, match.score, match.place
            )
            for match in self.matches
        ]

    @cached_property
    def together(self) -> list[set[str]]:
        """Names of samples that must lie in one split since their images are nearly the same."""
        return joined([{pair.one.sample.name, pair.other.sample.name} for pair in self.likenesses])

    @cached_property
    def objects(self) -> dict[int, list[int]]:
        """Stored values by class id, of what is labelled; of two classes the second alone."""
        found: dict[int, list[int]] = defaultdict(list)
        for value, class_id in self.coding.ids.items():
            if class_id != IGNORE_INDEX and not (self.is_binary and class_id == 0):
                found[class_id].append(value)
        return dict(found)

    @cached_property
    def is_binary(self) -> bool:
        """Masks tell one class from a background."""
        return set(self.coding.ids.values()) <= {0, 1, IGNORE_INDEX}


def _laid(
    mask: NDArray[np.unsignedinteger[Any]], size: tuple[int, ...], place: DuplicatePlace
) -> tuple[NDArray[np.unsignedinteger[Any]], NDArray[np.bool_]]:
    """A mask as it lies under a picture of ``size`` that is at ``place`` in it, and where it covers that picture."""
    y, x = np.meshgrid(*((np.arange(side) + 0.5) * 2 / side - 1 for side in size), indexing="ij")
    places = [row[0] * x + row[1] * y + row[2] for row in place]
    columns, rows = (np.floor((places[axis] + 1) / 2 * mask.shape[1 - axis]).astype(int) for axis in (0, 1))
    inside = (columns >= 0) & (columns < mask.shape[1]) & (rows >= 0) & (rows < mask.shape[0])
    return mask[rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1)], inside

"""What checks look at: a data set as it lies on disk, examined."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pixelwise.checks.examine import Examined, MaskFacts
from pixelwise.checks.finding import Place
from pixelwise.checks.maskfacts import MaskContent
from pixelwise.data.dataset import Dataset
from pixelwise.data.duplicates import find_near_duplicates
from pixelwise.data.masks import MaskCoding


@dataclass(frozen=True)
class Likeness:
    """Two samples whose images are nearly the same, in words how they differ, and whether pixel by pixel the same."""

    one: Examined
    other: Examined
    how: str
    same: bool

    def mask_dice(self, subject: Subject) -> float | None:
        """Dice of the two masks, laid over each other as the images are; None where that cannot be told."""
        return None


@dataclass(frozen=True)
class Subject:
    """A data set and what is true of its files.

    Attributes:
        dataset: as it was opened; samples without masks among them.
        examined: of every sample, in order.
        coding: what stored values stand for.
    """

    dataset: Dataset
    examined: Sequence[Examined]
    coding: MaskCoding

    def place(self, *paths: Path, detail: str = "") -> Place:
        """A place at these files, named from the data's folder on."""
        return Place(files=tuple(self.name(path) for path in paths), detail=detail)

    def name(self, path: Path) -> str:
        """A path as people read it: within the data's folder."""
        root = self.dataset.root
        return printable((path.relative_to(root) if path.is_relative_to(root) else path).as_posix())

    def shown(self, message: str) -> str:
        """A message with paths as people read them: within the data's folder."""
        return printable(message.replace(f"{self.dataset.root}{os.sep}", ""))

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
        readable = [one for one in self.examined if one.image.signature is not None]
        signatures = [one.image.signature for one in readable if one.image.signature is not None]
        return [
            Likeness(readable[match.first], readable[match.second], match.how, match.score == 1)
            for match in find_near_duplicates(signatures)
        ]

    @cached_property
    def is_binary(self) -> bool:
        """Masks tell one class from a background."""
        return set(self.coding.ids.values()) <= {0, 1, 255}


def printable(text: str) -> str:
    """Text without what must not reach a page or a terminal: bytes that are no UTF-8, ends of lines."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\n", "\\n").replace("\r", "\\r")

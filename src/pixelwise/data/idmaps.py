"""Objects as pictures: a number for each object at its pixels, perhaps class ids and crowds in pictures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.masks import MaskCoding, read_mask, read_stored
from pixelwise.data.misfits import advice_on_mask
from pixelwise.data.objectsource import identity_of
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, objects_of
from pixelwise.types import CLASSES, CROWD, IGNORE_INDEX, INSTANCES, IdMap, Sample, Size

_NUMBERS = "save the number of each object in grey of 8 or 16 bits, also where colours number them"
"""What to do with a picture in colours."""


@dataclass(frozen=True)
class IdMaps:
    """Reads ``instances`` of a sample, and its ``classes`` and ``crowd`` where there are any.

    Attributes:
        labels: what class ids mean; without ``classes`` all objects are of the first thing.
        coding: what the values in ``classes`` stand for; None for the plain one.
        ignore: the number that marks what nobody labelled, among those of objects.
        crowds: some sample has ``crowd``.
    """

    labels: Labels
    coding: MaskCoding | None = None
    ignore: int | None = None
    crowds: bool = False

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`; the original id is the number in the picture."""
        return objects_of(self.maps(sample, size), self.labels)

    def maps(self, sample: Sample, size: Size) -> dict[str, IdMap]:
        """The pictures (H, W) with class ids and the numbers as stored; errors as :meth:`objects`."""
        stored = read_ids(sample.labels["instances"], sample.image, size)
        ignored = stored == self.ignore if self.ignore is not None else np.zeros(size, np.bool_)
        ids = np.where(ignored, 0, stored)
        background = IGNORE_INDEX if self.labels.background is None else self.labels.background
        classes = np.where(ids > 0, self.labels.things[0], background).astype(np.uint8)
        if "classes" in sample.labels:
            classes = read_mask(sample.labels["classes"], self.coding or _plain(self.labels))
            _check_size(sample.labels["classes"], sample.image, classes.shape, size)
        classes = np.where(ignored, np.uint8(IGNORE_INDEX), classes)
        maps: dict[str, IdMap] = {CLASSES: classes, INSTANCES: ids}
        if "crowd" in sample.labels:
            maps[CROWD] = (read_ids(sample.labels["crowd"], sample.image, size) > 0).astype(np.uint8)
        return maps

    def files(self, sample: Sample) -> list[Path]:
        """The pictures."""
        return list(sample.labels.values())

    def identity(self, sample: Sample) -> str:
        """Of which kinds the pictures are, and what their values mean."""
        coding = (self.coding or _plain(self.labels)).identity()
        return identity_of("idmaps", 2, sorted(sample.labels), coding, self.ignore)


def read_ids(path: Path, image: Path, size: Size) -> NDArray[np.int32]:
    """(H, W) the numbers in a picture of 8, 16 or 32 bits, for an image of this (height, width).

    Raises:
        DataError: unreadable, in colours, or of another size than the image.
    """
    ids = read_stored(path, plain=_NUMBERS)
    _check_size(path, image, ids.shape, size)
    return ids.astype(np.int32)


def _plain(labels: Labels) -> MaskCoding:
    return MaskCoding({**{i: i for i in range(labels.num_classes)}, IGNORE_INDEX: IGNORE_INDEX})


def _check_size(path: Path, image: Path, found: tuple[int, int], size: Size) -> None:
    if found != size:
        advice = advice_on_mask(image, found, "make it from this very image")
        raise DataError(
            f"{path} is {found[1]}×{found[0]} pixels but its image is {size[1]}×{size[0]}; {advice}."
        )

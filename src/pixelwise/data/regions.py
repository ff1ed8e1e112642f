"""Objects derived from masks of class ids: the connected regions of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from pixelwise.data.dataset import Dataset
from pixelwise.data.masks import MaskCoding, read_mask
from pixelwise.data.objectsource import identity_of
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, objects_of
from pixelwise.types import CLASSES, INSTANCES, Sample, Size


@dataclass(frozen=True)
class Regions:
    """Reads ``mask`` of a sample; each connected region of a thing is an object, corners connect.

    So objects of one class that touch are one, and one that something hides in part is several: nobody told them apart.

    Attributes:
        labels: what class ids mean, and which are things.
        coding: what the values in masks stand for.
    """

    labels: Labels
    coding: MaskCoding
    crowds: bool = False

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`."""
        path = sample.labels["mask"]
        classes = read_mask(path, self.coding)
        if classes.shape != size:
            raise DataError(
                f"{path} is {classes.shape[1]}×{classes.shape[0]} pixels but its image is {size[1]}×{size[0]}; "
                "make the mask from this very image."
            )
        instances, count = np.zeros(size, np.int32), 0
        for class_id in self.labels.things:
            regions, found = ndimage.label(classes == class_id, np.ones((3, 3)))
            instances = np.where(regions > 0, regions + count, instances).astype(np.int32)
            count += found
        return objects_of({CLASSES: classes, INSTANCES: instances}, self.labels)

    def files(self, sample: Sample) -> list[Path]:
        """The mask."""
        return [sample.labels["mask"]]

    def identity(self, sample: Sample) -> str:
        """What its values mean."""
        return identity_of("regions", self.coding.identity())


def with_regions(dataset: Dataset, things: Sequence[str]) -> Dataset:
    """A set of class masks whose objects are the connected regions of the classes of these names.

    Raises:
        DataError: the set has no masks of classes, no class of such a name, or none is named.
    """
    if dataset.source is not None or not dataset.has_masks:
        raise DataError(
            f"{dataset.root} ({dataset.layout}) has no masks of classes; --things is for sets that have, and tell no "
            "objects apart."
        )
    known = ", ".join(dataset.labels.classes[i] for i in dataset.labels.scored)
    if not things:
        raise DataError(f"--things names no class of {dataset.root} to take objects of; it has {known}.")
    ids = {name.casefold(): number for number, name in enumerate(dataset.labels.classes)}
    for name in things:
        if ids.get(name.casefold()) not in dataset.labels.scored:
            raise DataError(f"{dataset.root} has no class '{name}' to take objects of; it has {known}.")
    chosen = tuple(sorted({ids[name.casefold()] for name in things}))
    labels = dataset.labels.model_copy(update={"things": chosen})
    return replace(dataset, labels=labels, source=Regions(labels, dataset.mask_coding))

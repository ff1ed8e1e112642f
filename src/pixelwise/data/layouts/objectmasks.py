"""A picture for each object, in a folder for each image, as the Data Science Bowl 2018 unpacks (Caicedo 2019).

``a/images/a.png`` with ``a/masks/*.png``: each of these is 255 (or 1) at the pixels of one object. A folder ``masks``
that holds none says that the image shows no object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import folders_in, pictures_in
from pixelwise.data.layouts.numbering import OBJECTS, labels_of
from pixelwise.data.legend import NO_HINTS, Hints, find_legend
from pixelwise.data.masks import MaskCoding, read_stored
from pixelwise.data.misfits import advice_on_mask
from pixelwise.data.naming import spelt
from pixelwise.data.objectsource import identity_of
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_in_name
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample, Size, SplitName

NAME = "object_masks"
IMAGES, MASKS = "images", "masks"
_FEW = 8
"""Folders that are looked into to recognise the layout."""
_TWO_VALUES = "save it in grey, 255 at the pixels of its object and 0 at all others"
_CODING = MaskCoding.of(Labels(classes=("background", "object")))


@dataclass(frozen=True)
class ObjectMasks:
    """Reads the pictures in a folder, one for each object."""

    labels: Labels
    crowds: bool = False

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`, in the order of the files' names."""
        return [
            self._object(path, sample.image, size, number)
            for number, path in enumerate(self.files(sample), start=1)
        ]

    def _object(self, path: Path, image: Path, size: Size, number: int) -> ObjectMask:
        stored = read_stored(path, plain=_TWO_VALUES)
        if stored.shape != size:
            advice = advice_on_mask(image, stored.shape, "make it from this very image")
            raise DataError(
                f"{path} is {stored.shape[1]}×{stored.shape[0]} pixels but its image is {size[1]}×{size[0]}; {advice}."
            )
        rows, columns = (np.flatnonzero(stored.any(axis=axis)) for axis in (1, 0))
        y0, x0 = (int(places[0]) if len(places) else 0 for places in (rows, columns))
        part = stored[y0 : rows[-1] + 1, x0 : columns[-1] + 1] if len(rows) else stored[:0, :0]
        mask = (
            _CODING.decode(part, path) > 0
        )  # of images with thousands of small objects this saves most of the time
        return ObjectMask.from_cut_out(mask, (x0, y0), size, self.labels.things[0], original=number)

    def files(self, sample: Sample) -> list[Path]:
        """The pictures."""
        return list(pictures_in(sample.labels["objects"], levels=0))

    def identity(self, sample: Sample) -> str:
        """Of the format."""
        return identity_of("object_masks")


def detect(root: Path) -> bool:
    """Whether ``root``, or a folder in it, holds folders of an image and the masks of its objects."""
    return any(_holds_some(group) for group in _groups(root))


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Every folder is a sample; one without a folder of masks is kept without labels.

    Folders of folders whose names say so are splits, if several of them are labelled; one in which no image is
    labelled, as contests have it for testing, is left out. Where names would be alike, the folder's begins them.

    Raises:
        DataError: another layout, several images in one folder, or a legend of several classes.
    """
    groups = [group for group in _groups(root) if _holds_some(group)]
    if not groups:
        raise DataError(
            f"{root} should hold a folder for each image: a/images/a.png, a/masks/1.png and so on."
        )
    legend = hints.legend or find_legend(root)
    labels = labels_of(legend) if legend else OBJECTS
    if len(labels.things) > 1 or labels.stuff or labels.background is None:
        raise DataError(f"{root} has objects of one class; name a background and that class in the legend.")
    samples = [
        sample
        for group, prefix in _prefixes(root, groups).items()
        for folder in folders_in(group)
        if (sample := _sample(folder, prefix, _split(group) if len(groups) > 1 else None, problems))
    ]
    ordered = tuple(sorted(samples, key=lambda one: one.name))
    return Dataset(root, NAME, ordered, labels, source=ObjectMasks(labels))


def _groups(root: Path) -> Iterator[Path]:
    """The folders that may hold folders of images."""
    if root.is_dir():
        yield root
        yield from folders_in(root)


def _holds_some(group: Path) -> bool:
    """Whether a folder holds some with one image of its own name, and masks of other names."""
    # A mask of the image's name would be of all objects.
    return any(
        (folder / MASKS).is_dir()
        and [one.stem for one in _images(folder)] == [folder.name]
        and all(one.stem != folder.name for one in pictures_in(folder / MASKS, levels=0))
        for folder in folders_in(group)[:_FEW]
    )


def _images(folder: Path) -> list[Path]:
    return list(pictures_in(folder / IMAGES, levels=0)) if (folder / IMAGES).is_dir() else []


def _split(group: Path) -> SplitName | None:
    return split_in_name(group.name)


def _prefixes(root: Path, groups: Sequence[Path]) -> dict[Path, str]:
    """What names of each group's images begin with: its split, or its own name where others would be called alike."""
    usual = {group: f"{split}/" if len(groups) > 1 and (split := _split(group)) else "" for group in groups}
    names = [f"{prefix}{folder.name}" for group, prefix in usual.items() for folder in folders_in(group)]
    if len(set(names)) == len(names):
        return usual
    return {group: f"{group.name}/" if group != root else "" for group in groups}


def _sample(folder: Path, prefix: str, split: SplitName | None, problems: Problems) -> Sample | None:
    images = _images(folder)
    if len(images) > 1:
        message = f"{images[1]} lies beside {images[0].name}; keep one image in each folder."
        problems.meet("pair-clash", message, *images)
    if not images:
        if (folder / MASKS).is_dir():
            message = f"{folder / MASKS} has no image in {folder / IMAGES}; put it there or remove the masks."
            problems.meet("pair-no-image", message, folder / MASKS)
        return None
    labels = {"objects": folder / MASKS} if (folder / MASKS).is_dir() else {}
    return Sample(spelt(f"{prefix}{folder.name}"), images[0], labels, {}, split)

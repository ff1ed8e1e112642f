"""A data set: samples, what their labels mean, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from pixelwise.data.images import image_header, image_size, image_spacing, read_image
from pixelwise.data.masks import MaskCoding, read_mask
from pixelwise.data.objectsource import ObjectSource, identity_of
from pixelwise.data.pictures import picture_size
from pixelwise.data.problems import Problem
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, flatten
from pixelwise.types import CLASSES, Label, PixelFormat, Pixels, Sample, Size, Spacing, SplitName

SplitChoice = Literal["all", "train", "val", "test"]


@dataclass(frozen=True)
class Dataset:
    """Samples that are labelled alike.

    Attributes:
        root: the folder that was opened.
        layout: name of the reader that understood it.
        samples: in order of their names.
        labels: what class ids mean.
        coding: what the values in mask files stand for; None for the plain coding of the labels.
        inferred: the labels were guessed from the ids that occur; classes that do not occur are missing from them.
        group: the tag whose value samples that belong together share (a patient, a video); None where none is known.
        any_way_up: the pictures have no up and down (skin, cells), so training may turn them at will.
        problems: what the reader had to leave out, where it was not to refuse it.
        source: reads the objects, where the set tells them apart; None for masks of class ids.
        numbers: class ids of ``labels`` by those of ``source``, where they are numbered anew.
        opened: what opens it again on the command line, splits aside: path and options; empty for ``root`` alone.
    """

    root: Path
    layout: str
    samples: tuple[Sample, ...]
    labels: Labels
    coding: MaskCoding | None = None
    inferred: bool = False
    group: str | None = None
    any_way_up: bool = False
    source: ObjectSource | None = None
    numbers: Mapping[int, int] | None = None
    opened: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def mask_coding(self) -> MaskCoding:
        """What the values in mask files stand for."""
        return self.coding or MaskCoding.of(self.labels)

    @property
    def pixel_format(self) -> PixelFormat:
        """What the images hold, by the header of the first; :func:`check_pairs` refuses a mixture."""
        return image_header(self.samples[0].image).pixels

    def read(self, sample: Sample) -> tuple[Pixels, Label]:
        """Image (H, W, C) in the depth of its file and label of one sample.

        The label has ``CLASSES``; where ``labels`` have things ``INSTANCES`` too, and ``CROWD`` where there can be any.

        Raises:
            DataError: no mask, an unreadable file, or sizes that differ.
        """
        image = read_image(sample.image)
        size = image.shape[:2]
        if self.source is not None:
            maps = flatten(self._objects(sample, size), size, self.labels, crowds=self.source.crowds)
            return image, Label(maps if self.labels.things else {CLASSES: maps[CLASSES]})
        mask = read_mask(_mask_of(sample), self.mask_coding)
        _check_sizes(sample, image.shape[:2], mask.shape)
        return image, Label({CLASSES: mask})

    def objects(self, sample: Sample) -> list[ObjectMask]:
        """All objects of one sample whole, even where they overlap, and segments of stuff; none in semantic sets.

        Object *n*, from 1, is *n* in ``INSTANCES`` of :meth:`read`.

        Raises:
            DataError: as :meth:`read`.
        """
        return self._objects(sample, image_size(sample.image)) if self.source is not None else []

    def _objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        if self.source is None or not sample.labels:
            raise DataError(f"{sample.image} has no label; add one or move the image out of the folder.")
        found = self.source.objects(sample, size)
        if self.numbers is None:
            return found
        return [replace(one, class_id=self.numbers.get(one.class_id, one.class_id)) for one in found]

    def label_files(self, sample: Sample) -> list[Path]:
        """The files that a sample's label is read from and no other's; :class:`DataError` if it has none."""
        return self.source.files(sample) if self.source is not None else [_mask_of(sample)]

    def label_identity(self, sample: Sample) -> str:
        """A digest of what, beside the contents of these files, decides the label."""
        if self.source is None:
            return self.mask_coding.identity()
        numbers = sorted(self.numbers.items()) if self.numbers is not None else None
        meaning = self.labels.model_dump(mode="json")
        return identity_of(self.source.identity(sample), self.source.crowds, meaning, numbers)

    def spacing(self, sample: Sample) -> Spacing | None:
        """Millimetres from one pixel to the next: what a list says of a sample, else what its image file does."""
        return sample.spacing or image_spacing(sample.image)

    def split(self, name: SplitChoice) -> Dataset:
        """The samples of one split, or all."""
        return self if name == "all" else self.where(lambda sample: sample.split == name)

    def where(self, keep: Callable[[Sample], bool]) -> Dataset:
        """The samples for which ``keep`` is true."""
        return replace(self, samples=tuple(sample for sample in self.samples if keep(sample)))

    def with_splits(self, splits: dict[str, SplitName | None]) -> Dataset:
        """The same samples with the splits given by sample name; others have none."""
        return replace(self, samples=tuple(replace(s, split=splits.get(s.name)) for s in self.samples))

    def renamed(self, names: Mapping[str, str]) -> Dataset:
        """The same samples by other names; every sample has one."""
        return replace(self, samples=tuple(replace(s, name=names[s.name]) for s in self.samples))

    def has_splits(self) -> bool:
        """Whether any sample is assigned to a split."""
        return any(sample.split is not None for sample in self.samples)


def check_readable(dataset: Dataset) -> None:
    """Decode every image and mask, several at a time; :class:`DataError` for the first that cannot be used."""

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda sample: dataset.read(sample) is None, dataset.samples):
            pass


def check_pairs(samples: Iterable[Sample]) -> None:
    """Raise :class:`DataError` for the first sample that does not fit, by headers alone.

    That is one without a mask, with sizes that differ, or whose image is of another format than the first one's.
    """
    first: tuple[Path, PixelFormat] | None = None
    for sample in samples:
        header = image_header(sample.image)
        if "objects" not in sample.labels:  # else its size is compared when it is read
            _check_sizes(sample, header.size, picture_size(_mask_of(sample)))
        first = first or (sample.image, header.pixels)
        if header.pixels != first[1]:
            raise DataError(
                f"{first[0]} is {first[1]} but {sample.image} is {header.pixels}; "
                "save all images alike, or keep each kind in a folder of its own."
            )


def _mask_of(sample: Sample) -> Path:
    path = sample.labels.get("mask") or sample.labels.get("instances")
    if path is None:
        raise DataError(f"{sample.image} has no mask; add one or move the image out of the folder.")
    return path


def _check_sizes(sample: Sample, image: tuple[int, ...], mask: tuple[int, ...]) -> None:
    if image != mask:
        raise DataError(
            f"{_mask_of(sample)} is {mask[1]}×{mask[0]} pixels but its image {sample.image.name} is "
            f"{image[1]}×{image[0]}; make the mask from this very image."
        )


def image_sizes(dataset: Dataset) -> dict[Size, int]:
    """How many images have each (height, width), by headers alone."""
    sizes = [image_size(sample.image) for sample in dataset.samples]
    unique, counts = np.unique(np.array(sizes), axis=0, return_counts=True)
    return {(int(h), int(w)): int(n) for (h, w), n in zip(unique, counts, strict=True)}

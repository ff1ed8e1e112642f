"""A data set: samples, what their labels mean, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.images import image_header, image_size, image_spacing, read_image
from pixelwise.data.masks import MaskCoding, read_mask
from pixelwise.data.misfits import advice_on_mask
from pixelwise.data.objectsource import ObjectSource, identity_of
from pixelwise.data.pictures import picture_size
from pixelwise.data.problems import Problem
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, flatten
from pixelwise.skeleton import Skeleton
from pixelwise.types import (
    CLASSES,
    IGNORE_INDEX,
    JOINTS,
    IdMap,
    Label,
    People,
    PixelFormat,
    Pixels,
    Sample,
    Size,
    Spacing,
    SplitName,
    Window,
)

JOINTS_OF = "joints/"
"""Before the names of samples that were joined to a set of masks."""

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
        occurring: the labels name the classes of which there are objects; others may be missing from them.
        group: the tag whose value samples that belong together share (a patient, a video); None where none is known.
        any_way_up: the pictures have no up and down (skin, cells), so training may turn them at will.
        problems: what the reader had to leave out, where it was not to refuse it.
        skeleton: of the people whose joints are marked; None in sets without.
        mixed: some samples have masks and some have joints, so that each label may lack either.
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
    occurring: bool = False
    group: str | None = None
    any_way_up: bool = False
    source: ObjectSource | None = None
    numbers: Mapping[int, int] | None = None
    opened: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    skeleton: Skeleton | None = None
    mixed: bool = False

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
        if self.skeleton is not None:
            return _cut(image, self._with_people(sample, size, self.skeleton), sample.window)
        if self.source is not None:
            maps = flatten(self._objects(sample, size), size, self.labels, crowds=self.source.crowds)
            return image, Label(maps if self.labels.things else {CLASSES: maps[CLASSES]})
        mask = read_mask(_mask_of(sample), self.mask_coding)
        _check_sizes(sample, image.shape[:2], mask.shape)
        return image, Label({CLASSES: mask})

    @property
    def has_masks(self) -> bool:
        """Whether any sample has a mask."""
        return any("mask" in sample.labels for sample in self.samples)

    def _with_people(self, sample: Sample, size: Size, skeleton: Skeleton) -> Label:
        """Joints and, where the set has any, a mask; what a sample lacks is not labelled."""
        maps: dict[str, IdMap] = {}
        if "mask" in sample.labels:
            maps[CLASSES] = read_mask(_mask_of(sample), self.mask_coding)
            _check_sizes(sample, size, maps[CLASSES].shape)
        elif self.mixed:
            maps[CLASSES] = np.full(size, IGNORE_INDEX, np.uint8)
        if sample.people is None:
            maps[JOINTS] = np.full(size, IGNORE_INDEX, np.uint8)
            return Label(maps, People.nobody(np.array(skeleton.partners)))
        maps[JOINTS] = _unmarked(sample.people, size)
        return Label(maps, sample.people)

    def cropped(self, margin: float) -> Dataset:
        """Every image that shows a single person cut to that person's box, enlarged on all sides.

        Args:
            margin: share of the box's longer side that is added on each side; 0 leaves images whole.
        """
        if not margin:
            return self
        return replace(self, samples=tuple(replace(s, window=_around(s, margin)) for s in self.samples))

    def jointed_like(self, skeleton: Skeleton) -> Dataset:
        """The same with the joints of ``skeleton`` in its order, found by their names.

        Raises:
            DataError: joints that the other does not have.
        """
        assert self.skeleton is not None
        ours, theirs = skeleton.joints, self.skeleton.joints
        if ours == theirs and skeleton.partners == self.skeleton.partners:
            return replace(self, skeleton=skeleton)
        if len(ours) != len(theirs):
            raise DataError(
                f"{self.root} has {len(theirs)} joints but the model knows {len(ours)}; use data that is labelled "
                "like its training data."
            )
        unknown = [name for name in theirs if name not in ours]
        if unknown:
            raise DataError(
                f"{self.root} has the joint '{unknown[0]}', which the model does not know ({', '.join(ours)}); "
                "name the joints as they were named in training."
            )
        order = np.array([theirs.index(name) for name in ours])
        partners = np.array(skeleton.partners)
        samples = tuple(
            one if one.people is None else replace(one, people=one.people.reordered(order, partners))
            for one in self.samples
        )
        return replace(self, samples=samples, skeleton=skeleton)

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
        if sample.people is not None and "mask" not in sample.labels:
            return []
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

    def evenly(self, most: int) -> Dataset:
        """At most so many of the samples, spread evenly."""
        count = min(most, len(self))
        return replace(self, samples=tuple(self.samples[i * len(self) // count] for i in range(count)))

    def with_splits(self, splits: dict[str, SplitName | None]) -> Dataset:
        """The same samples with the splits given by sample name; others have none."""
        return replace(self, samples=tuple(replace(s, split=splits.get(s.name)) for s in self.samples))

    def renamed(self, names: Mapping[str, str]) -> Dataset:
        """The same samples by other names; every sample has one."""
        return replace(self, samples=tuple(replace(s, name=names[s.name]) for s in self.samples))

    def has_splits(self) -> bool:
        """Whether any sample is assigned to a split."""
        return any(sample.split is not None for sample in self.samples)


def with_joints(masks: Dataset, joints: Dataset) -> Dataset:
    """One set of two: samples of the one have masks, those of the other people's joints, and lack the other.

    Names of the latter begin with ``JOINTS_OF``: cameras number pictures alike.

    Raises:
        DataError: the other set has no joints, or more classes than a person and what is none; or a name clashes.
    """
    if joints.skeleton is None:
        raise DataError(f"{joints.root} has no joints; give data with COCO keypoints to --joints.")
    if masks.skeleton is not None or not masks.labels.is_binary:
        raise DataError(f"{masks.root} should hold masks of people and nothing else, beside --joints.")
    taken = {sample.name for sample in masks.samples}
    added = [replace(one, name=f"{JOINTS_OF}{one.name}", labels={}) for one in joints.samples]
    clash = next((one.name for one in added if one.name in taken), None)
    if clash is not None:
        raise DataError(
            f"{masks.root} has an image '{clash}', as images with joints are called; rename its folder."
        )
    return replace(
        masks,
        samples=tuple(sorted([*masks.samples, *added], key=lambda one: one.name)),
        skeleton=joints.skeleton,
        mixed=True,
        opened=(*(masks.opened or (str(masks.root),)), "--joints", str(joints.root)),
        problems=(*masks.problems, *joints.problems),
    )


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
        # The size of objects is compared when they are read; joints have none.
        if "objects" not in sample.labels and (sample.people is None or "mask" in sample.labels):
            _check_sizes(sample, header.size, picture_size(_mask_of(sample)))
        first = first or (sample.image, header.pixels)
        if header.pixels != first[1]:
            raise DataError(
                f"{first[0]} is {first[1]} but {sample.image} is {header.pixels}; "
                "save all images alike, or keep each kind in a folder of its own."
            )


def sample_size(sample: Sample) -> Size:
    """(height, width) of a sample, by its file's header alone."""
    return sample.window.size if sample.window is not None else image_size(sample.image)


def _around(sample: Sample, margin: float) -> Window | None:
    """The box of the only person of a sample, enlarged, within the image; None where there is no only one."""
    people = sample.people
    if people is None or len(people) != 1 or people.is_crowd[0] or not people.visibility.any():
        return None
    points = people.keypoints[0][people.visibility[0] > 0]
    low = np.minimum(points.min(axis=0), people.boxes[0, :2])
    high = np.maximum(points.max(axis=0), people.boxes[0, 2:])
    more = margin * float((high - low).max())
    height, width = image_size(sample.image)
    x0, y0 = (max(0, int(np.floor(edge - more))) for edge in low)
    x1, y1 = int(min(width, np.ceil(high[0] + more))), int(min(height, np.ceil(high[1] + more)))
    return Window(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _cut(image: Pixels, label: Label, window: Window | None) -> tuple[Pixels, Label]:
    """Image and label of a part of the image."""
    if window is None:
        return image, label
    part = slice(window.y0, window.y1), slice(window.x0, window.x1)
    maps = {name: values[part] for name, values in label.maps.items()}
    origin = np.array([window.x0, window.y0], np.float64)
    people = None if label.people is None else label.people.moved(np.eye(2), -origin)
    return image[part], Label(maps, people)


def _unmarked(people: People, size: Size) -> NDArray[np.uint8]:
    """(H, W): ``IGNORE_INDEX`` in the boxes of crowds and of people none of whose joints is marked, else 0."""
    found = np.zeros(size, np.uint8)
    left_out = people.is_crowd | ~people.is_marked
    for x0, y0, x1, y1 in people.boxes[left_out]:
        rows = slice(max(0, int(np.floor(y0))), max(0, int(np.ceil(y1))))
        found[rows, max(0, int(np.floor(x0))) : max(0, int(np.ceil(x1)))] = IGNORE_INDEX
    return found


def _mask_of(sample: Sample) -> Path:
    path = sample.labels.get("mask") or sample.labels.get("instances")
    if path is None:
        raise DataError(f"{sample.image} has no mask; add one or move the image out of the folder.")
    return path


def _check_sizes(sample: Sample, image: Size, mask: Size) -> None:
    if image != mask:
        advice = advice_on_mask(sample.image, mask, "make the mask from this very image")
        raise DataError(
            f"{_mask_of(sample)} is {mask[1]}×{mask[0]} pixels but its image {sample.image.name} is "
            f"{image[1]}×{image[0]}; {advice}."
        )


def image_sizes(dataset: Dataset) -> dict[Size, int]:
    """How many images have each (height, width), by headers alone."""
    sizes = [sample_size(sample) for sample in dataset.samples]
    unique, counts = np.unique(np.array(sizes), axis=0, return_counts=True)
    return {(int(h), int(w)): int(n) for (h, w), n in zip(unique, counts, strict=True)}

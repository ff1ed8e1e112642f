"""What a check needs to know of the objects of an image, whatever the format that they are written in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.checks.annotations import Fault, look_at_annotations
from pixelwise.data.dataset import Dataset
from pixelwise.data.idmaps import IdMaps
from pixelwise.data.pictures import opened, raw_mode
from pixelwise.errors import DataError
from pixelwise.objects import ObjectMask, united
from pixelwise.types import CLASSES, CROWD, INSTANCES, Sample, Size

ALIKE = 0.9
"""IoU from which two objects cover nearly the same pixels."""
PART, LEAST = 0.1, 4
"""A piece counts from this share of the object's largest one, and from so many pixels."""
_THIN = 5
"""Numbers at least that lie along edges alone, in a picture that was smoothed."""
_WIDE = 2
"""Pixels from the inside of an object to the end of a smoothed edge."""
_SOFT = 0.3
"""Share of the pixels around objects that smoothing gives to other numbers."""
_MOST_IN_8_BITS = 255
_NEARLY_ALL = 250

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class ObjectFacts:
    """What is true of the objects of one image.

    Attributes:
        faults: what is wrong with them.
        areas: pixels of those of things, crowds aside.
        ids: how many of a picture that numbers objects lie in one piece, and in several.
        numbers: up to 32 of the numbers there.
    """

    faults: tuple[Fault, ...] = ()
    areas: tuple[int, ...] = ()
    ids: tuple[int, int] = (0, 0)
    numbers: tuple[int, ...] = field(default=())


def facts_of(dataset: Dataset, sample: Sample, size: Size) -> ObjectFacts:
    """Read the objects of a sample whose image has this (height, width)."""
    objects, faults = look_at_annotations(dataset, sample, size)
    things = [one for one in objects if one.class_id in dataset.labels.things]
    single = [one for one in things if not one.is_crowd]
    areas = tuple(one.area for one in single)
    faults += [
        ("object-empty", _name(one, place)) for place, one in enumerate(objects, start=1) if not one.area
    ]
    faults += _same(single)
    if INSTANCES not in sample.labels or any(kind == "objects-unreadable" for kind, _ in faults):
        return ObjectFacts(tuple(faults), areas)
    pieces, fault = _numbered(sample.labels[INSTANCES], single, size)
    numbers = tuple(one.original or 0 for one in single)[:32]
    return ObjectFacts((*faults, *fault, *_classed(dataset, sample, objects, size)), areas, pieces, numbers)


def _name(one: ObjectMask, place: int) -> str:
    return f"object {place if one.original is None else one.original}"


def _same(objects: Sequence[ObjectMask]) -> Iterator[Fault]:
    """Objects that another covers exactly, or nearly."""
    boxes = np.array([one.box for one in objects], np.float64).reshape(-1, 4)
    areas = np.array([one.area for one in objects], np.float64)
    for later in range(1, len(objects)):
        # What overlaps by so much has such areas and such boxes; the pixels are counted of few.
        low, high = (
            np.maximum(boxes[:later, :2], boxes[later, :2]),
            np.minimum(boxes[:later, 2:], boxes[later, 2:]),
        )
        shared = (high - low).clip(0).prod(axis=1)
        few = (shared >= ALIKE * np.maximum(areas[:later], areas[later])) & (areas[:later] > 0)
        few &= np.minimum(areas[:later], areas[later]) >= ALIKE * np.maximum(areas[:later], areas[later])
        for earlier in np.flatnonzero(few).tolist():
            one, other = objects[earlier], objects[later]
            names = f"{_name(one, earlier + 1)} and {_name(other, later + 1)}"
            if one.counts == other.counts and one.class_id == other.class_id:
                yield "object-twice", names
                break
            both = united([one, other]).area
            iou = (one.area + other.area - both) / both
            if iou >= ALIKE:
                yield "object-alike", f"{names}: IoU {iou:.2f}"


def _classed(dataset: Dataset, sample: Sample, objects: Sequence[ObjectMask], size: Size) -> Iterator[Fault]:
    """Where pictures of numbers and of classes contradict each other."""
    if not isinstance(dataset.source, IdMaps) or CLASSES not in sample.labels:
        return
    for place, one in enumerate(objects, start=1):
        if one.class_id == dataset.labels.background:
            yield "object-background", f"{_name(one, place)}: {one.area} pixels"
    maps = dataset.source.maps(sample, size)
    lone = (maps[INSTANCES] == 0) & np.isin(maps[CLASSES], dataset.source.labels.things)
    if CROWD in maps:  # whose objects nobody told apart, so that they need no number
        lone &= maps[CROWD] == 0
    if lone.any():
        yield "object-unnumbered", f"{lone.sum()} pixels."


def _numbered(path: Path, objects: Sequence[ObjectMask], size: Size) -> tuple[tuple[int, int], list[Fault]]:
    """How many numbers of a picture are in one piece and in several, and how its numbers were spoilt."""
    with opened(path, load=False) as picture:
        is_jpeg, is_narrow = (
            picture.format == "JPEG",
            "16" not in raw_mode(picture) and picture.mode[0] in "LP1",
        )
    if is_jpeg:
        return (0, 0), [("ids-jpeg", f"{len(objects)} numbers.")]
    ids = np.zeros(size[0] * size[1], np.int64)
    for number, one in enumerate(objects, start=1):
        for begin, end in one.runs.tolist():
            ids[begin:end] = number
    ids = np.ascontiguousarray(ids.reshape(size, order="F"))
    thin = _thin(ids, len(objects))
    if thin:
        return (0, 0), [("ids-smoothed", f"{thin} of {len(objects)} numbers lie along edges alone.")]
    several, far = _pieces(ids, len(objects))
    counts = len(objects) - len(several), len(several)
    if is_narrow and len(objects) >= _NEARLY_ALL and far:
        detail = f"{len(objects)} of {_MOST_IN_8_BITS} numbers are taken, {len(far)} of them in far places."
        return counts, [("ids-wrapped", detail)]
    return counts, [("object-pieces", _name(objects[place - 1], place)) for place in far]


def _thin(ids: Ids, count: int) -> int:
    """How many numbers lie along the edges of others and have no inside, where most are so; else 0.

    Smoothing leaves few hard edges; without it small objects may well lie beside larger ones.
    """
    from scipy import ndimage

    framed = np.pad(ids, 1)
    sides = [framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]]
    inside = np.bincount(ids[np.logical_and.reduce([side == ids for side in sides])], minlength=count + 1)
    is_thin = inside == 0
    is_thin[0] = False
    if is_thin.sum() < max(_THIN, count / 2):
        return 0
    solid = ~is_thin
    solid[0] = False
    if not solid.any():
        return 0
    cores, along = solid[ids], is_thin[ids]
    is_beside = ndimage.binary_dilation(cores, iterations=_WIDE)[along].mean() > 0.5
    is_soft = along[ndimage.binary_dilation(cores) & ~cores].mean() > _SOFT
    return int(is_thin.sum()) if is_beside and is_soft else 0


def _pieces(ids: Ids, count: int) -> tuple[list[int], list[int]]:
    """Numbers in several pieces of some size, and those whose pieces lie further apart than the largest is long."""
    from scipy import ndimage
    from skimage.measure import label

    parts = label(ids, background=0, connectivity=2)
    areas = np.bincount(parts.ravel())
    places = ndimage.find_objects(parts)
    owner = np.zeros(len(areas), np.int64)
    owner[parts] = ids
    several, far = [], []
    for number in np.flatnonzero(np.bincount(owner[1:], minlength=count + 1) > 1).tolist():
        own = np.flatnonzero(owner == number)
        main = own[areas[own].argmax()]
        own = own[(areas[own] >= max(LEAST, PART * areas[main])) & (own != main)]
        if not len(own):
            continue
        several.append(number)
        longest = max(side.stop - side.start for side in places[main - 1])
        if max(_gap(places[main - 1], places[one - 1]) for one in own) > longest:
            far.append(number)
    return several, far


def _gap(one: tuple[slice, ...], other: tuple[slice, ...]) -> int:
    """Pixels between two boxes, along the axis on which they are further apart."""
    gaps = [max(a.start - b.stop, b.start - a.stop, 0) for a, b in zip(one, other, strict=True)]
    return int(max(gaps))


def faulty(error: DataError) -> ObjectFacts:
    """The facts of objects that cannot be read."""
    return ObjectFacts((("objects-unreadable", str(error)),))

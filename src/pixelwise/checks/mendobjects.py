"""A repaired copy of objects: written anew in the format that they came in, without those that are there twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import coco, cocopanoptic, labelme, objectmasks, yolo
from pixelwise.data.writers import coco as coco_writer
from pixelwise.data.writers import cocopanoptic as cocopanoptic_writer
from pixelwise.data.writers import labelme as labelme_writer
from pixelwise.data.writers import masks as masks_writer
from pixelwise.data.writers import yolo as yolo_writer
from pixelwise.data.writers.base import Written, named
from pixelwise.objects import ObjectMask

_WRITERS: dict[str, Callable[[Dataset, Sequence[Written], Path], int]] = {
    coco.NAME: coco_writer.write,
    cocopanoptic.NAME: cocopanoptic_writer.write,
    yolo.NAME: yolo_writer.write,
    labelme.NAME: labelme_writer.write,
    objectmasks.NAME: coco_writer.write,  # which holds overlaps, as pictures of numbers do not
}


def once(objects: Sequence[ObjectMask]) -> tuple[ObjectMask, ...]:
    """Objects without those that cover no pixel, and of several alike the first."""
    found = {(one.class_id, one.is_crowd, one.counts): one for one in reversed(objects) if one.area}
    return tuple(one for one in objects if found.get((one.class_id, one.is_crowd, one.counts)) is one)


def write_objects(dataset: Dataset, written: Sequence[Written], folder: Path) -> None:
    """Fill a folder with samples, in the format of their set or one that holds as much."""
    _WRITERS.get(dataset.layout, masks_writer.write)(dataset, written, folder)


def is_by_split(dataset: Dataset) -> bool:
    """Whether :func:`write_objects` writes a folder for each split, so that splits may share names of files."""
    return dataset.layout in _WRITERS


def file_names(dataset: Dataset, written: Sequence[Written]) -> list[str]:
    """What ``splits.csv`` in that folder calls each image, alike in no two splits."""
    by_split = is_by_split(dataset)
    return [
        f"{one.sample.split}/{name}{suffix}" if by_split and one.sample.split else f"{name}{suffix}"
        for name, one in named(written, together=not by_split)
        for suffix in [one.sample.image.suffix]
    ]

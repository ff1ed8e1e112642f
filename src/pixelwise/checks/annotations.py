"""What is wrong with the annotations of one image, format by format: every one is looked at, where a reader stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, number_in, read_json
from pixelwise.data.layouts.coco import CocoObjects, listed_image
from pixelwise.data.layouts.cocopanoptic import VOID, PanopticObjects, read_segments
from pixelwise.data.layouts.labelme import LabelmeObjects
from pixelwise.data.layouts.labelme import said_size as size_in_file
from pixelwise.data.layouts.yolo import YoloObjects, whole
from pixelwise.errors import DataError
from pixelwise.objects import ObjectMask
from pixelwise.outlines import Ring, signed_area
from pixelwise.types import Json, Sample, Size

BOX_PIXELS, BOX_SHARE = 3.0, 0.05
"""An edge of a box may be so far off, in pixels or in shares of its side: programs round in several ways."""
OUTSIDE = 1.0
"""Pixels that an outline may leave the image by: some programs count pixels from 1."""

Fault = tuple[str, str]
"""Name of a kind, and what there is to say."""
Looked = tuple[list[ObjectMask], list[Fault]]
"""The objects that can be read, and the faults of annotations."""
Box = tuple[float, float, float, float]


def said_size(dataset: Dataset, sample: Sample) -> Size | None:
    """(height, width) that a file for many images says of one; None where none does."""
    match dataset.source:
        case CocoObjects() as source:
            return source.sizes.get(listed_image(sample))
        case PanopticObjects() as source:
            return source.sizes.get(sample.labels["objects"])
        case _:
            return None


def look_at_annotations(dataset: Dataset, sample: Sample, size: Size) -> Looked:
    """The objects of a sample whose image has this (height, width), and what is wrong with how they are written."""
    said = said_size(dataset, sample)
    if said is not None and said != size:
        return [], [("size-said", _sizes(said, size))]
    match dataset.source:
        case CocoObjects() as source:
            return _coco(source, sample, size)
        case PanopticObjects() as source:
            return _whole(dataset, sample, size, _panoptic(source, sample, size))
        case YoloObjects() as source:
            return _yolo(source, sample, size)
        case LabelmeObjects() as source:
            return _labelme(dataset, source, sample, size)
        case _:
            return _whole(dataset, sample, size, iter(()))


def _sizes(said: Size, size: Size) -> str:
    return f"It is {size[1]} × {size[0]} pixels, the file says {said[1]} × {said[0]}."


def _whole(dataset: Dataset, sample: Sample, size: Size, others: Iterator[Fault]) -> Looked:
    """All objects by their reader, or why they cannot be read."""
    assert dataset.source is not None
    try:
        return dataset.source.objects(sample, size), list(others)
    except DataError as error:
        return [], [("objects-unreadable", str(error))]


def _coco(source: CocoObjects, sample: Sample, size: Size) -> Looked:
    objects: list[ObjectMask] = []
    faults: list[Fault] = []
    annotations = source.annotations[listed_image(sample)]
    for one in annotations:
        name = f"annotation {one.get('id')}"
        if not _is_known(source, one, name):
            faults.append(("annotation-category", f"{name}: category {one.get('category_id')!r}"))
            continue
        try:
            found = source.object_of(one, size, sample.labels["objects"])
        except DataError:
            faults.append(("annotation-outline", f"{name}: {str(one.get('segmentation'))[:40]}"))
            continue
        objects.append(found)
        faults += _outlines(_polygons(one), size, name)
        faults += _box(one, found, name)
    times = Counter(one.get("id") for one in annotations)
    faults += [("annotation-id", f"id {number}") for number, n in times.items() if n > 1]
    return objects, faults


def _is_known(source: CocoObjects, annotation: Json, name: str) -> bool:
    try:
        return number_in(annotation, "category_id", name) in source.class_ids
    except DataError:
        return False


def _polygons(annotation: Json) -> list[Ring]:
    parts = annotation.get("segmentation")
    return [np.array(part, np.float64).reshape(-1, 2) for part in parts] if isinstance(parts, list) else []


def _outlines(rings: Sequence[Ring], size: Size, name: str) -> Iterator[Fault]:
    """Outlines that leave the image or surround nothing."""
    height, width = size
    if not rings:
        return
    points = np.concatenate(rings)
    beyond = max(-points.min(), (points - (width, height)).max())
    if beyond > OUTSIDE:
        yield "annotation-outside", f"{name}: by {beyond:.0f} pixels"
    if any(signed_area(ring) == 0 for ring in rings):
        yield "annotation-flat", name


def _box(annotation: Json, found: ObjectMask, name: str) -> Iterator[Fault]:
    """A box, if one is given, that is not that of the outline."""
    given = annotation.get("bbox")
    if given is None or not found.area:
        return
    try:
        x, y, wide, high = (float(number) for number in given)
    except (TypeError, ValueError):
        yield "annotation-box", f"{name}: {str(given)[:40]}"
        return
    rings = _polygons(annotation)
    points = np.concatenate(rings) if rings else np.array(found.box, np.float64).reshape(2, 2)
    if not _agree((x, y, x + wide, y + high), (*points.min(axis=0), *points.max(axis=0))):
        yield "annotation-box", f"{name}: {[round(number) for number in (x, y, wide, high)]}"


def _agree(given: Box, true: Box) -> bool:
    sides = np.array([true[2] - true[0], true[3] - true[1]] * 2)
    return bool((np.abs(np.subtract(given, true)) <= np.maximum(BOX_PIXELS, BOX_SHARE * sides)).all())


def _panoptic(source: PanopticObjects, sample: Sample, size: Size) -> Iterator[Fault]:
    path = sample.labels["objects"]
    ids, counts = np.unique(read_segments(path, size), return_counts=True)
    areas = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    for one in source.segments[path]:
        number, area = one.get("id"), one.get("area")
        if number in areas and number != VOID and area is not None and area != areas[number]:
            yield "annotation-area", f"segment {number}: {area} for {areas[number]} pixels"


def _yolo(source: YoloObjects, sample: Sample, size: Size) -> Looked:
    objects: list[ObjectMask] = []
    faults: list[Fault] = []
    try:
        lines = source.lines(sample)
    except DataError as error:
        return [], [("objects-unreadable", str(error))]
    for number, line in lines:
        words, name = line.split(), f"line {number}"
        if (found := _class_number(words[0])) is not None and found + 1 not in source.labels.things:
            faults.append(("annotation-category", f"{name}: class {words[0]}"))
            continue
        try:
            objects.append(source.object_of(words, size, name))
        except DataError as error:
            faults.append(("annotation-outline", str(error)))
            continue
        ring = np.array(words[1:], np.float64).reshape(-1, 2) * (size[1], size[0])
        faults += _outlines([ring], size, name)
    return objects, faults


def _class_number(word: str) -> int | None:
    try:
        return whole(word)
    except ValueError:
        return None


def _labelme(dataset: Dataset, source: LabelmeObjects, sample: Sample, size: Size) -> Looked:
    path = sample.labels["objects"]
    try:
        document = read_json(path)
        said = size_in_file(document, path, size)
        if said != size:
            return [], [("size-said", _sizes(said, size))]
        faults = list(_image_path(document, sample))
        for number, shape in enumerate(entry(document, "shapes", list, str(path)), start=1):
            faults += _shape(source, shape, size, number, path)
    except DataError as error:
        return [], [("objects-unreadable", str(error))]
    if any(kind == "annotation-outline" for kind, _ in faults):
        return [], faults
    objects, others = _whole(dataset, sample, size, iter(()))
    return objects, [*faults, *others]


def _image_path(document: Json, sample: Sample) -> Iterator[Fault]:
    said = document.get("imagePath")
    if isinstance(said, str) and said.replace("\\", "/").rpartition("/")[2] != sample.image.name:
        yield "annotation-path", f"It names {said}."


def _shape(source: LabelmeObjects, shape: Any, size: Size, number: int, path: Path) -> Iterator[Fault]:
    name = f"shape {number}"
    try:
        source.part_of(shape, size, f"{name} in {path}")
    except DataError:
        kind = shape.get("shape_type", "polygon") if isinstance(shape, dict) else type(shape).__name__
        yield "annotation-outline", f"{name}: {kind}"
        return
    if shape.get("shape_type", "polygon") == "polygon":
        ring: NDArray[np.float64] = np.array(shape["points"], np.float64).reshape(-1, 2)
        yield from _outlines([ring], size, name)

"""People in annotations of COCO's keypoints: joints, boxes and areas.

COCO counts pixels from 0, so a joint at x lies in the middle of pixel x, at x + 0.5 here; its boxes are edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.problems import Problems
from pixelwise.errors import DataError
from pixelwise.skeleton import Skeleton
from pixelwise.types import Json, People

CENTRE = 0.5
"""From COCO's place of a joint, the number of a pixel, to the middle of that pixel."""

FARTHEST = 1e6
"""Pixels: nothing lies further from an image's corner."""

MARGIN, LEAST = 0.1, 8.0
"""Around the joints of a person without a box: as a share of their longer side, and in pixels at the least, since few
joints tell little of how large somebody is."""


def people_of(annotations: Sequence[Json], skeleton: Skeleton, path: Path, problems: Problems) -> People:
    """The people of one image, in the order of its annotations.

    Boxes and areas of noughts are told by the labelled joints, and a check hears of it.

    Raises:
        DataError: joints, a box or an area that no image can have; ``path``, the list's, begins the sentence.
    """
    joints = len(skeleton.joints)
    empty = People.nobody(np.array(skeleton.partners, np.int64))
    if not annotations:
        return empty
    try:
        plain = np.array([one.get("keypoints") or [0.0] * (3 * joints) for one in annotations], np.float64)
        triples = _lengths(plain.reshape(len(annotations), joints, 3))
        marked = np.any(triples[..., 2] > 0, axis=1)
        told = [_told_box(one, bool(marked[at])) for at, one in enumerate(annotations)]
        boxes = _lengths(np.array(told, np.float64).reshape(len(annotations), 4))
        areas = np.array(list(map(_area, annotations, boxes)), np.float64)
        if (boxes[:, 2:] < 0).any() or not ((areas >= 0) & (areas <= FARTHEST**2)).all():
            raise ValueError("a negative size")
        areas = _completed(triples, boxes, areas, path, annotations[0]["image_id"], problems)
        return replace(
            empty,
            keypoints=(triples[..., :2] + CENTRE).astype(np.float32),
            visibility=_visibility(triples[..., 2]),
            boxes=np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).astype(np.float32),
            areas=areas.astype(np.float32),
            is_crowd=np.array([bool(one.get("iscrowd", 0)) for one in annotations]),
        )
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(
            f"{path}: an annotation of image {annotations[0]['image_id']} does not hold {joints} joints of x, y "
            "and visibility, a bbox of four numbers and an area, all of them sizes that an image can have; correct "
            "the file."
        ) from error


def _told_box(annotation: Json, is_marked: bool) -> Sequence[float]:
    """x, y, width and height; noughts where none are told of somebody whose joints tell it."""
    told: Sequence[float] | None = annotation.get("bbox")
    if not told and is_marked:
        return (0.0, 0.0, 0.0, 0.0)
    return annotation["bbox"]  # type: ignore[no-any-return]


def _completed(
    triples: NDArray[np.float64],
    boxes: NDArray[np.float64],
    areas: NDArray[np.float64],
    path: Path,
    image_id: int | str,
    problems: Problems,
) -> NDArray[np.float64]:
    """Areas, where those of people with joints are noughts told by what there is; boxes are completed in place.

    A box of noughts becomes that of the labelled joints with a margin, an area of nought that of the box.
    """
    marked = (triples[..., 2] > 0).any(axis=1)
    flat = marked & (boxes[:, 2:] <= 0).any(axis=1)
    for at in np.flatnonzero(flat):
        points = triples[at, triples[at, :, 2] > 0, :2] + CENTRE
        low, high = points.min(axis=0), points.max(axis=0)
        more = max(LEAST, MARGIN * float((high - low).max()))
        boxes[at] = (*(low - more), *(high - low + 2 * more))
    bare = marked & (areas <= 0)
    for lacking, what in ((flat, "box"), (bare & ~flat, "area")):
        if lacking.any():
            message = (
                f"{path}: {int(lacking.sum())} of the people in image {image_id} have joints but no {what}; what "
                "they span is taken instead."
            )
            problems.note("joint-box", message, path)
    return np.where(bare, boxes[:, 2] * boxes[:, 3], areas)


def _area(annotation: Json, box: NDArray[np.float64]) -> float:
    """Square pixels; the box's where none are told."""
    told = annotation.get("area")
    return float(box[2] * box[3] if told is None else told)


def _lengths(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (np.abs(values) <= FARTHEST).all():  # nor where it is NaN
        raise ValueError("no pixels")
    return values


def _visibility(stored: NDArray[np.float64]) -> NDArray[np.uint8]:
    if not np.isin(stored, (0, 1, 2)).all():
        raise ValueError("visibility is 0, 1 or 2")
    return stored.astype(np.uint8)

"""Panoptic quality (Kirillov 2019) of things and stuff, and what microscopists count, as ratios of sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.metrics.objects import ObjectCounts
from pixelwise.metrics.ratio import Ratio

OVERLAP = 0.5
"""Intersection over union beyond which two segments are one; at most one can be so near."""


@dataclass(frozen=True)
class SegmentCounts:
    """Of one image and class.

    Attributes:
        tp, fp, fn: segments found, false and missed.
        iou: sum of the intersections over union of those found.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    iou: float = 0.0


@dataclass(frozen=True)
class Matches:
    """Which objects of an image are found.

    Attributes:
        true, found: (K,) places of pairs that are one object.
        iou: (K,) of these.
        missed: (T',) places of true objects that none was found for.
        false: (P',) places of predicted objects that are none.
    """

    true: NDArray[np.int64]
    found: NDArray[np.int64]
    iou: NDArray[np.float64]
    missed: NDArray[np.int64]
    false: NDArray[np.int64]


def match_objects(counts: ObjectCounts) -> Matches:
    """Pairs of one class whose intersection over union is more than ``OVERLAP``, and the objects without one.

    What nobody labelled is no part of a union; a predicted object of which more than half lies there, or on a crowd of
    its class, is not false, and a crowd is not missed.
    """
    true, found, shared = counts.pairs.T
    alike = counts.true_class[true] == counts.found_class[found]
    union = counts.true_area[true] + counts.found_area[found] - shared - counts.unlabelled[found]
    iou = shared / np.maximum(union, 1)
    is_crowd = counts.is_crowd[true]
    kept = alike & ~is_crowd & (iou > OVERLAP)
    excused = counts.unlabelled.astype(np.float64)
    np.add.at(excused, found[alike & is_crowd], shared[alike & is_crowd])
    is_missed, is_false = ~counts.is_crowd, excused <= OVERLAP * counts.found_area
    is_missed[true[kept]] = False
    is_false[found[kept]] = False
    return Matches(true[kept], found[kept], iou[kept], np.flatnonzero(is_missed), np.flatnonzero(is_false))


def segment_counts(
    counts: ObjectCounts, overlap: NDArray[np.int64], unlabelled: NDArray[np.int64], labels: Labels
) -> dict[int, SegmentCounts]:
    """By scored class: of things its objects, of stuff all of it as one segment.

    Args:
        overlap: (C, C) pixels by true and predicted class.
        unlabelled: (C,) pixels by predicted class that nobody labelled.
    """
    matched, found = match_objects(counts), {}
    for class_id in labels.scored:
        if class_id in labels.things:
            of_class = counts.found_class[matched.found] == class_id
            found[class_id] = SegmentCounts(
                int(of_class.sum()),
                int((counts.found_class[matched.false] == class_id).sum()),
                int((counts.true_class[matched.missed] == class_id).sum()),
                float(matched.iou[of_class].sum()),
            )
        else:
            found[class_id] = _of_stuff(overlap, unlabelled, class_id)
    return found


def _of_stuff(overlap: NDArray[np.int64], unlabelled: NDArray[np.int64], class_id: int) -> SegmentCounts:
    shared, true, found = overlap[class_id, class_id], overlap[class_id].sum(), overlap[:, class_id].sum()
    iou = float(shared / max(true + found - shared, 1))
    if iou > OVERLAP:
        return SegmentCounts(tp=1, iou=iou)
    all_of_it = found + unlabelled[class_id]
    is_false = all_of_it > 0 and unlabelled[class_id] <= OVERLAP * all_of_it
    return SegmentCounts(fp=int(is_false), fn=int(true > 0))


def segment_ratios(images: Sequence[dict[int, SegmentCounts]], labels: Labels) -> dict[str, Ratio]:
    """Scores (N, K) by name, each class's from the sums over images, PQ = SQ × RQ in each class.

    Returns:
        ``pq``, ``sq`` and ``rq`` of all scored classes; where there is stuff besides, ``pq_things`` and ``pq_stuff``;
        ``f1_50`` and ``count_error``, which stuff has none of.
    """
    found = _qualities(images, labels.scored)
    if labels.stuff:
        found["pq_things"] = _qualities(images, labels.things)["pq"]
        found["pq_stuff"] = _qualities(images, labels.stuff)["pq"]
    tp, fp, fn, _ = _columns(images, labels.scored) * np.isin(labels.scored, labels.things)
    found["f1_50"] = Ratio.of(2 * tp, 2 * tp + fp + fn)
    found["count_error"] = Ratio.of(np.abs(fp - fn), tp + fn)
    return found


def _qualities(images: Sequence[dict[int, SegmentCounts]], classes: Sequence[int]) -> dict[str, Ratio]:
    tp, fp, fn, iou = _columns(images, classes)
    whole = tp + (fp + fn) / 2
    return {"pq": Ratio(iou, whole), "sq": Ratio(iou, tp), "rq": Ratio(tp, whole)}


def _columns(images: Sequence[dict[int, SegmentCounts]], classes: Sequence[int]) -> NDArray[np.float64]:
    """(4, N, K): true and false positives, false negatives, sums of intersections over union."""
    values = [
        [[one[c].tp for c in classes] for one in images],
        [[one[c].fp for c in classes] for one in images],
        [[one[c].fn for c in classes] for one in images],
        [[one[c].iou for c in classes] for one in images],
    ]
    return np.array(values, np.float64).reshape(4, len(images), len(classes))

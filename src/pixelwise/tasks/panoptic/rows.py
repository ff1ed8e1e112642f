"""Sufficient statistics of one image, and the scores that derive from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.metrics import (
    AveragePrecision,
    ObjectCounts,
    Ratio,
    count_objects,
    overlap_matrix,
    overlap_ratios,
    segment_counts,
    segment_ratios,
)
from pixelwise.metrics.average_precision import AREAS
from pixelwise.metrics.panoptic import match_objects
from pixelwise.tasks.panoptic.result import PanopticResult
from pixelwise.tasks.panoptic.scores import best_overlaps
from pixelwise.types import CROWD, IGNORE_INDEX, Json, Label


@dataclass(frozen=True)
class PanopticRow:
    """Counts of one image.

    Attributes:
        objects: the match record of its objects.
        overlap: (C, C) int64 pixels by true and predicted class.
        unlabelled: (C,) int64 pixels by predicted class that nobody labelled.
    """

    objects: ObjectCounts
    overlap: NDArray[np.int64]
    unlabelled: NDArray[np.int64]

    def to_json(self) -> Json:
        """Plain JSON values."""
        return {
            "overlap": self.overlap.tolist(),
            "unlabelled": self.unlabelled.tolist(),
            "objects": self.objects.to_json(),
        }


def count_row(result: PanopticResult, label: Label, labels: Labels) -> PanopticRow:
    """Count one image."""
    truth = label.class_map
    crowd = label.maps[CROWD] > 0 if CROWD in label.maps else None
    objects = count_objects(
        truth, label.instance_map, crowd, result.instance_map, result.classes, result.scores
    )
    return PanopticRow(
        objects,
        overlap_matrix(truth, result.label_map, labels.num_classes),
        np.bincount(result.label_map[truth == IGNORE_INDEX], minlength=labels.num_classes).astype(np.int64),
    )


def row_ratios(rows: Sequence[PanopticRow], labels: Labels) -> dict[str, Ratio]:
    """Scores of segments and objects, how far objects' own scores are off, and the mean IoU of classes."""
    segments = [segment_counts(row.objects, row.overlap, row.unlabelled, labels) for row in rows]
    iou = overlap_ratios(np.stack([row.overlap for row in rows]), labels.scored)["iou"]
    off = _score_errors([row.objects for row in rows], labels.things)
    return {**segment_ratios(segments, labels), "score_error": off, "mean_iou": iou}


def _score_errors(images: Sequence[ObjectCounts], classes: Sequence[int]) -> Ratio:
    """Differences of predicted objects' scores and the overlaps that they expect, (N, K) sums over the objects.

    Objects within crowds, and where nobody labelled, are left out: what they overlap is not known.
    """
    sums = np.zeros((2, len(images), len(classes)))
    for at, counts in enumerate(images):
        matched = match_objects(counts)
        judged = np.concatenate([matched.found, matched.false])
        off = np.abs(counts.score - best_overlaps(counts))[judged]
        for place, class_id in enumerate(classes):
            of_class = counts.found_class[judged] == class_id
            sums[:, at, place] = off[of_class].sum(), of_class.sum()
    return Ratio(*sums)


def precision_of(rows: Sequence[PanopticRow], classes: Sequence[int]) -> AveragePrecision:
    """Average precision of these classes by how often each image counts."""
    return AveragePrecision([row.objects for row in rows], classes)


def class_precision_of(rows: Sequence[PanopticRow], classes: Sequence[int]) -> AveragePrecision:
    """The same for each class by itself, of objects of any size."""
    return AveragePrecision([row.objects for row in rows], classes, {"": AREAS[""]})

"""Count once, derive every score from it: the overlap of truth and prediction by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import IGNORE_INDEX, LabelMap

Counts = NDArray[np.int64]
Scores = NDArray[np.float64]


def overlap_matrix(truth: LabelMap, predicted: LabelMap, num_classes: int) -> Counts:
    """Pixels by true and predicted class.

    Args:
        truth: (H, W) class ids; pixels of ``IGNORE_INDEX`` are not counted.
        predicted: (H, W) class ids below ``num_classes``.

    Returns:
        (num_classes, num_classes) int64; entry [t, p] counts pixels of class t that were called p.

    Raises:
        ValueError: shapes differ or ids are out of range.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth {truth.shape} and prediction {predicted.shape} differ in shape")
    labelled = truth != IGNORE_INDEX
    pairs = truth[labelled].astype(np.int64) * num_classes + predicted[labelled]
    if pairs.size and (truth[labelled].max() >= num_classes or predicted[labelled].max() >= num_classes):
        raise ValueError(f"class ids must be below {num_classes}")
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


@dataclass(frozen=True)
class ClassCounts:
    """True positives, false positives and false negatives: each (..., num_classes) int64 pixels."""

    tp: Counts
    fp: Counts
    fn: Counts

    @classmethod
    def of(cls, matrix: Counts) -> ClassCounts:
        """From overlap matrices (..., num_classes, num_classes)."""
        tp = np.diagonal(matrix, axis1=-2, axis2=-1)
        return cls(tp, matrix.sum(axis=-2) - tp, matrix.sum(axis=-1) - tp)

    def dice(self) -> Scores:
        """2·TP / (2·TP + FP + FN) (Dice 1945); NaN for a class absent from truth and prediction."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def iou(self) -> Scores:
        """TP / (TP + FP + FN), intersection over union (Jaccard 1901); NaN where the class is absent."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)


def _ratio(part: Counts, whole: Counts) -> Scores:
    ratio: Scores = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return ratio

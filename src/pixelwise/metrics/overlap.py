"""Count once, derive every score from it: the overlap of truth and prediction by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics.ratio import Ratio, Scores
from pixelwise.types import IGNORE_INDEX, LabelMap

Counts = NDArray[np.int64]


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
        return self.dice_ratio().by_class()

    def iou(self) -> Scores:
        """TP / (TP + FP + FN), intersection over union (Jaccard 1901); NaN where the class is absent."""
        return self.iou_ratio().by_class()

    def dice_ratio(self) -> Ratio:
        """Part and whole of :meth:`dice`."""
        return Ratio.of(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def iou_ratio(self) -> Ratio:
        """Part and whole of :meth:`iou`."""
        return Ratio.of(self.tp, self.tp + self.fp + self.fn)


def overlap_ratios(matrices: Counts, scored: Sequence[int]) -> dict[str, Ratio]:
    """The scores that follow from overlap, by metric name.

    Of a class they tell it from all others together. ``accuracy`` is of all labelled pixels, whatever their class.

    Args:
        matrices: (N, num_classes, num_classes) as of :func:`overlap_matrix`.
        scored: ids of the K classes that are scored.

    Returns:
        Ratios (N, K); (N, 1) for ``accuracy``.
    """
    counts, ids = ClassCounts.of(matrices), list(scored)
    chosen = ClassCounts(counts.tp[..., ids], counts.fp[..., ids], counts.fn[..., ids])
    tp, fp, fn = chosen.tp, chosen.fp, chosen.fn
    labelled = matrices.sum(axis=(-2, -1))[..., None]
    tn = labelled - tp - fp - fn
    return {
        "dice": chosen.dice_ratio(),
        "iou": chosen.iou_ratio(),
        "accuracy": Ratio.of(counts.tp.sum(axis=-1, keepdims=True), labelled),
        "sensitivity": Ratio.of(tp, tp + fn),
        "specificity": Ratio.of(tn, tn + fp),
        "precision": Ratio.of(tp, tp + fp),
        "area_error": Ratio.of(np.abs(fp - fn), tp + fn),
    }

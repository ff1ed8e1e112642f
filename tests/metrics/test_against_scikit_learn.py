"""Scores of overlap are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score
from tests.metrics.masks import Pair, at_random, degenerate

from pixelwise.metrics import overlap_matrix, overlap_ratios
from pixelwise.types import IGNORE_INDEX, LabelMap


def scores(truth: LabelMap, predicted: LabelMap, num_classes: int) -> dict[str, NDArray[np.float64]]:
    matrix = overlap_matrix(truth, predicted, num_classes)
    ratios = overlap_ratios(matrix[None], range(num_classes))
    return {metric: ratio.by_class()[0] for metric, ratio in ratios.items()}


def expected(truth: LabelMap, predicted: LabelMap, num_classes: int) -> dict[str, NDArray[np.float64]]:
    """The same by scikit-learn; it calls the IoU of nothing 0, of which we say that there is none."""
    t, p = (ids[truth != IGNORE_INDEX] for ids in (truth, predicted))
    each = {"labels": range(num_classes), "average": None, "zero_division": np.nan}
    of_class = [(t == one, p == one) for one in range(num_classes)]
    iou = [
        jaccard_score(one, other, zero_division=0) if (one | other).any() else np.nan
        for one, other in of_class
    ]
    specificity = [recall_score(~one, ~other, zero_division=np.nan) for one, other in of_class]
    areas = [(int(one.sum()), int(other.sum())) for one, other in of_class]
    return {
        "dice": f1_score(t, p, **each),
        "iou": np.array(iou),
        "accuracy": np.array([accuracy_score(t, p)]),
        "sensitivity": recall_score(t, p, **each),
        "specificity": np.array(specificity),
        "precision": precision_score(t, p, **each),
        "area_error": np.array([abs(m - n) / n if n else np.nan for n, m in areas]),
    }


def agree(truth: LabelMap, predicted: LabelMap, num_classes: int) -> None:
    ours, theirs = scores(truth, predicted, num_classes), expected(truth, predicted, num_classes)
    assert ours.keys() == theirs.keys()
    for metric, values in ours.items():
        np.testing.assert_allclose(values, theirs[metric], rtol=1e-12, err_msg=metric)


@pytest.mark.parametrize("pair", degenerate().values(), ids=degenerate().keys())
def test_degenerate_masks(pair: Pair) -> None:
    truth, predicted = (mask.astype(np.uint8) for mask in pair)
    agree(truth, predicted, 2)


def test_masks_at_random() -> None:
    for truth, predicted in at_random(30):
        agree(truth.astype(np.uint8), predicted.astype(np.uint8), 2)


def test_several_classes_of_which_some_are_absent_and_some_pixels_not_labelled() -> None:
    draw = np.random.default_rng(1)
    for _ in range(30):
        size = (int(draw.integers(2, 20)), int(draw.integers(2, 20)))
        truth, predicted = (draw.integers(0, draw.integers(1, 6), size, np.uint8) for _ in range(2))
        truth[draw.random(size) < 0.2] = IGNORE_INDEX
        if (truth != IGNORE_INDEX).any():
            agree(truth, predicted, 5)

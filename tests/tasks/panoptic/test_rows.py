"""What the rows of images say of objects' own scores."""

from __future__ import annotations

import numpy as np
import pytest

from pixelwise.labels import Labels
from pixelwise.tasks.panoptic.result import PanopticResult
from pixelwise.tasks.panoptic.rows import count_row, row_ratios
from pixelwise.types import CLASSES, IGNORE_INDEX, INSTANCES, Label

CELLS = Labels(classes=("background", "cell"), things=(1,))


def test_score_error_worked_by_hand() -> None:
    true = np.array([[1, 1, 0, 0, 2, 2, 2, 0, 0]], np.int32)
    found = np.array([[1, 1, 1, 0, 0, 0, 0, 2, 3]], np.int32)
    classes = (true > 0).astype(np.uint8)
    classes[0, 8] = IGNORE_INDEX  # whether the third is a cell, nobody said
    scores = np.array([0.9, 0.3, 0.8])
    result = PanopticResult(
        (found > 0).astype(np.uint8), found, np.ones(3, np.int64), scores, np.zeros((3, 3))
    )
    row = count_row(result, Label({CLASSES: classes, INSTANCES: true}), CELLS)
    off = row_ratios([row], CELLS)["score_error"]
    # An IoU of 2/3 where 0.9 was expected, and none where 0.3 was.
    assert off.part == pytest.approx(np.array([[0.9 - 2 / 3 + 0.3]]))
    assert off.whole.tolist() == [[2]]


def test_no_predicted_objects_have_no_score_error() -> None:
    nothing = np.zeros((2, 2), np.int32)
    result = PanopticResult(
        nothing.astype(np.uint8), nothing, np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 3))
    )
    label = Label({CLASSES: np.eye(2, dtype=np.uint8), INSTANCES: np.eye(2, dtype=np.int32)})
    assert np.isnan(row_ratios([count_row(result, label, CELLS)], CELLS)["score_error"].pooled())

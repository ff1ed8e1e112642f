"""Overlap counts and the scores derived from them: by hand and by sets of pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelwise.metrics import ClassCounts, overlap_matrix
from pixelwise.types import IGNORE_INDEX

Ids = NDArray[np.uint8]


def ids(*rows: list[int]) -> Ids:
    return np.array(rows, np.uint8)


def test_by_hand() -> None:
    truth = ids([0, 0, 1], [1, 1, 2])
    predicted = ids([0, 1, 1], [1, 0, 1])
    matrix = overlap_matrix(truth, predicted, 4)
    # Class 0: 1 hit, 1 called 1. Class 1: 2 hits, 1 called 0. Class 2: called 1. Class 3: nowhere.
    assert matrix.tolist() == [[1, 1, 0, 0], [1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert matrix.dtype == np.int64
    counts = ClassCounts.of(matrix)
    assert (counts.tp.tolist(), counts.fp.tolist(), counts.fn.tolist()) == (
        [1, 2, 0, 0],
        [1, 2, 0, 0],  # class 1 gained a pixel of class 0 and one of class 2
        [1, 1, 1, 0],
    )
    # Dice: 2·1 / (2·1 + 1 + 1), 2·2 / (2·2 + 2 + 1), 0 / 1, undefined.
    np.testing.assert_allclose(counts.dice(), [1 / 2, 4 / 7, 0, np.nan])
    # IoU: 1 / 3, 2 / 5, 0 / 1, undefined.
    np.testing.assert_allclose(counts.iou(), [1 / 3, 2 / 5, 0, np.nan])


@pytest.mark.parametrize(
    ("truth", "predicted", "dice", "iou"),
    [
        (
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [1, np.nan],
            [1, np.nan],
        ),  # an empty mask found empty: no score for class 1
        ([0, 0, 0, 0], [0, 0, 0, 1], [6 / 7, 0], [3 / 4, 0]),  # a false alarm
        ([1, 0, 0, 0], [0, 0, 0, 0], [6 / 7, 0], [3 / 4, 0]),  # a miss
        ([1, 1, 0, 0], [0, 0, 1, 1], [0, 0], [0, 0]),
        ([1, 1, 1, 1], [1, 1, 1, 1], [np.nan, 1], [np.nan, 1]),
        ([255, 255, 0, 1], [1, 0, 0, 1], [1, 1], [1, 1]),  # what nobody labelled cannot be wrong
        ([255, 255, 255, 255], [0, 1, 0, 1], [np.nan, np.nan], [np.nan, np.nan]),
    ],
)
def test_degenerate_masks(
    truth: list[int], predicted: list[int], dice: list[float], iou: list[float]
) -> None:
    counts = ClassCounts.of(overlap_matrix(ids(truth), ids(predicted), 2))
    np.testing.assert_allclose(counts.dice(), dice)
    np.testing.assert_allclose(counts.iou(), iou)


def test_predictions_where_nobody_labelled_are_not_looked_at() -> None:
    assert overlap_matrix(ids([IGNORE_INDEX, 0]), ids([IGNORE_INDEX, 0]), 2).tolist() == [[1, 0], [0, 0]]


def test_no_pixels() -> None:
    empty = np.empty((0, 5), np.uint8)
    assert overlap_matrix(empty, empty, 3).tolist() == [[0] * 3] * 3


def test_all_ids_a_byte_can_hold() -> None:
    truth = np.arange(255, dtype=np.uint8)[None]
    np.testing.assert_array_equal(overlap_matrix(truth, truth[:, ::-1], 255), np.eye(255)[::-1])


@pytest.mark.parametrize(
    ("truth", "predicted", "said"),
    [
        ([0, 2], [0, 1], "class ids must be below 2"),
        ([0, 1], [0, 2], "class ids must be below 2"),
        ([0, 1], [0, 255], "class ids must be below 2"),
        ([0, 1], [0, 1, 1], "differ in shape"),
    ],
)
def test_impossible_ids_and_shapes_are_refused(truth: list[int], predicted: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        overlap_matrix(ids(truth), ids(predicted), 2)


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 9), st.integers(1, 9)),
    num_classes=st.integers(1, 5),
    ignored=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 9999),
)
def test_scores_equal_those_of_pixel_sets(
    shape: tuple[int, int], num_classes: int, ignored: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, draw.integers(1, num_classes + 1), shape, dtype=np.uint8)
    predicted = draw.integers(0, draw.integers(1, num_classes + 1), shape, dtype=np.uint8)
    truth[draw.random(shape) < ignored] = IGNORE_INDEX
    matrix = overlap_matrix(truth, predicted, num_classes)
    counts = ClassCounts.of(matrix)
    labelled = [p for p in np.ndindex(shape) if truth[p] != IGNORE_INDEX]
    for i in range(num_classes):
        is_true, is_called = (
            {p for p in labelled if truth[p] == i},
            {p for p in labelled if predicted[p] == i},
        )
        for j in range(num_classes):
            assert matrix[i, j] == len(is_true & {p for p in labelled if predicted[p] == j})
        union, total = len(is_true | is_called), len(is_true) + len(is_called)
        iou = len(is_true & is_called) / union if union else np.nan
        dice = 2 * len(is_true & is_called) / total if total else np.nan
        np.testing.assert_equal(counts.iou()[i], iou)
        np.testing.assert_equal(counts.dice()[i], dice)


def test_matrices_of_many_images_at_once() -> None:
    draw = np.random.default_rng(0)
    matrices = draw.integers(0, 9, (4, 6, 3, 3))
    together = ClassCounts.of(matrices)
    assert together.dice().shape == (4, 6, 3)
    np.testing.assert_array_equal(together.iou()[2, 5], ClassCounts.of(matrices[2, 5]).iou())
    pooled = ClassCounts.of(matrices.sum(axis=(0, 1)))
    np.testing.assert_array_equal(pooled.tp, together.tp.sum(axis=(0, 1)))
    np.testing.assert_array_equal(pooled.fp, together.fp.sum(axis=(0, 1)))
    np.testing.assert_array_equal(pooled.fn, together.fn.sum(axis=(0, 1)))

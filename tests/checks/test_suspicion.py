"""How suspicious a label is: numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.checks.suspicion import FEWEST, Disagreement, disagreement, suspicious
from pixelwise.types import IGNORE_INDEX


def binary(label: list[int], probability: list[float]) -> Disagreement:
    p = np.array([probability], np.float32)
    return disagreement(np.array([label], np.uint8), (p >= 0.5).astype(np.uint8), np.stack([1 - p, p]), [1])


def test_errors_beyond_those_that_the_model_expected() -> None:
    # Two of four pixels are wrong: 1 − 2 / (2 + 2); expected are 0.1 + 0.1 + 0.2 + 0.2 = 0.6 errors: 1 − 0.6 / 4.
    found = binary([1, 0, 1, 0], [0.9, 0.9, 0.2, 0.2])
    assert found.dice == pytest.approx(0.5)
    assert found.expected == pytest.approx(0.85)
    assert found.excess == pytest.approx(0.35)


def test_what_the_model_doubts_itself_blames_no_label() -> None:
    sure = binary([1, 0, 1, 0], [0.99, 0.99, 0.01, 0.01])
    unsure = binary([1, 0, 1, 0], [0.55, 0.55, 0.45, 0.45])
    assert sure.dice == unsure.dice
    assert sure.excess > 0.45
    assert unsure.excess < 0.06


def test_an_empty_label_where_the_model_is_sure_of_something_and_the_other_way_round() -> None:
    for label, probability in (([0, 0, 0, 0], [0.99] * 4), ([1, 1, 1, 1], [0.01] * 4)):
        found = binary(label, probability)
        assert found.dice == 0
        assert found.excess == pytest.approx(0.99)


def test_agreement_is_not_suspicious() -> None:
    assert binary([1, 1, 0, 0], [0.9, 0.9, 0.1, 0.1]).excess < 0
    assert binary([0, 0], [0.1, 0.1]) == Disagreement(1.0, 1.0)


def test_pixels_that_nobody_labelled_do_not_count() -> None:
    found = binary([1, 0, IGNORE_INDEX, IGNORE_INDEX], [0.9, 0.1, 0.9, 0.1])
    assert found == binary([1, 0], [0.9, 0.1])


def test_several_classes_are_counted_together() -> None:
    probs: NDArray[np.float32] = np.array([[0.8, 0.1, 0.1, 0.1], [0.1, 0.8, 0.8, 0.1], [0.1, 0.1, 0.1, 0.8]])[
        :, None
    ].astype(np.float32)
    label, predicted = np.array([[0, 1, 2, 2]], np.uint8), probs.argmax(axis=0).astype(np.uint8)
    found = disagreement(label, predicted, probs, [0, 1, 2])
    # One pixel is wrong in two classes: 1 − 2 / 8. Each pixel's doubt is 0.2 of its class and 0.1 of two others.
    assert found.dice == pytest.approx(0.75)
    assert found.expected == pytest.approx(1 - 4 * 0.4 / 8)


def test_what_stands_out_comes_first_and_alone() -> None:
    usual = [0.01 * (index % 5) for index in range(30)]
    assert suspicious([*usual, 0.3, 0.05, 0.7]) == [32, 30]
    assert suspicious(usual) == []
    assert suspicious([]) == []


def test_a_model_that_is_sure_of_too_much_blames_no_more_labels() -> None:
    assert suspicious([0.2 + 0.02 * (index % 5) for index in range(30)]) == []


def test_of_few_images_nobody_knows_what_is_usual() -> None:
    assert suspicious([0.5]) == []
    assert suspicious([0.0] * (FEWEST - 2) + [0.5]) == []
    assert suspicious([0.0] * (FEWEST - 1) + [0.5]) == [FEWEST - 1]


def test_where_all_are_the_same_none_stands_out() -> None:
    assert suspicious([0.5] * 12) == []
    assert suspicious([0.5] * 12 + [0.6]) == [12]

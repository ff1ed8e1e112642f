"""Figures of confidence over images, with their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.confidence import BINS, calibration_error
from pixelwise.evaluation.confidence import band_error, review_order, selection, share_of
from pixelwise.evaluation.intervals import resamples

Values = NDArray[np.float64]
MIDDLES = (np.arange(BINS) + 0.5) / BINS


def drawn(generator: np.random.Generator, images: int, off: float) -> Values:
    """Sums (N, 3, BINS) of images that differ among themselves, and say ``off`` more than is so on average."""
    count = generator.integers(100, 300, (images, BINS)).astype(float)
    moved = MIDDLES - off + generator.normal(0, 0.1, (images, 1))
    return np.stack([count, count * MIDDLES, count * np.clip(moved, 0, 1)], axis=1)


def test_the_interval_of_the_calibration_error_holds_the_truth() -> None:
    held, seen = 0, 200
    draws = resamples(40)
    for seed in range(seen):
        generator = np.random.default_rng(seed)
        if seed == 0:
            truth = float(calibration_error(drawn(np.random.default_rng(999), 100_000, 0.08).sum(axis=0)))
        found = band_error(drawn(generator, 40, 0.08), draws)
        held += found.ci95[0] <= truth <= found.ci95[1]
    assert 0.9 <= held / seen <= 0.99


def test_one_image_has_no_interval() -> None:
    bins = drawn(np.random.default_rng(0), 1, 0.1)
    found = band_error(bins, resamples(1))
    assert found.value == pytest.approx(float(calibration_error(bins[0])))
    assert math.isnan(found.ci95[0])


def test_what_a_human_should_look_at_first() -> None:
    nan = math.nan
    predicted = np.array([0.9, 0.7, nan, 0.95, 0.99])
    unlikeness = np.array([0.5, 0.5, 0.5, 1.1, 3.0])
    assert review_order(predicted, unlikeness, np.zeros(5)).tolist() == [3, 4, 2, 1, 0]
    silent = np.full(3, nan)
    assert review_order(silent, silent, np.array([0.1, 0.3, 0.2])).tolist() == [1, 2, 0]
    people = np.array([0.9, nan, 0.4, 0.6, nan])
    none = np.full(5, nan)
    assert review_order(none, unlikeness, none, people).tolist() == [4, 3, 1, 2, 0]
    # Where all is known that comes before, the score of what was found decides nothing.
    assert review_order(predicted, unlikeness, np.zeros(5), people).tolist() == [3, 4, 2, 1, 0]


def test_what_nothing_is_told_of_comes_before_what_nothing_was_found_in() -> None:
    """Neither has a predicted score; of the first nobody knows whether it is unlike the training images, either."""
    nan = math.nan
    predicted, unlikeness = np.array([0.9, nan, nan, 0.7, 0.99]), np.array([0.5, 0.5, nan, 0.5, 1.1])
    uncertainty = np.array([0.1, 0.1, nan, 0.1, 0.1])
    untold = np.array([False, False, True, False, False])
    assert review_order(predicted, unlikeness, uncertainty, untold=untold).tolist() == [4, 2, 1, 3, 0]
    # Where a model predicts no score, all else goes by uncertainty, which that image lacks, too.
    silent = np.full(5, nan)
    assert review_order(silent, silent, uncertainty, untold=untold).tolist()[0] == 2


def test_dropping_the_worst_fifth_by_hand() -> None:
    scores = np.array([0.9, 0.5, 0.9, 0.9, 0.9, math.nan, 0.9, 0.9, 0.9, 0.9, 0.4])
    found = selection(scores, np.argsort(scores))
    assert found is not None
    assert found.n_kept == 8
    assert found.kept.value == pytest.approx(0.9)
    assert found.gain.value == pytest.approx(0.9 - (0.9 * 8 + 0.9) / 10)
    assert found.gain.ci95[0] <= found.gain.value <= found.gain.ci95[1]
    assert selection(scores[:4], np.arange(4)) is None


def test_an_order_that_knows_nothing_gains_nothing() -> None:
    generator = np.random.default_rng(0)
    scores = generator.random(400)
    found = selection(scores, generator.permutation(400))
    assert found is not None
    assert found.gain.ci95[0] < 0 < found.gain.ci95[1]


def test_a_share_with_wilson_s_interval() -> None:
    found = share_of(0, 40)
    assert found.value == found.ci95[0] == 0
    assert found.ci95[1] == pytest.approx(0.0876, abs=1e-3)

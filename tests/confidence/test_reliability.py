"""Calibration error and Brier score, by hand and by scikit-learn; the band around the contour."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from pixelwise.confidence import BINS, calibration_error, contour_band, reliability_of
from pixelwise.types import IGNORE_INDEX


def test_by_hand() -> None:
    # Two pixels of 0.9, one of which is lesion: off by 0.4. Two of 0.1, none: off by 0.1. 255 is not counted.
    second = np.array([[0.9, 0.9, 0.1, 0.1, 0.7]], np.float32)
    truth = np.array([[1, 0, 0, 0, IGNORE_INDEX]], np.uint8)
    found = reliability_of(np.stack([1 - second, second]), truth)
    assert found.bins[0].sum() == 4
    assert calibration_error(found.bins) == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)
    assert found.brier[0] / found.brier[1] == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)


def test_several_classes_by_hand() -> None:
    probs = np.array([[[0.7, 0.2]], [[0.2, 0.5]], [[0.1, 0.3]]], np.float32)
    found = reliability_of(probs, np.array([[0, 2]], np.uint8))
    # The highest are 0.7, right, and 0.5, wrong.
    assert calibration_error(found.bins) == pytest.approx((0.3 + 0.5) / 2)
    wanted = (0.09 + 0.04 + 0.01) + (0.04 + 0.25 + 0.49)
    assert found.brier[0] == pytest.approx(wanted)


def test_against_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    second = generator.beta(0.4, 0.4, (90, 80)).astype(np.float32)
    truth = (generator.random((90, 80)) < second**2).astype(np.uint8)
    found = reliability_of(np.stack([1 - second, second]), truth)
    shares, stated = calibration_curve(truth.ravel(), second.ravel(), n_bins=BINS)
    used = found.bins[0] > 0
    np.testing.assert_allclose(found.bins[2, used] / found.bins[0, used], shares, rtol=1e-6)
    np.testing.assert_allclose(found.bins[1, used] / found.bins[0, used], stated, rtol=1e-6)
    wanted = np.average(np.abs(shares - stated), weights=found.bins[0, used])
    assert calibration_error(found.bins) == pytest.approx(wanted, rel=1e-6)
    brier = brier_score_loss(truth.ravel(), second.ravel().astype(float))
    assert found.brier[0] / found.brier[1] == pytest.approx(brier, rel=1e-6)


def test_images_add_up() -> None:
    generator = np.random.default_rng(1)
    second = generator.random((8, 10)).astype(np.float32)
    probs, truth = np.stack([1 - second, second]), generator.integers(0, 2, (8, 10), dtype=np.uint8)
    whole, parts = (
        reliability_of(probs, truth),
        [reliability_of(probs[:, rows], truth[rows]) for rows in (np.s_[:3], np.s_[3:])],
    )
    np.testing.assert_allclose(parts[0].bins + parts[1].bins, whole.bins)
    np.testing.assert_allclose(parts[0].brier + parts[1].brier, whole.brier)


def test_nothing_labelled_has_no_error() -> None:
    nothing = np.full((3, 3), IGNORE_INDEX, np.uint8)
    found = reliability_of(np.full((2, 3, 3), 0.5, np.float32), nothing)
    assert math.isnan(float(calibration_error(found.bins)))
    assert not contour_band(nothing).any()
    assert not contour_band(np.ones((5, 5), np.uint8)).any()


def test_the_band_by_measuring_every_distance() -> None:
    generator = np.random.default_rng(2)
    truth = np.zeros((40, 50), np.uint8)
    truth[12:25, 30:44] = 1
    truth[20:30, 35:38] = 2
    truth[generator.random(truth.shape) < 0.02] = IGNORE_INDEX
    at_contour = [
        (y, x)
        for y in range(40)
        for x in range(50)
        if truth[y, x] != IGNORE_INDEX
        and any(
            0 <= y + v < 40 and 0 <= x + u < 50 and truth[y + v, x + u] not in {truth[y, x], IGNORE_INDEX}
            for v, u in ((0, 1), (0, -1), (1, 0), (-1, 0))
        )
    ]
    places = np.array([(y, x) for y in range(40) for x in range(50)])
    distance = cdist(places, np.array(at_contour)).min(axis=1).reshape(40, 50)
    assert np.array_equal(contour_band(truth, 6), (distance < 6) & (truth != IGNORE_INDEX))

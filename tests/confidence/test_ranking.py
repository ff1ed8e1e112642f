"""Rank correlation and AUROC with their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from pixelwise.confidence import auroc, rank_correlation


def test_values_are_those_of_scipy_and_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    one = generator.integers(0, 12, 60).astype(float)  # with ties
    other = one + generator.normal(0, 4, 60)
    assert rank_correlation(one, other).value == pytest.approx(spearmanr(one, other)[0])
    positive = other > 8
    assert auroc(one, positive).value == pytest.approx(roc_auc_score(positive, one))


def test_what_cannot_be_told_is_not_told() -> None:
    constant, rising = np.ones(9), np.arange(9.0)
    assert math.isnan(rank_correlation(constant, rising).value)
    assert math.isnan(rank_correlation(rising[:4], rising[:4]).value)
    assert math.isnan(auroc(rising, rising > 99).value)


@pytest.mark.parametrize("upside_down", [False, True])
def test_a_perfect_order_of_few_is_not_certain(upside_down: bool) -> None:
    scores = np.arange(20.0) * (-1 if upside_down else 1)
    found = auroc(scores, np.arange(20) >= 17)
    low, high = found.ci95
    assert found.value == float(not upside_down)
    assert (high < 0.75 and low == 0) if upside_down else (low > 0.25 and low < 0.75 and high == 1)


def _held(correlation: float, seed: int) -> tuple[bool, bool]:
    """Whether the intervals of one draw of 60 images hold the truth."""
    generator = np.random.default_rng(seed)
    one = generator.normal(size=60)
    other = correlation * one + math.sqrt(1 - correlation**2) * generator.normal(size=60)
    low, high = rank_correlation(one, other).ci95
    rank = 6 / math.pi * math.asin(correlation / 2)  # of normal numbers (Pearson 1907)
    positive = np.arange(60) < 12
    apart = generator.normal(size=60) + 1.2 * positive
    below, above = auroc(apart, positive).ci95
    area = 0.5 * (1 + math.erf(1.2 / 2))
    return low <= rank <= high, below <= area <= above


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    held = np.mean([_held(0.6, seed) for seed in range(600)], axis=0)
    assert 0.92 <= held[0] <= 0.98
    assert 0.92 <= held[1] <= 0.985

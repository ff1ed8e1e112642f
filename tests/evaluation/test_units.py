"""Images of one patient are resampled together: intervals cover then, and would not otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from pixelwise.evaluation.comparison import difference, mean_interval
from pixelwise.evaluation.intervals import effective_size, interval, quantile_interval, resamples
from pixelwise.evaluation.units import Units, by_unit, count_of, ratio_by_unit, renumbered, units_of
from pixelwise.metrics import Ratio

Values = NDArray[np.float64]
LIKENESS = 0.5
"""Intraclass correlation of the patients that are drawn."""


def patients(draw: np.random.Generator, count: int) -> tuple[Values, Units]:
    """Scores of images of ``count`` patients, 1 to 6 of each: images of one are alike, and few of all are bad."""
    units = np.repeat(np.arange(count), draw.integers(1, 7, count))
    normal = math.sqrt(LIKENESS) * draw.normal(size=count)[units]
    normal += math.sqrt(1 - LIKENESS) * draw.normal(size=len(units))
    return 1 - np.minimum(np.exp(math.log(0.05) + 0.6 * normal), 1), units


def of_images(values: Values, units: Units) -> tuple[float, float]:
    ratio = ratio_by_unit(Ratio.of(values[:, None], np.ones((len(values), 1))), units)
    return interval(ratio, resamples(count_of(units)))


def share_held(found: list[tuple[float, float]], true: float) -> float:
    return float(np.mean([low <= true <= high for low, high in found]))


def test_units_by_hand() -> None:
    tags = [{"patient": "b"}, {"patient": "a"}, {}, {"patient": "b"}, {"patient": ""}, {"eye": "a"}]
    assert units_of(tags, "patient").tolist() == [0, 1, 2, 0, 3, 4]
    assert units_of(tags, None).tolist() == [0, 1, 2, 3, 4, 5]
    assert count_of(units_of([], None)) == 0
    assert renumbered(np.array([4, 1, 4, 7])).tolist() == [1, 0, 1, 2]
    sums = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert by_unit(sums, np.array([1, 0, 1])).tolist() == [[3.0, 4.0], [6.0, 8.0]]


def test_intervals_of_a_mean_cover_it_where_patients_have_several_images() -> None:
    scores, _ = patients(np.random.default_rng(1), 300_000)
    draw = np.random.default_rng(2)
    drawn = [patients(draw, 20) for _ in range(500)]
    assert 0.92 <= share_held([of_images(*one) for one in drawn], scores.mean()) <= 0.97
    alone = [of_images(values, np.arange(len(values))) for values, _ in drawn]
    assert share_held(alone, scores.mean()) < 0.88


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_intervals_of_quantiles_cover_them_where_patients_have_several_images(share: float) -> None:
    true = 1 - math.exp(math.log(0.05) + 0.6 * norm.ppf(1 - share))
    draw = np.random.default_rng(3)
    drawn = [patients(draw, 40) for _ in range(500)]
    held = share_held([quantile_interval(values, share, units=units) for values, units in drawn], true)
    assert held >= 0.92
    alone = share_held([quantile_interval(values, share) for values, _ in drawn], true)
    assert alone < held - 0.03


def test_claims_of_a_difference_are_as_seldom_false_as_they_should_be() -> None:
    """Two models that are as good, each better on some patients than on others."""
    draw = np.random.default_rng(4)
    false = alone = 0
    for _ in range(200):
        values, units = patients(draw, 25)
        other = values + 0.02 * draw.normal(size=count_of(units))[units] + 0.01 * draw.normal(size=len(units))
        false += difference(values[None], other[None], over_runs=False, units=units).p_value < 0.05
        alone += difference(values[None], other[None], over_runs=False).p_value < 0.05
    assert false / 200 <= 0.08
    assert alone / 200 >= 0.15


def test_a_comparison_by_units_is_that_of_their_means_where_all_are_as_large() -> None:
    """Then nothing but the patients' means is drawn; effect and wins stay those of images."""
    draw = np.random.default_rng(5)
    one, other = draw.normal(0.8, 0.05, (1, 36)), draw.normal(0.79, 0.05, (1, 36))
    units = np.repeat(np.arange(12), 3)
    means = [scores.reshape(1, 12, 3).mean(axis=2) for scores in (one, other)]
    by_images = difference(one, other, over_runs=False, units=units)
    by_means = difference(*means, over_runs=False)
    assert by_images.mean == pytest.approx(by_means.mean)
    assert by_images.mean_ci95 == pytest.approx(by_means.mean_ci95)
    assert by_images.p_value == by_means.p_value
    assert by_images.effect == pytest.approx(difference(one, other, over_runs=False).effect)
    assert mean_interval(one, over_runs=False, units=units) == pytest.approx(
        mean_interval(means[0], over_runs=False)
    )


def test_a_resample_of_units_is_one_of_lists_of_their_images() -> None:
    """Images won, and their spread, over patients of different sizes, drawn one after another."""
    draw = np.random.default_rng(6)
    values, units = patients(draw, 30)
    other = values + draw.normal(0.005, 0.02, 30)[units]  # a patient is won as a whole: wider than Wilson's
    members = [np.flatnonzero(units == unit) for unit in range(30)]
    won = []
    for _ in range(4000):
        images = np.concatenate([members[at] for at in draw.integers(0, 30, 30)])
        won.append((values[images] > other[images]).mean())
    found = difference(values[None], other[None], over_runs=False, units=units)
    low, high = np.percentile(won, [2.5, 97.5])
    assert found.wins_ci95 == pytest.approx((low, high), abs=0.02)


def test_images_of_their_own_are_worth_their_number_and_copies_that_of_patients() -> None:
    draw = np.random.default_rng(7)
    values = draw.random(30)
    assert effective_size(values, np.arange(30)) == 30
    copies, units = np.tile(values, 4), np.tile(np.arange(30), 4)
    assert effective_size(copies, units) == pytest.approx(30, rel=0.15)
    unlike = effective_size(draw.random(400), np.repeat(np.arange(100), 4))
    assert 300 < unlike <= 400
    assert math.isnan(effective_size(values, np.zeros(30, int)))


def test_one_patient_tells_nothing_of_others() -> None:
    values, units = np.array([0.5, 0.6, 0.9]), np.zeros(3, int)
    assert all(map(math.isnan, of_images(values, units)))
    assert all(map(math.isnan, quantile_interval(values, 0.5, units=units)))
    assert all(map(math.isnan, mean_interval(values[None], over_runs=False, units=units)))
    with pytest.raises(ValueError, match="same two images"):
        difference(values[None], values[None], over_runs=False, units=units)

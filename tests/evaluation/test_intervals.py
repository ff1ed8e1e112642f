"""Intervals: what they cover, and that they are what they are said to be."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.evaluation.intervals import interval, quantile_interval, resamples, share_intervals
from pixelwise.metrics import Ratio

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]


def mean_interval(values: Values, highest: float = 1.0, draws: Values | None = None) -> tuple[float, float]:
    images = Ratio.of(values[:, None], np.ones((len(values), 1)))
    return interval(images.of_images(), resamples(len(values)) if draws is None else draws, highest)


def lesions(draw: np.random.Generator, count: int) -> Values:
    """Dice of lesions: mean 0.94, standard deviation 0.05, a tail down to 0.6."""
    return 1 - np.minimum(np.exp(draw.normal(np.log(0.047), 0.7, count)), 1)


def hard_ones(draw: np.random.Generator, count: int) -> Values:
    """Dice of a poor model: mean 0.75, standard deviation 0.15."""
    return draw.beta(5.5, 1.8, count)


def perfect_ones(draw: np.random.Generator, count: int) -> Values:
    """Most images are perfect, as in sensitivity: the rest are as they come."""
    return np.where(draw.random(count) < 0.7, 1.0, 1 - np.minimum(draw.exponential(0.1, count), 1))


@pytest.mark.parametrize("count", [30, 100])
@pytest.mark.parametrize("draw_scores", [lesions, hard_ones, perfect_ones])
def test_intervals_of_a_mean_cover_it_95_times_in_100(draw_scores: Draw, count: int) -> None:
    true = draw_scores(np.random.default_rng(1), 2_000_000).mean()
    draw, repeats, draws = np.random.default_rng(2), 1000, resamples(count)
    found = [mean_interval(draw_scores(draw, count), draws=draws) for _ in range(repeats)]
    covered = sum(low <= true <= high for low, high in found) / repeats
    assert 0.92 <= covered <= 0.97


def test_the_percentile_bootstrap_would_be_too_narrow() -> None:
    true = lesions(np.random.default_rng(1), 2_000_000).mean()
    draw, repeats, draws = np.random.default_rng(2), 1000, resamples(30)
    ends = [np.percentile(draws @ lesions(draw, 30) / 30, [2.5, 97.5]) for _ in range(repeats)]
    assert sum(low <= true <= high for low, high in ends) / repeats < 0.92


def test_intervals_of_pooled_scores_cover_them_95_times_in_100() -> None:
    """Pooled Dice of lesions of very different sizes, of which larger ones are found better."""

    def counts(draw: np.random.Generator, count: int) -> Ratio:
        area = np.exp(draw.normal(11, 0.8, count))
        wrong = area**0.8 * np.exp(draw.normal(0, 0.5, count))
        return Ratio.of(2 * area[:, None], (2 * area + wrong)[:, None])

    true = counts(np.random.default_rng(1), 2_000_000).pooled()
    draw, repeats, draws = np.random.default_rng(2), 1000, resamples(40)
    found = [interval(counts(draw, 40), draws) for _ in range(repeats)]
    covered = sum(low <= true <= high for low, high in found) / repeats
    assert 0.92 <= covered <= 0.97


def test_interval_of_a_mean_is_near_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(0.7, 0.1, size=400)
    low, high = mean_interval(values)
    half = 1.96 * values.std(ddof=1) / np.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_resamples_draw_as_many_images_as_there_are_each_as_often() -> None:
    draws = resamples(37)
    np.testing.assert_array_equal(draws, resamples(37))
    assert (draws.sum(axis=1) == 37).all()
    assert draws.mean(axis=0) == pytest.approx(np.ones(37), abs=0.15)


def test_it_is_bootstrap_t_of_a_mean_over_classes_done_one_by_one() -> None:
    """One resample after another, by lists of images, with the error of the ratios worked out for each image."""
    draw = np.random.default_rng(3)
    whole = draw.uniform(0, 9, (14, 3)) * (draw.random((14, 3)) < 0.7)
    part, draws = whole * draw.random((14, 3)), resamples(14)

    def estimate(images: list[int]) -> tuple[float, float]:
        ratios = [part[images, k].sum() / whole[images, k].sum() for k in range(3)]
        influence = [
            np.mean([(part[i, k] - ratios[k] * whole[i, k]) / whole[images, k].sum() for k in range(3)])
            for i in images
        ]
        return float(np.mean(ratios)), math.sqrt(sum(one**2 for one in influence))

    score, error = estimate(list(range(14)))
    off = []
    for row in draws:
        images = [i for i, times in enumerate(row) for _ in range(int(times))]
        drawn, its_error = estimate(images)
        off.append((drawn - score) / math.sqrt(its_error**2 * 13 / 14 + error**2 / 14))
    low, high = np.percentile(off, [2.5, 97.5])
    assert interval(Ratio(part, whole), draws) == pytest.approx((score - high * error, score - low * error))


@pytest.mark.parametrize("count", [12, 30, 72, 200])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("draw_scores", [lesions, hard_ones])
def test_intervals_of_quantiles_cover_them_95_times_in_100(
    draw_scores: Draw, share: float, count: int
) -> None:
    true = float(np.quantile(draw_scores(np.random.default_rng(1), 500_000), share))
    draw, repeats = np.random.default_rng(2), 1000
    found = np.array([quantile_interval(draw_scores(draw, count), share) for _ in range(repeats)])
    covered = ((found[:, 0] <= true) & (true <= found[:, 1])).mean()
    open_ended = share != 0.5 and count < 72  # of which the truth can be missed on one side alone
    assert 0.92 <= covered <= (0.99 if open_ended else 0.97)


def test_the_percentile_bootstrap_of_a_twentieth_would_be_far_too_narrow() -> None:
    true = np.quantile(lesions(np.random.default_rng(1), 500_000), 0.05)
    draw, repeats, covered = np.random.default_rng(2), 300, 0
    for _ in range(repeats):
        again = lesions(draw, 30)[draw.integers(0, 30, (400, 30))]
        low, high = np.percentile(np.percentile(again, 5, axis=1), [2.5, 97.5])
        covered += low <= true <= high
    assert covered / repeats < 0.85


def test_the_interval_of_a_median_lies_between_scores_as_the_binomial_has_it() -> None:
    """Of 12 the third lies above it in 79 of 4096 cases, the fourth in 299: 2.5% are 102.4 of them."""
    low, high = quantile_interval(np.arange(12) / 12, 0.5)
    within = (102.4 - 79) / (299 - 79)
    weight = 9 * within / (9 * within + 3 * (1 - within))
    assert low == pytest.approx((2 + weight) / 12)
    assert high == pytest.approx((9 - weight) / 12)


def test_the_worst_twentieth_is_open_where_no_image_may_be_of_it() -> None:
    values = np.linspace(0.5, 1, 71)
    assert quantile_interval(values, 0.05)[0] == 0
    assert quantile_interval(np.linspace(0.5, 1, 72), 0.05)[0] >= 0.5  # 0.95 ** 72 is less than 2.5%
    assert quantile_interval(values, 0.95)[1] == 1
    low, high = quantile_interval(values, 0.95, math.inf)
    assert 0.9 < low < 1
    assert math.isnan(high)
    assert quantile_interval(np.array([0.5, 0.6, 0.7]), 0.5) == (0, 1)
    assert all(math.isnan(end) for end in quantile_interval(np.array([0.5, math.nan]), 0.5))


def test_intervals_of_quantiles_hold_them_whatever_the_scores() -> None:
    draw = np.random.default_rng(3)
    for _ in range(500):
        values = np.round(draw.random(int(draw.integers(2, 150))) ** draw.uniform(0.2, 4), 1)
        for share in (0.05, 0.5, 0.95):
            low, high = quantile_interval(values, share)
            assert 0 <= low <= np.quantile(values, share) <= high <= 1


def test_intervals_of_shares_are_those_of_each_share() -> None:
    draw, draws = np.random.default_rng(5), resamples(13)
    part = draw.integers(0, 90_000, (13, 3)).astype(float) * (draw.random((13, 1)) < 0.7)
    part[:, 1] = 0
    whole = part.sum(axis=1)
    found = share_intervals(part, whole, draws)
    for at in range(3):
        one = interval(Ratio(part[:, [at]], whole[:, None]), draws)
        assert tuple(found[at]) == pytest.approx(one, abs=1e-9)
    assert np.isnan(share_intervals(part[:1], whole[:1], resamples(1))).all()


@pytest.mark.parametrize("values", [[0.5], [0.5, math.nan], [math.nan, math.nan], [math.nan]])
def test_one_image_has_no_interval(values: list[float]) -> None:
    images = Ratio.of(np.nan_to_num(values)[:, None], ~np.isnan(values)[:, None])
    assert all(math.isnan(end) for end in interval(images, resamples(len(values))))


def test_images_without_a_score_leave_the_interval_as_it_is_but_for_chance() -> None:
    values = lesions(np.random.default_rng(4), 200)
    some = Ratio.of(np.append(values, np.zeros(20))[:, None], np.append(np.ones(200), np.zeros(20))[:, None])
    low, high = interval(some, resamples(220))
    assert (low, high) == pytest.approx(mean_interval(values), abs=0.15 * (high - low))


def test_intervals_stay_within_what_a_score_can_be() -> None:
    assert mean_interval(np.full(9, 0.8)) == pytest.approx((0.8, 0.8))
    one_missed = np.array([0.999] * 9 + [0.2])
    low, high = mean_interval(one_missed)
    assert 0 <= low < one_missed.mean() < high == 1
    distances = np.array([1.0, 2.0, 90.0])
    low, high = mean_interval(distances, math.inf)
    assert low == 0
    assert 31 < high < math.inf

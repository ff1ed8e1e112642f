"""Statistics of a comparison: numbers by hand, intervals that cover, claims that are seldom false."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pixelwise.evaluation import comparison
from pixelwise.evaluation.comparison import (
    degrees_of_freedom,
    difference,
    holm,
    mean_interval,
)
from pixelwise.evaluation.intervals import Values, wilson

NOTHING = np.zeros((1, 4))


def test_estimates_by_hand() -> None:
    found = difference(np.array([[0.9, 0.8, 0.7, 0.5]]), np.array([[0.8, 0.8, 0.4, 0.7]]), over_runs=False)
    assert found.mean == pytest.approx((0.1 + 0.0 + 0.3 - 0.2) / 4)  # 0.05
    # squares about 0.05: 0.0025, 0.0025, 0.0625, 0.0625; their sum over 3 is 0.13 / 3
    assert found.effect == pytest.approx(0.05 / math.sqrt(0.13 / 3))
    assert found.wins == (1 + 0.5 + 1 + 0) / 4
    assert found.mean_ci95[0] < 0.05 < found.mean_ci95[1]
    assert math.isnan(found.effect_ci95[0])  # four images are too few


def test_exchanged_sides_mirror_the_result() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(0.8, 0.1, (3, 30)), rng.normal(0.78, 0.1, (4, 30))
    ours, theirs = difference(one, other, over_runs=True), difference(other, one, over_runs=True)
    assert ours.mean == pytest.approx(-theirs.mean)
    assert ours.wins == pytest.approx(1 - theirs.wins)
    assert ours.mean_ci95 == pytest.approx([-end for end in reversed(theirs.mean_ci95)], abs=0.004)
    assert ours.probability == pytest.approx(1 - theirs.probability, abs=0.03)


def test_normal_differences_get_student_s_interval() -> None:
    """t of 0.975 at 4 degrees of freedom is 2.776, whatever a plain bootstrap of 5 images would say."""
    values = np.array([-1.26, -0.57, 0.0, 0.57, 1.26])  # normal scores, so the resamples are nearly normal
    low, high = mean_interval(1 + values[None] / 100, over_runs=False)
    half = 2.776 * values.std(ddof=1) / 100 / math.sqrt(5)
    assert low == pytest.approx(1 - half, rel=0, abs=0.1 * half)
    assert high == pytest.approx(1 + half, rel=0, abs=0.1 * half)


def test_of_many_images_it_is_the_percentile_interval() -> None:
    values = np.random.default_rng(4).exponential(0.1, 400)
    drawn = np.random.default_rng(5).integers(400, size=(4000, 400))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    found = mean_interval(values[None], over_runs=False)
    assert found == pytest.approx((low, high), abs=0.05 * (high - low))


def test_degrees_of_freedom_by_hand() -> None:
    """Where only runs differ: parts 1/3 and 4/3 of 2 degrees each make (5/3)² / ((1/9 + 16/9) / 2) = 50/17."""
    one = np.repeat([[-1.0], [0.0], [1.0]], 7, axis=1)
    other = 2 * one
    assert degrees_of_freedom(one, other, over_runs=True) == pytest.approx(50 / 17)
    by_image = np.array([[0.1, 0.2, 0.4]])
    assert degrees_of_freedom(by_image, np.zeros((1, 3)), over_runs=False) == pytest.approx(2)
    assert degrees_of_freedom(one[:1], one[:1], over_runs=False) == math.inf


def test_the_interval_leaves_out_zero_where_the_p_value_says_so() -> None:
    rng = np.random.default_rng(6)
    for shift in np.linspace(0, 0.02, 25):
        found = difference(rng.normal(shift, 0.03, (1, 40)), np.zeros((1, 40)), over_runs=False)
        outside = found.mean_ci95[0] > 0 or found.mean_ci95[1] < 0
        assert outside == (found.p_value < 0.05) or abs(found.p_value - 0.05) < 0.001
        assert found.p_value == pytest.approx(2 * min(found.probability, 1 - found.probability), abs=0.001)


def test_the_same_scores_differ_in_nothing() -> None:
    scores = np.random.default_rng(7).uniform(0.5, 1, (1, 12))
    found = difference(scores, scores, over_runs=False)
    assert (found.mean, found.mean_ci95, found.probability, found.p_value) == (0.0, (0.0, 0.0), 0.5, 1.0)
    assert math.isnan(found.effect)
    assert found.wins == 0.5


def test_holm_by_hand() -> None:
    """Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; none may fall below its forerunner."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.03]) == [0.03]


def test_wilson_by_hand() -> None:
    """Of 10 of 10: lower end 10 / (10 + z²)."""
    assert wilson(1.0, 10) == pytest.approx((10 / (10 + 1.959964**2), 1.0))
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="same two images"):
        difference(NOTHING, NOTHING[:, :3], over_runs=False)
    with pytest.raises(ValueError, match="two or more"):
        difference(NOTHING, NOTHING, over_runs=True)
    assert all(map(math.isnan, mean_interval(NOTHING[:, :1], over_runs=False)))


def test_large_sets_are_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    one = np.random.default_rng(8).normal(0.01, 0.05, (3, 50))
    whole = difference(one, np.zeros((3, 50)), over_runs=True)
    monkeypatch.setattr(comparison, "CHUNK", 50 * 700)
    parts = difference(one, np.zeros((3, 50)), over_runs=True)
    assert parts.mean_ci95 == pytest.approx(whole.mean_ci95, abs=0.003)


def recipe_scores(rng: np.random.Generator, images: Values, seed_sd: float, image_sd: float) -> Values:
    """(3, N): images differ in how hard they are, seeds as a whole and from image to image."""
    shape = (3, len(images))
    by_image = rng.normal(0, image_sd, shape) * rng.gamma(1, 1, len(images))
    return images + rng.normal(0, seed_sd, (3, 1)) + by_image


def naive(rng: np.random.Generator, one: Values, other: Values) -> tuple[float, float]:
    """The plain two-level percentile bootstrap."""
    means = []
    for _ in range(300):
        images = rng.integers(one.shape[1], size=one.shape[1])
        sides = [side[rng.integers(3, size=3)][:, images].mean() for side in (one, other)]
        means.append(sides[0] - sides[1])
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


# Deviations of mean Dice between seeds, and of an image's Dice between them, as small trainings have them.
SETTINGS = [(0.010, 0.010), (0.004, 0.010), (0.001, 0.030)]


@pytest.mark.parametrize(("seed_sd", "image_sd"), SETTINGS)
def test_the_same_recipe_is_seldom_called_better(
    seed_sd: float, image_sd: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most 2 of 20, that is 10%, of pairs of 3 seeds each of one recipe; it is 5% or less by construction."""
    monkeypatch.setattr(comparison, "RESAMPLES", 1000)
    rng = np.random.default_rng(9)
    false = 0
    for _ in range(200):
        images = 1 - 0.3 * rng.beta(1, 5, 40)
        one, other = (recipe_scores(rng, images, seed_sd, image_sd) for _ in range(2))
        false += difference(one, other, over_runs=True).p_value < 0.05
    assert false <= 0.06 * 200


@pytest.mark.slow
def test_the_plain_bootstrap_would_claim_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the correction is for: on the same draws the plain bootstrap is wrong several times as often."""
    monkeypatch.setattr(comparison, "RESAMPLES", 1000)
    rng = np.random.default_rng(10)
    plain = ours = 0
    for _ in range(100):
        images = 1 - 0.3 * rng.beta(1, 5, 25)
        one, other = (recipe_scores(rng, images, 0.01, 0.005) for _ in range(2))
        low, high = naive(rng, one, other)
        plain += low > 0 or high < 0
        ours += difference(one, other, over_runs=True).p_value < 0.05
    assert ours <= 8
    assert plain >= 2 * ours + 4


def test_a_better_recipe_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "RESAMPLES", 1000)
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(50):
        images = 1 - 0.3 * rng.beta(1, 5, 40)
        one = recipe_scores(rng, images, 0.004, 0.01) + 0.03
        found += difference(one, recipe_scores(rng, images, 0.004, 0.01), over_runs=True).p_value < 0.05
    assert found >= 45


@pytest.mark.slow
@pytest.mark.parametrize("n_images", [5, 20, 100])
def test_intervals_of_models_cover(n_images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 92 to 97 of 100 draws the interval holds the true difference; a few more draws are wrong by luck."""
    monkeypatch.setattr(comparison, "RESAMPLES", 1000)
    rng = np.random.default_rng(12)
    held = 0
    for _ in range(400):
        one = 0.9 + rng.normal(0.01, 0.02, (1, n_images))
        low, high = difference(one, np.full((1, n_images), 0.9), over_runs=False).mean_ci95
        held += low <= 0.01 <= high
    assert 0.92 * 400 <= held <= 0.97 * 400

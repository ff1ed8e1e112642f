"""Is one of two models, or of two recipes, better? Statistics of scores on the same images.

Scores are arrays (S, N): by run and image, a run for each seed of a recipe, or one of a model. Everything here is a
function of such arrays and a fixed seed.

Images are resampled, the same for both sides, which is what makes the comparison paired (Efron and Tibshirani 1993,
chapter 8). Of recipes the runs are resampled as well, of each side for itself, and a resample weighs a score by the
product of what its run and its image weigh, as Owen and Eckles (2012) do for crossed factors: where runs differ from
image to image rather than as a whole, that is on the safe side.

Plain resamples of few things lie too close together: those of 3 runs have two thirds of the variance that they should,
and say nothing of how unsure that variance is (Hesterberg 2015, on small samples). So the weights are stretched by
sqrt(n / (n - 1)) about their mean (Rao and Wu 1988), and a resample's distance from the estimate is divided by
sqrt(chi² / df) of a chi² drawn for it, with Satterthwaite's (1946) degrees of freedom: what is normal becomes
Student's t by it, and what is skewed stays so.

Where several images are of one patient or video (:mod:`pixelwise.evaluation.units`) these are what is resampled, and
what their images add to the mean is what varies (Cameron, Gelbach and Miller 2008 on clusters).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pixelwise.evaluation.intervals import UNKNOWN, Interval, Values, percentiles, wilson
from pixelwise.evaluation.units import Units, by_unit, count_of

RESAMPLES = 10_000
SEED = 0
CHUNK = 2**22
"""Numbers held at a time: resamples of ten thousand images would not fit into memory at once."""
FEWEST_FOR_EFFECT = 10
FEWEST_RUNS = 3
"""Of a recipe: two runs say next to nothing of how runs differ."""


@dataclass(frozen=True)
class Difference:
    """How one side's scores differ from the other's; positive where the first is higher.

    Attributes:
        mean: of the differences by image.
        mean_ci95: its 95% interval.
        probability: that the first is better: share of the resamples, ties counted half.
        p_value: two-sided, of no difference; below 0.05 the interval leaves out 0.
        effect: mean over the standard deviation of the differences by image (Cohen's d_z; Lakens 2013); NaN where
            images do not differ in them.
        effect_ci95: from the same resamples; NaN of fewer than 10 units, where it would be far too narrow.
        wins: share of images on which the first is higher, ties counted half.
        wins_ci95: percentiles of the same resamples, and no narrower than Wilson's (1927) interval of as many as there
            are units.
    """

    mean: float
    mean_ci95: Interval
    probability: float
    p_value: float
    effect: float
    effect_ci95: Interval
    wins: float
    wins_ci95: Interval


@dataclass(frozen=True)
class _Resamples:
    """Of each resample, (R,): mean difference and effect, stretched about the estimates; wins as they are."""

    means: Values
    effects: Values
    wins: Values


def difference(one: Values, other: Values, *, over_runs: bool, units: Units | None = None) -> Difference:
    """Compare two sides.

    Args:
        one: (S, N) finite scores, N at least 2.
        other: (T, N), of the same images.
        over_runs: the runs stand for all that a recipe could have made, S and T at least 2; else for themselves.
        units: (N,) of the images, two at least; None where each is one of its own.

    Raises:
        ValueError: shapes that do not fit.
    """
    n_images = one.shape[1]
    units = np.arange(n_images) if units is None else units
    n_units = count_of(units)
    if one.shape[1:] != other.shape[1:] or n_units < 2:
        raise ValueError(f"scores of {one.shape} and {other.shape} are not of the same two images or more")
    if over_runs and min(len(one), len(other)) < 2:
        raise ValueError("runs can be resampled where each side has two or more")
    by_image = one.mean(axis=0) - other.mean(axis=0)
    mean = float(by_image.mean())
    effect = float(_effect(mean, np.mean(by_image**2), n_images))
    drawn = _resample(one, other, mean, effect, over_runs, units)
    below, above = int(np.sum(drawn.means <= 0)), int(np.sum(drawn.means >= 0))
    return Difference(
        mean=mean,
        mean_ci95=percentiles(drawn.means),
        probability=float(np.mean(drawn.means > 0) + np.mean(drawn.means == 0) / 2),
        p_value=min(1.0, 2 * (min(below, above) + 1) / (RESAMPLES + 1)),
        effect=effect,
        effect_ci95=percentiles(drawn.effects) if n_units >= FEWEST_FOR_EFFECT else UNKNOWN,
        wins=float(_won(by_image).mean()),
        wins_ci95=_wider(percentiles(drawn.wins), wilson(float(_won(by_image).mean()), n_units)),
    )


def mean_interval(scores: Values, *, over_runs: bool, units: Units | None = None) -> Interval:
    """95% interval of the mean of ``scores`` (S, N), made as that of a difference; NaN of a single unit."""
    units = np.arange(scores.shape[1]) if units is None else units
    if count_of(units) < 2:
        return UNKNOWN
    nothing = np.zeros_like(scores)
    return percentiles(_resample(scores, nothing, float(scores.mean()), math.nan, over_runs, units).means)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values that may each be held against 0.05 although there are several (Holm 1979).

    However the comparisons depend on each other, the chance that any of them claims a difference where none is stays
    below 5%.
    """
    order = np.argsort(p_values)
    left = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values)[order] * left))
    return [float(value) for value in adjusted]


def degrees_of_freedom(one: Values, other: Values, *, over_runs: bool) -> float:
    """Satterthwaite's (1946) of the variance of the mean difference; infinite where nothing varies.

    The parts of that variance are the runs of each side, if they count, and the images: (S, N) and (T, N), or by unit.
    """
    by_image = one.mean(axis=0) - other.mean(axis=0)
    parts = [one.mean(axis=1), other.mean(axis=1)] if over_runs else []
    found = [(float(part.var(ddof=1)) / len(part), len(part) - 1) for part in (*parts, by_image)]
    unsure = sum(variance**2 / df for variance, df in found)
    return sum(variance for variance, _ in found) ** 2 / unsure if unsure > 0 else math.inf


def _resample(
    one: Values, other: Values, mean: float, effect: float, over_runs: bool, units: Units
) -> _Resamples:
    rng = np.random.default_rng(SEED)
    ours, theirs = _of_units(one, units), _of_units(other, units)
    df = degrees_of_freedom(ours, theirs, over_runs=over_runs)
    n_images, n_units = one.shape[1], ours.shape[1]
    means, effects, wins = [], [], []
    step = max(1, CHUNK // n_images)
    for begin in range(0, RESAMPLES, step):
        count = min(step, RESAMPLES - begin)
        drawn = _weights(rng, count, n_units)
        images = drawn if n_units == n_images else _shares_of_images(drawn, units)
        if over_runs:
            runs, others = _weights(rng, count, len(one)), _weights(rng, count, len(other))
            by_image = runs @ one - others @ other
            stretched = _stretched(runs) @ ours - _stretched(others) @ theirs
        else:
            by_image = (one.mean(axis=0) - other.mean(axis=0))[None]
            stretched = (ours.mean(axis=0) - theirs.mean(axis=0))[None]
        scale = np.sqrt(rng.chisquare(df, count) / df) if math.isfinite(df) else np.ones(count)
        off = (_stretched(drawn) * stretched).sum(axis=1) - mean
        means.append(mean + off / scale)
        of_resample = _effect((images * by_image).sum(axis=1), (images * by_image**2).sum(axis=1), n_images)
        effects.append(effect + (of_resample - effect) * math.sqrt(n_units / (n_units - 1)) / scale)
        wins.append((images * _won(by_image)).sum(axis=1))
    return _Resamples(*map(np.concatenate, (means, effects, wins)))


def _of_units(scores: Values, units: Units) -> Values:
    """(S, U) of (S, N): the mean of all, and what the images of each unit add to it, so that the mean stays.

    A unit of many images weighs as many; to first order its draw moves the mean over images by as much.
    """
    n_units = count_of(units)
    if n_units == scores.shape[1]:
        return scores
    mean: Values = scores.mean(axis=1, keepdims=True)
    added: Values = by_unit((scores - mean).T, units).T * n_units / scores.shape[1]
    return mean + added


def _shares_of_images(drawn: Values, units: Units) -> Values:
    """(R, N) shares of the images in resamples (R, U) of units."""
    weights = drawn[:, units]
    shares: Values = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _weights(rng: np.random.Generator, count: int, n: int) -> Values:
    """(count, n) shares that each of n things has in a resample of n with replacement."""
    return np.asarray(rng.multinomial(n, np.full(n, 1 / n), count) / n, np.float64)


def _stretched(weights: Values) -> Values:
    n: int = weights.shape[1]
    return 1 / n + math.sqrt(n / (n - 1)) * (weights - 1 / n)


def _effect(mean: Values | float, mean_square: Values | float, n: int) -> Values:
    """Mean over standard deviation; NaN where that is 0 but for rounding."""
    mean, mean_square = np.asarray(mean, np.float64), np.asarray(mean_square, np.float64)
    variance = (mean_square - mean**2) * n / (n - 1)
    known = variance > 1e-12 * mean_square
    effect: Values = np.where(known, mean / np.sqrt(np.where(known, variance, 1.0)), np.nan)
    return effect


def _won(differences: Values) -> Values:
    return (np.sign(differences) + 1) / 2


def _wider(one: Interval, other: Interval) -> Interval:
    return min(one[0], other[0]), max(one[1], other[1])

"""How far a score could be off by the luck of which images were drawn.

Where several images are of one patient or video these are what is drawn: see :mod:`pixelwise.evaluation.units`. Then a
row of what is resampled is the sum over the images of a unit (Cameron, Gelbach and Miller 2008 on clusters).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, stdtrit
from scipy.stats import rankdata

from pixelwise.evaluation.units import Units, by_unit
from pixelwise.metrics import Ratio

Values = NDArray[np.float64]
Interval = tuple[float, float]

FEW = 10
"""Of fewer images, or units of them, any interval is itself unsure, and whoever shows it says so."""
RESAMPLES = 1000
SEED = 0
UNKNOWN: Interval = (math.nan, math.nan)
Z = 1.959964
"""Standard deviations on either side of the mean that 95% of a normal distribution lie within."""
OUTSIDE = 0.025
"""How often the truth may lie beyond either end."""


def resamples(count: int) -> Values:
    """(RESAMPLES, count): how often each unit is drawn, where as many are drawn with replacement."""
    return np.random.default_rng(SEED).multinomial(count, [1 / count] * count, RESAMPLES).astype(np.float64)


def interval(ratio: Ratio, draws: Values, highest: float = 1.0) -> Interval:
    """95% bootstrap-t interval (Efron 1979; Hall 1988) of a pooled score, resampling images.

    The percentile bootstrap is too narrow for scores of images, whose distribution has a long tail. Here the
    distance of a resample's score is measured in standard errors of that resample (of a ratio, to first order).
    Where most images score alike a resample may have an error of next to nothing: its variance is mixed with
    that of all images in the proportion n - 1 to 1.

    Args:
        ratio: (N, K) by unit; of :meth:`Ratio.of_images` it gives the interval of the mean over images.
        draws: (R, N) as of :func:`resamples`.
        highest: the greatest value that the score can have; the least is 0.

    Returns:
        (low, high); NaN where fewer than two units have the score.
    """
    exists = ratio.whole.sum(axis=0) > 0
    part, whole = ratio.part[:, exists], ratio.whole[:, exists]
    count = int((whole > 0).any(axis=1).sum())
    if count < 2:  # one says nothing of how they differ
        return UNKNOWN
    [score], [error] = _estimate(part, whole, np.ones((1, len(part))))
    if error <= 1e-12 * max(score, 1.0):
        return float(score), float(score)
    scores, errors = _estimate(part, whole, draws)
    steadied = np.sqrt((1 - 1 / count) * errors**2 + error**2 / count)
    off = (scores - score) / steadied
    low, high = np.percentile(off[~np.isnan(off)], [2.5, 97.5])
    return max(0.0, float(score - high * error)), min(highest, float(score - low * error))


def share_intervals(part: Values, whole: Values, draws: Values) -> Values:
    """:func:`interval` of many shares of one whole, all at once: where pixels of a class end up, say.

    Args:
        part: (N, K) by unit.
        whole: (N,).
        draws: (R, N) as of :func:`resamples`.

    Returns:
        (K, 2); NaN where fewer than two units have the whole.
    """
    count = int((whole > 0).sum())
    if count < 2:
        return np.full((part.shape[1], 2), np.nan)
    [shares], [errors] = _shares(part, whole, np.ones((1, len(part))))
    drawn, their_errors = _shares(part, whole, draws)
    steadied = np.sqrt((1 - 1 / count) * their_errors**2 + errors**2 / count)
    moves = errors > 1e-12
    off = np.divide(drawn - shares, steadied, out=np.zeros_like(drawn), where=moves & ~np.isnan(drawn))
    low, high = np.percentile(off[~np.isnan(drawn[:, 0])], [2.5, 97.5], axis=0)
    found: Values = np.clip(np.stack([shares - high * errors, shares - low * errors], axis=1), 0, 1)
    return found


def quantile_interval(
    values: Values, share: float, highest: float = 1.0, units: Units | None = None
) -> Interval:
    """95% interval of a quantile over images, between two of their scores (Thompson 1936; Nyblom 1992).

    It asks nothing of how scores are spread. Resampling would never go beyond the worst image, although of fewer than
    72 images it may well be that none is among the worst twentieth: then the interval ends where scores do. Images
    that belong together count for as many as tell as much, see :func:`effective_size`.

    Args:
        values: (N,) scores of images, NaN where there is none.
        share: of the images that score less than the quantile.
        highest: the greatest value that a score can have; the least is 0.
        units: (N,) of the images; None where each is one of its own.

    Returns:
        (low, high); NaN where fewer than two units have a score, and in the place of an end that nothing limits.
    """
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    count = float(len(ordered)) if units is None else effective_size(values[known], units[known])
    if math.isnan(count) or count < 2:
        return UNKNOWN
    high = _lower_end(-ordered[::-1], 1 - share, -highest, count)
    return _lower_end(ordered, share, 0.0, count), -high if math.isfinite(high) else math.nan


def effective_size(values: Values, units: Units) -> float:
    """How many images of their own tell as much of quantiles as these do, of which several are of one unit.

    The number over Kish's (1965) design effect, by the intraclass correlation of ranks; less where units are so few
    that their spread is itself unsure, by the squares of Student's t of all images and of units (Korn and Graubard
    1998).

    Args:
        values: (N,) finite.
        units: (N,) numbers of units, not all of them need occur.

    Returns:
        N where all are units of their own; NaN of a single unit.
    """
    _, units, sizes = np.unique(units, return_inverse=True, return_counts=True)
    count, groups = len(values), len(sizes)
    if groups == count:
        return float(count)
    if groups < 2:
        return math.nan
    effect = 1 + (float((sizes**2).sum()) / count - 1) * max(0.0, _likeness(rankdata(values), units, sizes))
    few = float(stdtrit(count - 1, 1 - OUTSIDE) / stdtrit(groups - 1, 1 - OUTSIDE)) ** 2
    return max(2.0, count / effect * few)


def _likeness(values: Values, units: Units, sizes: NDArray[np.intp]) -> float:
    """Intraclass correlation, by analysis of variance (Donner 1986)."""
    count, groups = len(values), len(sizes)
    means = by_unit(values, units) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (groups - 1)
    within = float(((values - means[units]) ** 2).sum()) / (count - groups)
    usual = (count - float((sizes**2).sum()) / count) / (groups - 1)
    spread = between + (usual - 1) * within
    return (between - within) / spread if spread > 0 else 0.0


def _lower_end(ordered: Values, share: float, least: float, size: float) -> float:
    """What the quantile is below in ``OUTSIDE`` of all cases, of ascending scores (N,) of this effective size."""
    count = len(ordered)
    # How often each score lies above the quantile: where fewer than its rank lie below, of that many.
    fewer = np.ceil(np.arange(1, count + 1) * size / count) - 1
    above = betainc(size - fewer, fewer + 1, 1 - share)
    rank = int((above <= OUTSIDE).sum())
    if rank == 0:
        return least
    if rank == count:
        return float(ordered[-1])
    within = (OUTSIDE - above[rank - 1]) / (above[rank] - above[rank - 1])
    odds = (count - rank) * share * within
    weight = odds / (odds + rank * (1 - share) * (1 - within))
    return float(ordered[rank - 1] + weight * (ordered[rank] - ordered[rank - 1]))


def percentiles(values: Values) -> Interval:
    """95% percentile interval of a score's resamples (R,) (Efron 1979); NaN where it does not exist."""
    known = values[~np.isnan(values)]
    if not known.size:
        return UNKNOWN
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def wilson(share: float, count: int) -> Interval:
    """95% interval of a share of ``count`` (Wilson 1927)."""
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _estimate(part: Values, whole: Values, draws: Values) -> tuple[Values, Values]:
    """Pooled scores (R,) of resamples and their standard errors (R,), from the influence of each image."""
    parts, wholes = draws @ part, draws @ whole
    present = wholes > 0
    count = present.sum(axis=1, keepdims=True)
    by_class = np.divide(parts, wholes, out=np.zeros_like(parts), where=present)
    share = np.divide(1.0, wholes * count, out=np.zeros_like(parts), where=present)
    scores = np.divide(
        by_class.sum(axis=1), count[:, 0], out=np.full(len(draws), np.nan), where=count[:, 0] > 0
    )
    influence = np.hstack([share, -share * by_class]) @ np.hstack([part, whole]).T
    return scores, np.sqrt(np.einsum("rn,rn,rn->r", draws, influence, influence))


def _shares(part: Values, whole: Values, draws: Values) -> tuple[Values, Values]:
    """Shares (R, K) of resamples and their standard errors (R, K), each as of :func:`_estimate`."""
    wholes = (draws @ whole)[:, None]
    known = wholes > 0
    shares = np.divide(draws @ part, wholes, out=np.full((len(draws), part.shape[1]), np.nan), where=known)
    squares = draws @ part**2 - 2 * shares * (draws @ (part * whole[:, None]))
    squares += shares**2 * (draws @ whole**2)[:, None]
    errors = np.divide(np.sqrt(np.maximum(squares, 0)), wholes, out=np.zeros_like(shares), where=known)
    return shares, errors

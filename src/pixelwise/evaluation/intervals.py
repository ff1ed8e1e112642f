"""How far a score could be off by the luck of which images were drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from pixelwise.metrics import Ratio

Values = NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES = 1000
SEED = 0
UNKNOWN: Interval = (math.nan, math.nan)
OUTSIDE = 0.025
"""How often the truth may lie beyond either end."""


def resamples(count: int) -> Values:
    """(RESAMPLES, count): how often each image is drawn, where as many are drawn with replacement."""
    return np.random.default_rng(SEED).multinomial(count, [1 / count] * count, RESAMPLES).astype(np.float64)


def interval(ratio: Ratio, draws: Values, highest: float = 1.0) -> Interval:
    """95% bootstrap-t interval (Efron 1979; Hall 1988) of a pooled score, resampling images.

    The percentile bootstrap is too narrow for scores of images, whose distribution has a long tail. Here the
    distance of a resample's score is measured in standard errors of that resample (of a ratio, to first order).
    Where most images score alike a resample may have an error of next to nothing: its variance is mixed with
    that of all images in the proportion n - 1 to 1.

    Args:
        ratio: (N, K); of :meth:`Ratio.of_images` it gives the interval of the mean over images.
        draws: (R, N) as of :func:`resamples`.
        highest: the greatest value that the score can have; the least is 0.

    Returns:
        (low, high); NaN where fewer than two images have the score.
    """
    exists = ratio.whole.sum(axis=0) > 0
    part, whole = ratio.part[:, exists], ratio.whole[:, exists]
    count = int((whole > 0).any(axis=1).sum())
    if count < 2:  # one image says nothing of how images differ
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
        part: (N, K).
        whole: (N,).
        draws: (R, N) as of :func:`resamples`.

    Returns:
        (K, 2); NaN where fewer than two images have the whole.
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


def quantile_interval(values: Values, share: float, highest: float = 1.0) -> Interval:
    """95% interval of a quantile over images, between two of their scores (Thompson 1936; Nyblom 1992).

    It asks nothing of how scores are spread. Resampling would never go beyond the worst image, although of fewer than
    72 images it may well be that none is among the worst twentieth: then the interval ends where scores do.

    Args:
        values: (N,) scores of images, NaN where there is none.
        share: of the images that score less than the quantile.
        highest: the greatest value that a score can have; the least is 0.

    Returns:
        (low, high); NaN where fewer than two images have a score, and in the place of an end that nothing limits.
    """
    ordered = np.sort(values[~np.isnan(values)])
    if len(ordered) < 2:
        return UNKNOWN
    high = _lower_end(-ordered[::-1], 1 - share, -highest)
    return _lower_end(ordered, share, 0.0), -high if math.isfinite(high) else math.nan


def _lower_end(ordered: Values, share: float, least: float) -> float:
    """What the quantile is below in ``OUTSIDE`` of all cases, of ascending scores (N,)."""
    count = len(ordered)
    # How often each score lies above the quantile: where fewer than its rank lie below.
    above = bdtr(np.arange(count), count, share)
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

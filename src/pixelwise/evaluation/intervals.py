"""How far a score could be off by the luck of which images were drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics import Ratio

Values = NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES = 1000
SEED = 0
UNKNOWN: Interval = (math.nan, math.nan)


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

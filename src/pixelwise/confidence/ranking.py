"""Does one number order images as another does? With intervals that hold of few images and of perfect order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import rankdata

Values = NDArray[np.float64]
Z = 1.959964
EDGE = 1e-9
UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True)
class Estimated:
    """A number and its 95% interval; NaN where there is none."""

    value: float
    ci95: tuple[float, float]


def rank_correlation(one: Values, other: Values) -> Estimated:
    """Spearman's rank correlation of (N,) and (N,), with the interval of Bonett and Wright 2000.

    NaN of fewer than 5 images, or where one of the two is the same everywhere.
    """
    if len(one) < 5 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return Estimated(math.nan, UNKNOWN)
    value = float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])
    held = min(max(value, -1 + 1e-12), 1 - 1e-12)
    error = math.sqrt((1 + held**2 / 2) / (len(one) - 3))
    middle = math.atanh(held)
    return Estimated(value, (math.tanh(middle - Z * error), math.tanh(middle + Z * error)))


def auroc(scores: Values, positive: NDArray[np.bool_]) -> Estimated:
    """Area under the ROC curve: the chance that a positive has the higher score, ties counted half.

    The interval is method 5 of Newcombe 2006, a score interval upon Hanley and McNeil's variance: it has a width where
    the order is perfect, too. NaN unless there are both kinds.

    Args:
        scores: (N,), higher for what should be positive.
        positive: (N,).
    """
    several, rest = int(positive.sum()), int((~positive).sum())
    if not several or not rest:
        return Estimated(math.nan, UNKNOWN)
    ranks = rankdata(scores)
    value = float((ranks[positive].sum() - several * (several + 1) / 2) / (several * rest))
    half = (several + rest) / 2

    def deviation(area: float) -> float:
        spread = 2 * half - 1 - (3 * half - 3) / ((2 - area) * (1 + area))
        return Z * math.sqrt(max(area * (1 - area) * spread, 0) / (several * rest))

    inside = min(
        max(value, EDGE), 1 - EDGE
    )  # at 0 and 1 themselves there is no deviation, and so a second root
    low = brentq(lambda area: area + deviation(area) - value, 0, inside) if value > 0 else 0.0
    high = brentq(lambda area: area - deviation(area) - value, inside, 1) if value < 1 else 1.0
    return Estimated(value, (float(low), float(high)))

"""How far a score could be off by the luck of which images were drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Row = TypeVar("Row")
Summary = dict[str, dict[str, float]]

RESAMPLES = 1000
SEED = 0


def bootstrap(
    rows: Sequence[Row], summary: Callable[[Sequence[Row]], Summary], statistics: Sequence[str]
) -> dict[str, dict[str, tuple[float, float]]]:
    """95 % percentile-bootstrap intervals (Efron 1979), resampling images with replacement.

    Args:
        rows: sufficient statistics, one per image.
        summary: scores of any rows, by metric and statistic.
        statistics: those that intervals are wanted of.

    Returns:
        By metric and statistic: (low, high); NaN where fewer than two images or no resample has the score.
    """
    if len(rows) < 2:  # one image says nothing of how images differ
        unknown = (float("nan"), float("nan"))
        return {metric: dict.fromkeys(statistics, unknown) for metric in summary(rows)}
    drawn = np.random.default_rng(SEED).integers(len(rows), size=(RESAMPLES, len(rows)))
    resampled = [summary([rows[index] for index in indices]) for indices in drawn]
    return {
        metric: {name: _percentiles([one[metric][name] for one in resampled]) for name in statistics}
        for metric in resampled[0]
    }


def _percentiles(values: list[float]) -> tuple[float, float]:
    defined = [value for value in values if not np.isnan(value)]
    if not defined:
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)

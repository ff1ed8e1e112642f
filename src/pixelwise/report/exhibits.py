"""Which images a page shows."""

from __future__ import annotations

import math
from collections.abc import Mapping


def choose_exhibits(scores: Mapping[str, float], each: int = 4) -> dict[str, list[str]]:
    """Names of the "worst" (worst first), "median" and "best" (best first) images by score.

    No image is chosen twice, none whose score is NaN. Fewer than 3 × ``each`` images are all shared out.
    """
    known = {name: score for name, score in scores.items() if not math.isnan(score)}
    order = sorted(known, key=lambda name: (known[name], name))
    share, rest = divmod(len(order), 3)
    n_worst, n_best = min(each, share + (rest > 0)), min(each, share + (rest > 1))
    between = order[n_worst : len(order) - n_best]
    n_median = min(each, len(between))
    start = (len(between) - n_median) // 2
    return {
        "worst": order[:n_worst],
        "median": between[start : start + n_median],
        "best": order[len(order) - n_best :][::-1],
    }

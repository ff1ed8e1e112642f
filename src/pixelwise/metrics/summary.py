"""The scores of images in a few numbers."""

from __future__ import annotations

import math

import numpy as np

from pixelwise.metrics.catalogue import METRICS
from pixelwise.metrics.ratio import Ratio


def summarise(metric: str, ratio: Ratio) -> dict[str, float]:
    """Statistics of one metric over N images.

    Args:
        ratio: (N, K).

    Returns:
        ``mean``, ``median``, ``p5``, ``p95`` and ``worst`` of the scores of images where they exist, ``pooled`` of all
        images counted together (NaN where the metric has no such thing) and ``n_undefined``, the images without one.
        ``worst`` is the greatest of what is better when lower.
    """
    scores = ratio.by_image()
    defined = scores[~np.isnan(scores)]
    found = {
        "pooled": ratio.pooled() if METRICS[metric].pooled else math.nan,
        "n_undefined": float(len(scores) - len(defined)),
    }
    if not defined.size:
        return {**dict.fromkeys(("mean", "median", "p5", "p95", "worst"), math.nan), **found}
    p5, median, p95 = np.percentile(defined, [5, 50, 95])
    return {
        "mean": float(defined.mean()),
        "median": float(median),
        "p5": float(p5),
        "p95": float(p95),
        "worst": float(defined.max() if METRICS[metric].lower_is_better else defined.min()),
        **found,
    }

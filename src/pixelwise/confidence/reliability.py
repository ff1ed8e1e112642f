"""Do pixels that are said to be lesion with 70% turn out to be lesion in 70% of cases?

Everything derives from sums over the pixels of an image by bin of probability, so that images can be resampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import IGNORE_INDEX, LabelMap, Probs

Values = NDArray[np.float64]
BINS = 15
"""Of equal width, as Guo 2017 has them."""


@dataclass(frozen=True)
class Reliability:
    """Sums over pixels; over images they add up.

    Of two classes the probability is that of the second, and the event that the pixel is of it; of several the
    probability is the highest, and the event that this class is right (Guo 2017).

    Attributes:
        bins: (3, BINS): pixels, sum of probabilities, events.
        brier: (2,): sum of squared errors of probability and pixels. Of several classes the errors of all are added up
            (Brier 1950); of two it is that of the second, as is usual, and half as much.
    """

    bins: Values
    brier: Values


def reliability_of(probs: Probs, truth: LabelMap, among: NDArray[np.bool_] | None = None) -> Reliability:
    """Of one image.

    Args:
        probs: (C, H, W) in 0–1 by class.
        truth: (H, W) class ids, 255 where nobody labelled.
        among: (H, W), the pixels that count; all labelled ones if not given.
    """
    counted = truth != IGNORE_INDEX
    if among is not None:
        counted &= among
    values, ids = probs[:, counted].astype(np.float64), truth[counted].astype(np.intp)
    if len(probs) == 2:
        stated, event = values[1], ids == 1
        squared = float(((stated - event) ** 2).sum())
    else:
        stated, event = values.max(axis=0, initial=0), values.argmax(axis=0) == ids
        right = values[ids, np.arange(ids.size)]
        squared = float((values**2).sum() - 2 * right.sum() + ids.size)
    place = np.minimum((stated * BINS).astype(np.intp), BINS - 1)
    bins = [np.bincount(place, weight, BINS) for weight in (np.ones(ids.size), stated, event)]
    return Reliability(np.stack(bins).astype(np.float64), np.array([squared, float(ids.size)]))


def calibration_error(bins: Values) -> Values:
    """Expected calibration error (Naeini 2015; Guo 2017) of sums (..., 3, BINS): (...), NaN without pixels.

    The mean, over pixels, of how far their bin's mean probability is from its share of events.
    """
    count, stated, events = (bins[..., index, :] for index in range(3))
    total = count.sum(axis=-1)
    off = np.abs(stated - events).sum(axis=-1)
    error: Values = np.divide(off, total, out=np.full(total.shape, np.nan), where=total > 0)
    return error

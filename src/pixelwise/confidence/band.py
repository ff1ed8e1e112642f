"""The pixels near a contour: where classes meet, and where probabilities matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pixelwise.types import IGNORE_INDEX, LabelMap

BAND_PIXELS = 15
"""How far from the contour the band reaches, on both sides."""


def contour_band(truth: LabelMap, width: int = BAND_PIXELS) -> NDArray[np.bool_]:
    """(H, W): labelled pixels whose centre is less than ``width`` from that of a pixel at a contour.

    At a contour lies a labelled pixel one of whose four neighbours is of another class; the pixels on its two sides
    both do. Pixels that nobody labelled make no contour. Without a contour the band is empty.
    """
    at_contour = _at_contour(truth)
    band = np.zeros(truth.shape, np.bool_)
    rows, columns = (np.flatnonzero(at_contour.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return band
    # Distances are worked out around the contour only: of a large image that is a small part.
    near = tuple(slice(max(0, places[0] - width), places[-1] + width + 1) for places in (rows, columns))
    band[near] = ndimage.distance_transform_edt(~at_contour[near]) < width
    band &= truth != IGNORE_INDEX
    return band


def _at_contour(truth: LabelMap) -> NDArray[np.bool_]:
    found = np.zeros(truth.shape, np.bool_)
    labelled = truth != IGNORE_INDEX
    for one, other in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        differs = (truth[one] != truth[other]) & labelled[one] & labelled[other]
        found[one] |= differs
        found[other] |= differs
    return found

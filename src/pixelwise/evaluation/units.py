"""What counts as one where images are resampled: an image, or all images of one patient, video or scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics import Ratio

Units = NDArray[np.intp]
"""(N,) number of each image's unit, of 0 to U - 1."""


def units_of(tags: Sequence[Mapping[str, str]], group: str | None) -> Units:
    """Images that share a value of the tag ``group`` are one unit; an image without the tag is one of its own.

    Args:
        tags: of each image.
        group: None where nothing says what belongs together.
    """
    known: dict[str | int, int] = {}
    keys = ((one.get(group) if group else None) or at for at, one in enumerate(tags))
    return np.array([known.setdefault(key, len(known)) for key in keys], np.intp)


def renumbered(units: Units) -> Units:
    """Those of a part of the images, from 0 without gaps."""
    return np.unique(units, return_inverse=True)[1].astype(np.intp)


def count_of(units: Units) -> int:
    """How many units there are."""
    return int(units.max()) + 1 if len(units) else 0


def by_unit(sums: NDArray[np.float64], units: Units) -> NDArray[np.float64]:
    """(U, ...) what the images (N, ...) of each unit add up to."""
    found = np.zeros((count_of(units), *sums.shape[1:]))
    np.add.at(found, units, sums)
    return found


def ratio_by_unit(ratio: Ratio, units: Units) -> Ratio:
    """(U, K) of (N, K)."""
    return Ratio(by_unit(ratio.part, units), by_unit(ratio.whole, units))

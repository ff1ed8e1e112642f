"""Whether pictures have an up and a down, by how their objects lie."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LEAST_AREA = 20
"""Pixels of an object whose direction can be told."""
LEAST_LENGTH = 0.2
"""Difference of the variances along and across it, over their sum: an ellipse of 1.22 to 1."""
FEWEST = 50
"""Objects that have to tell."""
ALIGNED, CROSSED = 0.4, 0.45
"""Length of the mean direction, 0–1, from which on objects lie alike, or along two axes at right angles, as a medley of
standing and lying things does. Cells of a few pictures may lie alike by chance (0.26 was seen), people who stand have
0.99; small objects follow the rows and columns of pixels (0.2), a medley has 0.58."""


def lie_any_way(instances: Iterable[NDArray[np.int32]]) -> bool:
    """Whether objects lie in every direction, as cells do, while people stand and cars lie.

    Directions are doubled before their mean is taken, so that both ends of an object count alike (Mardia, Directional
    Statistics), and doubled once more, so that standing and lying objects together are no medley.

    Args:
        instances: (H, W) numbers of objects, 0 where there is none, of several pictures.
    """
    directions = np.concatenate([np.empty(0, np.complex128), *map(_directions, instances)])
    length = np.abs(directions)
    told = directions[length > LEAST_LENGTH] / length[length > LEAST_LENGTH]
    if len(told) < FEWEST:
        return False
    return bool(abs(told.mean()) < ALIGNED and abs((told**2).mean()) < CROSSED)


def _directions(instances: NDArray[np.int32]) -> NDArray[np.complex128]:
    """Of each object: the doubled direction of its longer axis, as long as it is long rather than round, 0–1."""
    y, x = np.nonzero(instances)
    _, own = np.unique(instances[y, x], return_inverse=True)
    area = np.bincount(own).astype(np.float64)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(own, weights=values) / area

    from_x, from_y = x - mean(x.astype(np.float64))[own], y - mean(y.astype(np.float64))[own]
    across, down, both = mean(from_x**2), mean(from_y**2), mean(from_x * from_y)
    large = area >= LEAST_AREA
    doubled = (across - down).astype(np.complex128) + 2j * both
    return np.asarray((doubled / np.maximum(across + down, 1e-9))[large], np.complex128)

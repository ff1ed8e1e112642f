"""The normalised cut between patches of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import mean_colours, patches

PATCHES = 250
REACH = 0.15
"""Patches are tied the less the farther they lie apart: so many longer sides are one standard deviation."""
TRIALS = 32
"""Places between the lowest and the highest value at which the vector is split."""


def part(picture: Picture, *, likeness: float) -> Mask:
    """One side of the normalised cut.

    Args:
        likeness: difference of colour, in units of CIELAB, that is one standard deviation of the ties.
    """
    regions = patches(picture, PATCHES)
    if regions.max() == 0:
        return np.zeros(picture.size, bool)
    ties = _ties(picture, regions, likeness)
    degree = ties.sum(axis=1)
    root = 1 / np.sqrt(degree)
    _, vectors = np.linalg.eigh(np.eye(len(ties)) - root[:, None] * ties * root)
    vector = vectors[:, 1] * root
    cuts = np.linspace(vector.min(), vector.max(), TRIALS + 2)[1:-1]
    best = min(cuts, key=lambda cut: _cost(ties, degree, vector > cut))
    side: Mask = (vector > best)[regions]
    return side


def _ties(picture: Picture, regions: NDArray[np.int64], likeness: float) -> NDArray[np.float64]:
    """(R, R): how much two patches belong together, 0–1."""
    colours = mean_colours(regions, picture.lab)
    flat, counts = regions.ravel(), np.bincount(regions.ravel())
    places = np.stack([np.bincount(flat, one.ravel()) / counts for one in np.indices(picture.size)], axis=1)
    apart, away = (((values[:, None] - values[None]) ** 2).sum(axis=2) for values in (colours, places))
    reach = REACH * max(picture.size)
    ties: NDArray[np.float64] = np.exp(-apart / (2 * likeness**2) - away / (2 * reach**2))
    return np.maximum(ties, 1e-9)


def _cost(ties: NDArray[np.float64], degree: NDArray[np.float64], side: NDArray[np.bool_]) -> float:
    """Ties that are cut, as shares of all ties of either side, summed (equation 2 of the paper)."""
    if side.all() or not side.any():
        return np.inf
    cut = ties[side][:, ~side].sum()
    return float(cut / degree[side].sum() + cut / degree[~side].sum())


METHOD = Method(
    name="normalised-cut",
    title="Normalised cut",
    how="Splits small patches into two groups so that the ties cut are few, measured by all the ties of each group.",
    source="J. Shi, J. Malik: Normalized cuts and image segmentation. 2000.",
    choices={"likeness": (8.0, 16.0)},
    part=part,
)

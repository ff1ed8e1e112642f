"""Mean shift of colours."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.kmeans import Colours
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import PLANES, brighter_regions

ROUNDS = 30
CELLS = 2.0
"""Colours are counted in cubes of the bandwidth's side divided by that."""
STILL = 0.01
"""A shift by less than so many bandwidths is none."""


def part(picture: Picture, *, bandwidth: float, plane: str) -> Mask:
    """The ones, brighter in a plane, of the groups whose colours climb to one peak.

    Args:
        bandwidth: radius of what is averaged, in units of CIELAB.
    """
    cubes = np.floor(picture.lab.reshape(-1, 3).astype(np.float64) * (CELLS / bandwidth))
    corners, numbers, counts = np.unique(cubes, axis=0, return_inverse=True, return_counts=True)
    peaks = _climb((corners + 0.5) * (bandwidth / CELLS), counts, bandwidth)
    groups = _joined(peaks, bandwidth / 2)
    return brighter_regions(groups[numbers.ravel()].reshape(picture.size), picture.plane(plane))


def _climb(colours: Colours, counts: np.ndarray[tuple[int], np.dtype[np.int64]], bandwidth: float) -> Colours:
    """Where every colour comes to rest: it goes to the mean of those within the bandwidth, again and again."""
    places = colours.copy()
    for _ in range(ROUNDS):
        # |a - b|² by way of products, so that no array of all pairs times three is made.
        distances = (places**2).sum(1)[:, None] + (colours**2).sum(1) - 2 * places @ colours.T
        near = (distances <= bandwidth**2 + 1e-6) * counts
        total = near.sum(axis=1, keepdims=True)
        means = np.where(total > 0, near @ colours / np.maximum(total, 1), places)
        moved = float(np.abs(means - places).max())
        places = means
        if moved < STILL * bandwidth:
            break
    return places


def _joined(peaks: Colours, radius: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(K,) numbers of groups: peaks that lie within ``radius`` of one that came before are of its group."""
    groups = np.full(len(peaks), -1, np.int64)
    found = 0
    while (groups < 0).any():
        first = peaks[int(np.argmin(groups))]
        near = ((peaks - first) ** 2).sum(axis=1) <= radius**2
        groups[near & (groups < 0)] = found
        found += 1
    return groups


METHOD = Method(
    name="mean-shift",
    title="Mean shift",
    how="Lets every colour climb to where colours are most frequent around it; those that meet are one group.",
    source="D. Comaniciu, P. Meer: Mean shift, a robust approach toward feature space analysis. 2002.",
    choices={"bandwidth": (12.0, 8.0, 20.0), "plane": PLANES},
    part=part,
)

"""k-means of colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import PLANES, brighter_regions

Colours = NDArray[np.float64]
"""(N, 3)."""

ROUNDS = 20


def part(picture: Picture, *, groups: float, plane: str) -> Mask:
    """The ones, brighter in a plane, of so many groups of like colour."""
    colours = picture.lab.reshape(-1, 3).astype(np.float64)
    numbers = cluster(colours, int(groups), picture.seed).reshape(picture.size)
    return brighter_regions(numbers, picture.plane(plane))


def cluster(colours: Colours, groups: int, seed: int) -> NDArray[np.int64]:
    """(N,) numbers of groups from 0, by at most ``ROUNDS`` rounds of Lloyd's algorithm; some may be empty."""
    from scipy.cluster.vq import vq

    means = _apart(colours, groups, np.random.default_rng(seed))
    numbers: NDArray[np.int64] = vq(colours, means)[0].astype(np.int64)
    for _ in range(ROUNDS):
        counts = np.bincount(numbers, minlength=len(means))
        held = counts > 0  # a group that lost all its colours keeps its mean
        sums = np.stack([np.bincount(numbers, colours[:, c], len(means)) for c in range(3)], axis=1)
        means[held] = sums[held] / counts[held, None]
        before, numbers = numbers, vq(colours, means)[0].astype(np.int64)
        if np.array_equal(before, numbers):
            break
    return numbers


def _apart(colours: Colours, groups: int, generator: np.random.Generator) -> Colours:
    """Colours to begin with, drawn the likelier the farther they are from those drawn before (k-means++)."""
    chosen = [colours[generator.integers(len(colours))]]
    nearest = ((colours - chosen[0]) ** 2).sum(axis=1)
    while len(chosen) < groups and nearest.sum() > 0:
        chosen.append(colours[generator.choice(len(colours), p=nearest / nearest.sum())])
        nearest = np.minimum(nearest, ((colours - chosen[-1]) ** 2).sum(axis=1))
    return np.array(chosen)


METHOD = Method(
    name="k-means",
    title="k-means",
    how="Sorts the pixels into a few groups of like colour, moving the mean of each group until nothing changes.",
    source="S. Lloyd: Least squares quantization in PCM. 1982.",
    choices={"groups": (2.0, 3.0, 4.0), "plane": PLANES},
    part=part,
)

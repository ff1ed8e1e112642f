"""Random walkers from seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture, Plane
from pixelwise.baselines.seeds import WAYS, Seeds, find_seeds

Chances = NDArray[np.float64]

LEAST = 1e-4
"""Every step has at least that weight: no pixel is out of reach, and the equations stay solvable."""


def part(picture: Picture, *, seeds: str, caution: float) -> Mask:
    """Pixels from which a walker is likelier to come to inner seeds first.

    Args:
        caution: β of the paper, for brightness 0–1: a step over a difference d has the weight exp(-β·d²).
    """
    return first_inside(picture.smooth("grey", 1.0), find_seeds(picture, seeds), caution) > 0.5


def first_inside(plane: Plane, seeds: Seeds, caution: float) -> Chances:
    """(h, w): probability 0–1 that a walker from a pixel comes to inner seeds before outer ones.

    It is the mean of its neighbours', weighted by the steps, wherever there is no seed (equation 10).
    """
    from scipy.sparse import coo_array, csc_array
    from scipy.sparse.linalg import spsolve

    numbers = np.arange(plane.size).reshape(plane.shape)
    starts, ends, weights = [], [], []
    for axis in (0, 1):
        one, other = (np.delete(numbers, end, axis).ravel() for end in (-1, 0))
        step = np.diff(plane.astype(np.float64), axis=axis).ravel()
        weight = np.exp(-caution * step**2) + LEAST
        starts += [one, other]
        ends += [other, one]
        weights += [weight, weight]
    links = np.concatenate(weights), (np.concatenate(starts), np.concatenate(ends))
    graph = coo_array(links, shape=(plane.size, plane.size)).tocsr()
    known = (seeds.inside | seeds.outside).ravel()
    chances = seeds.inside.ravel().astype(np.float64)
    if not known.all():
        unknown = ~known
        rows = graph[unknown]
        degree = rows.sum(axis=1)
        between = rows[:, unknown]
        system = csc_array(coo_array((degree, (np.arange(len(degree)),) * 2)) - between)
        chances[unknown] = spsolve(system, rows[:, known] @ chances[known], permc_spec="MMD_AT_PLUS_A")
    first: Chances = chances.reshape(plane.shape)
    return first


METHOD = Method(
    name="random-walker",
    title="Random walker",
    how="Asks for every pixel which seed a walker who shuns edges is likely to come to first.",
    source="L. Grady: Random walks for image segmentation. 2006.",
    choices={"seeds": WAYS, "caution": (1000.0, 10000.0)},
    part=part,
)

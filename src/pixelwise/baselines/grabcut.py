"""Cuts that learn the colours of both sides from the cut before."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.cuts import Costs, contrast_costs, minimum_cut
from pixelwise.baselines.kmeans import Colours, cluster
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import find_seeds, margin

ROUNDS = 4
MIXED = 5
"""Gaussians that each side is a mixture of."""
SMOOTHNESS = 50.0
_FEWEST = 10
"""Pixels without which a side has no colours to learn."""
_MOST = 5000
"""About as many pixels, spread evenly, tell a side's colours."""
_NOISE = 1.0
"""Added to variances, in squared units of CIELAB, so that an even side has some width."""


def part(picture: Picture, *, start: str) -> Mask:
    """The sides that cuts settle on, begun from all but the margin ("margin"), or from Otsu's sides ("otsu").

    In the first case the margin stays background.
    """
    if start == "margin":
        fixed = margin(picture.size)
        inside = ~fixed
    else:
        fixed = np.zeros(picture.size, bool)
        seeds = find_seeds(picture, start)
        inside = ~seeds.outside
    colours = picture.lab.astype(np.float64)
    links = contrast_costs(picture.lab, SMOOTHNESS)
    for _ in range(ROUNDS):
        if min(np.count_nonzero(inside), np.count_nonzero(~inside)) < _FEWEST:
            break
        costs, other = (_surprise(colours, side, picture.seed) for side in (inside, ~inside))
        costs[fixed] = np.inf
        before, inside = inside, minimum_cut(costs, other, *links)
        if np.array_equal(before, inside):
            break
    return inside


def _surprise(colours: Colours, side: Mask, seed: int) -> Costs:
    """(h, w): -log of the likeliest Gaussian's density, its share in the side counted, in units of CIELAB.

    The Gaussians are those of k-means groups: every pixel belongs to one of them, as in the paper.
    """
    members = colours[side]
    members = members[:: 1 + len(members) // _MOST]
    numbers = cluster(members, MIXED, seed)
    flat = colours.reshape(-1, 3)
    best = np.full(len(flat), np.inf)
    for number in np.unique(numbers):
        group = members[numbers == number]
        offset = group - group.mean(axis=0)
        covariance = offset.T @ offset / len(group) + _NOISE * np.eye(3)
        away = flat - group.mean(axis=0)
        distance = ((away @ np.linalg.inv(covariance)) * away).sum(axis=1)
        width = float(np.linalg.slogdet(covariance)[1])
        best = np.minimum(best, 0.5 * (distance + width) - np.log(len(group) / len(members)))
    return best.reshape(side.shape)


METHOD = Method(
    name="grabcut",
    title="GrabCut",
    how="Cuts such a graph several times, and after each cut learns anew which colours either side is mixed of.",
    source="C. Rother, V. Kolmogorov, A. Blake: GrabCut. 2004.",
    choices={"start": ("margin", "otsu")},
    part=part,
    slow=True,
)

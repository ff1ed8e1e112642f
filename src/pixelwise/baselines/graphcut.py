"""One cut through a graph of pixels, by the colours of seeds."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.cuts import Costs, contrast_costs, minimum_cut
from pixelwise.baselines.kmeans import cluster
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import WAYS, find_seeds

SHADES = 32
"""Groups of colours in which the seeds' colours are counted."""


def part(picture: Picture, *, seeds: str, smoothness: float) -> Mask:
    """The cheapest labelling in which seeds stay what they are; parting two pixels costs up to ``smoothness``."""
    start = find_seeds(picture, seeds)
    shades = cluster(picture.lab.reshape(-1, 3).astype(np.float64), SHADES, picture.seed)
    inside, outside = (_surprise(shades, side) for side in (start.inside, start.outside))
    inside[start.outside] = np.inf
    outside[start.inside] = np.inf
    return minimum_cut(inside, outside, *contrast_costs(picture.lab, smoothness))


def _surprise(shades: np.ndarray[tuple[int], np.dtype[np.int64]], side: Mask) -> Costs:
    """(h, w): -log of how often a pixel's shade is among the seeds; one is added to every count."""
    counts = np.bincount(shades[side.ravel()], minlength=SHADES) + 1.0
    costs: Costs = -np.log(counts / counts.sum())[shades].reshape(side.shape)
    return costs


METHOD = Method(
    name="graph-cut",
    title="Graph cut",
    how="Ties neighbours to each other and every pixel to object and background, and cuts the ties that cost least.",
    source="Y. Boykov, M.-P. Jolly: Interactive graph cuts for optimal boundary and region segmentation. 2001.",
    choices={"seeds": WAYS, "smoothness": (10.0, 30.0)},
    part=part,
    slow=True,
)

"""Growing a region from seeds."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import WAYS, find_seeds

ROUNDS = 10


def part(picture: Picture, *, seeds: str, tolerance: float) -> Mask:
    """What hangs together with the inner seeds and has a colour near the region's mean.

    Args:
        tolerance: distance to the mean, in units of CIELAB.
    """
    from scipy.ndimage import gaussian_filter, label

    colours = gaussian_filter(picture.lab, (1.0, 1.0, 0.0))
    start = find_seeds(picture, seeds).inside
    region = start
    for _ in range(ROUNDS):
        distance = np.linalg.norm(colours - colours[region].mean(axis=0), axis=2)
        parts, _count = label((distance <= tolerance) | start)
        grown = np.isin(parts, np.unique(parts[start]))
        if np.array_equal(grown, region):
            break
        region = grown
    return region


METHOD = Method(
    name="region-growing",
    title="Region growing",
    how="Begins with seeds and takes in their neighbours for as long as these are near the region's mean colour.",
    source="R. Adams, L. Bischof: Seeded region growing. 1994.",
    choices={"seeds": WAYS, "tolerance": (20.0, 12.0, 30.0)},
    part=part,
)

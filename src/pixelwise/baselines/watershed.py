"""Watersheds of the picture's edges."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import WAYS, find_seeds


def part(picture: Picture, *, seeds: str, blur: float) -> Mask:
    """What is flooded from the inner seeds, where edges after a blur of ``blur`` pixels are the hills."""
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.segmentation import watershed

    hills = np.max([gaussian_gradient_magnitude(picture.lab[..., c], blur) for c in range(3)], axis=0)
    side: Mask = watershed(hills, find_seeds(picture, seeds).markers) == 2
    return side


METHOD = Method(
    name="watershed",
    title="Watershed",
    how="Takes edges for hills and floods them from seeds in object and background; the outline is where waters meet.",
    source="L. Vincent, P. Soille: Watersheds in digital spaces. 1991.",
    choices={"seeds": WAYS, "blur": (2.0, 1.0)},
    part=part,
)

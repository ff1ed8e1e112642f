"""Active contours without edges."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import WAYS, find_seeds

ROUNDS = 80
SMOOTHING = 2


def part(picture: Picture, *, seeds: str, plane: str) -> Mask:
    """The inside of the outline that begins around inner seeds, in its morphological form (Márquez-Neila 2014)."""
    from skimage.segmentation import morphological_chan_vese

    start = find_seeds(picture, seeds).inside.astype(np.int8)
    inside = morphological_chan_vese(picture.plane(plane), ROUNDS, init_level_set=start, smoothing=SMOOTHING)
    side: Mask = inside.astype(bool)
    return side


METHOD = Method(
    name="chan-vese",
    title="Chan–Vese",
    how="Moves an outline until brightness is as even as can be inside it and outside it; edges play no part.",
    source="T. Chan, L. Vese: Active contours without edges. 2001.",
    choices={"seeds": WAYS, "plane": ("grey", "blue")},
    part=part,
    slow=True,
)

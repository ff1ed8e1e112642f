"""Edges, closed and filled."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture

LOW, HIGH = 0.85, 0.95
"""Edges begin where the change is steeper than at that share of all pixels (HIGH), and go on down to LOW."""


def part(picture: Picture, *, blur: float, gap: float) -> Mask:
    """What edges enclose after gaps of up to about twice ``gap`` pixels are closed, edges being sought after a blur."""
    from scipy.ndimage import binary_dilation, binary_erosion, binary_fill_holes
    from skimage.feature import canny
    from skimage.morphology import disk

    found = canny(picture.grey.astype(np.float64), blur, LOW, HIGH, use_quantiles=True)
    reach = int(gap)
    around = disk(reach)
    room = np.pad(found, reach)
    filled = binary_fill_holes(binary_dilation(room, around))
    side: Mask = binary_erosion(filled, around)[reach:-reach, reach:-reach]
    return side


METHOD = Method(
    name="edges",
    title="Edges",
    how="Finds sharp changes of brightness, closes the gaps between them and fills what they enclose.",
    source="J. Canny: A computational approach to edge detection. 1986.",
    choices={"blur": (1.5, 3.0), "gap": (8.0, 4.0)},
    part=part,
)

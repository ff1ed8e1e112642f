"""Active contours that rest at edges."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import margin, middle

SMOOTHING = 1
EDGE_WEIGHT = 1000.0
RESTING = 0.7
"""Share of the pixels, the flattest ones, over which the outline moves on."""


def part(picture: Picture, *, start: str, blur: float) -> Mask:
    """The inside of an outline that shrinks from the margin ("margin") or grows from the middle ("middle")."""
    from skimage.segmentation import inverse_gaussian_gradient, morphological_geodesic_active_contour

    flat = inverse_gaussian_gradient(picture.grey.astype(np.float64), alpha=EDGE_WEIGHT, sigma=blur)
    begin = ~margin(picture.size) if start == "margin" else middle(picture.size)
    inside = morphological_geodesic_active_contour(
        flat,
        max(picture.size) // 2,
        init_level_set=begin.astype(np.int8),
        smoothing=SMOOTHING,
        balloon=-1 if start == "margin" else 1,
        threshold=float(np.quantile(flat, 1 - RESTING)),
    )
    side: Mask = inside.astype(bool)
    return side


METHOD = Method(
    name="active-contour",
    title="Active contour",
    how="Lets an outline shrink or grow like a balloon until it comes to rest at edges.",
    source="V. Caselles, R. Kimmel, G. Sapiro: Geodesic active contours. 1997.",
    choices={"start": ("margin", "middle"), "blur": (3.0, 1.5)},
    part=part,
    slow=True,
)

"""Efficient graph-based segmentation."""

from __future__ import annotations

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import PLANES, brighter_regions


def part(picture: Picture, *, coarseness: float, plane: str) -> Mask:
    """The brighter regions in a plane; the higher ``coarseness``, the larger they are (k of the paper)."""
    from skimage.segmentation import felzenszwalb

    fewest = max(2, picture.rgb[..., 0].size // 1000)
    regions = felzenszwalb(picture.rgb, scale=coarseness, sigma=1.0, min_size=fewest, channel_axis=-1)
    return brighter_regions(regions, picture.plane(plane))


METHOD = Method(
    name="felzenszwalb",
    title="Felzenszwalb–Huttenlocher",
    how="Joins neighbouring regions where the step between them is no larger than the steps within each.",
    source="P. Felzenszwalb, D. Huttenlocher: Efficient graph-based image segmentation. 2004.",
    choices={"coarseness": (100.0, 300.0), "plane": PLANES},
    part=part,
)

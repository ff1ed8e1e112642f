"""Otsu's threshold."""

from __future__ import annotations

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import otsu_side


def part(picture: Picture, *, plane: str, blur: float) -> Mask:
    """Above Otsu's threshold of a plane after a blur of ``blur`` pixels."""
    return otsu_side(picture.smooth(plane, blur))


METHOD = Method(
    name="otsu",
    title="Otsu's threshold",
    how="Finds the brightness that splits the pixels into two groups, each as even in itself as can be.",
    source="N. Otsu: A threshold selection method from gray-level histograms. 1979.",
    choices={"plane": ("grey", "blue", "saturation", "main"), "blur": (2.0, 0.5)},
    part=part,
)

"""A threshold that follows the brightness around."""

from __future__ import annotations

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture


def part(picture: Picture, *, window: float, offset: float) -> Mask:
    """Brighter than the mean around and ``offset`` more (0–1).

    Args:
        window: standard deviation of the Gaussian that means are taken with, as a share of the shorter side.
    """
    around = picture.smooth("grey", window * min(picture.size))
    side: Mask = picture.smooth("grey", 1.0) > around + offset
    return side


METHOD = Method(
    name="adaptive",
    title="Adaptive threshold",
    how="Compares every pixel with the mean brightness around it, so that a shadow over the picture does no harm.",
    source="D. Bradley, G. Roth: Adaptive thresholding using the integral image. 2007.",
    choices={"window": (0.25, 0.1, 0.5), "offset": (0.0, -0.03, 0.03)},
    part=part,
)

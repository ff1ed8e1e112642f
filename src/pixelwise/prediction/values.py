"""Pixel values to network input."""

from __future__ import annotations

from torch import Tensor

from pixelwise.recipe import Values

PADDING = (128, 128, 128)
"""What the frame holds beside the image, 0–255: the middle of the range, which is near 0 after normalisation."""


def normalise(pixels: Tensor, values: Values) -> Tensor:
    """(N, 3, h, w) uint8 to float32: (value / maximum - mean) / std."""
    gain = 1 / (values.maximum * values.std)
    return pixels.float().mul_(gain).sub_(values.mean / values.std)

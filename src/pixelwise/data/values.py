"""An image's values, before they become network input."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pixelwise.recipe import Values
from pixelwise.types import RGB8, PixelFormat, Pixels

SPAN = (1.0, 99.8)
"""Percentiles of an image between which it is said to lie, as CSBDeep and StarDist have them."""
_SAMPLE = 1_000_000
"""Pixels of an image that tell percentiles of all; values that are stretched at a time."""


def padding(values: Values) -> tuple[float, ...]:
    """What a frame holds beside the image, by channel: the value whose input is nearest to 0."""
    middle = values.minimum + values.mean * values.span
    if values.dtype == "float32":
        return (middle,) * values.channels
    limits = np.iinfo(values.dtype)
    return (float(min(max(round(middle), limits.min), limits.max)),) * values.channels


def stretched(pixels: Pixels, values: Values) -> Pixels:
    """(H, W, C) of the same dtype, in which ``SPAN`` of the image fills the range of ``values``.

    Colours are stretched together and keep their hue, other channels each by itself. An image whose span is smaller
    than ``values.stretch`` is stretched as if it were that, so that an empty one does not become all noise; where that
    is 0 nothing is changed.
    """
    if not values.stretch:
        return pixels
    low, high = span_of(pixels)
    factor = values.span / np.maximum(high - low, values.stretch)
    found = np.empty_like(pixels)
    rows = max(1, _SAMPLE // pixels[0].size)
    for top in range(0, len(pixels), rows):  # fractions of a whole image would need several times its memory
        part = (pixels[top : top + rows] - low) * factor + values.minimum
        part = np.clip(part, values.minimum, values.maximum)
        found[top : top + rows] = part if values.dtype == "float32" else np.rint(part)
    return found


def span_of(pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``SPAN`` of an image (H, W, C), by channel or of its colours together: (C,) or (1,) each."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // _SAMPLE))
    some = pixels[::step, ::step]
    some = some.reshape(-1, 1 if PixelFormat.of(pixels) == RGB8 else pixels.shape[2])
    low, high = np.percentile(some, SPAN, axis=0).astype(np.float32)
    return low, high

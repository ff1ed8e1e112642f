"""Pixel values to network input, and to what people can look at."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pixelwise.errors import DataError
from pixelwise.recipe import Values
from pixelwise.types import RGB8, Image, PixelFormat, Pixels


def normalise(pixels: Tensor, values: Values) -> Tensor:
    """(N, C, h, w) of the values' dtype to float32: the share of the range, less its mean, over its deviation."""
    shares = pixels.to(torch.float32, copy=True)
    if not _holds_all(values):
        shares = shares.clamp_(values.minimum, values.maximum)
    if values.minimum:
        shares = shares.sub_(values.minimum)
    return shares.mul_(1 / (values.span * values.std)).sub_(values.mean / values.std)


def viewable(pixels: Pixels, values: Values) -> Image:
    """(H, W, C) pixels as a picture (H, W, 3) uint8.

    RGB of 8 bits is given as it is. Else the range of ``values`` becomes 0–255; one channel is shown grey, two as red
    and green, and of several the first three as red, green and blue.
    """
    if PixelFormat.of(pixels) == RGB8 and _holds_all(values):
        return pixels.astype(np.uint8, copy=False)
    shown = pixels[..., : min(3, pixels.shape[2])].astype(np.float32)
    shares = (np.clip(shown, values.minimum, values.maximum) - values.minimum) / values.span
    levels = np.rint(shares * 255).astype(np.uint8)
    if levels.shape[2] == 1:
        return np.repeat(levels, 3, axis=2)
    blank = np.zeros((*levels.shape[:2], 3 - levels.shape[2]), np.uint8)
    return np.concatenate([levels, blank], axis=2)


def check_format(found: PixelFormat, values: Values, about: object) -> None:
    """Raise :class:`DataError` if ``about``, what was found to hold that, is not what the model was trained on."""
    if found != values.pixel_format:
        raise DataError(
            f"{about} is {found}, but the model was trained on {values.pixel_format}; "
            "give images like those that it was trained on."
        )


def _holds_all(values: Values) -> bool:
    """Whether no value lies outside the range, so that nothing has to be held to it."""
    if values.dtype == "float32":
        return False
    limits = torch.iinfo(getattr(torch, values.dtype))
    return bool(values.minimum <= limits.min and values.maximum >= limits.max)

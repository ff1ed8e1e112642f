"""Reading image files into arrays, upright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.data.pictures import laid_on, opened, raw_mode, upright
from pixelwise.errors import DataError
from pixelwise.types import Image


def read_image(path: Path) -> Image:
    """Read an image as the person who made it sees it: (H, W, 3) uint8 sRGB, EXIF rotation applied.

    Raises:
        DataError: no such file, no image, cut short, enormous, animated, or more than 8 bits a channel.
    """
    with opened(path, load=False) as picture:
        # Pillow reduces 16-bit colour to 8 bits in silence; only the raw mode tells.
        if picture.mode.startswith(("I", "F")) or ";16" in raw_mode(picture):
            raise DataError(f"{path} holds more than 8 bits a channel; save it as an 8-bit PNG.")
        picture.load()
        return picture_to_array(picture)


def picture_to_array(picture: PIL.Image.Image) -> Image:
    """A Pillow picture as it is seen: (H, W, 3) uint8 sRGB, EXIF rotation applied, laid on white.

    Raises:
        DataError: more than 8 bits a channel.
    """
    if picture.mode.startswith(("I", "F")):
        raise DataError(
            f"the picture holds more than 8 bits a channel (mode {picture.mode}); convert it to RGB first."
        )
    return np.asarray(laid_on("white", upright(picture)).convert("RGB"))

"""Images from wherever they come, as the pixels that a model takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.data.images import picture_to_pixels, read_image
from pixelwise.errors import DataError
from pixelwise.prediction.values import check_format
from pixelwise.recipe import Values
from pixelwise.types import RGB8, PixelFormat, Pixels

ImageSource = str | Path | PIL.Image.Image | Pixels


def to_pixels(source: ImageSource, values: Values) -> Pixels:
    """Any image source as pixels (H, W, C) of the format that ``values`` name.

    Raises:
        DataError: an image that cannot be read, or of another format.
    """
    if isinstance(source, str | Path):
        found, about = read_image(Path(source)), str(source)
    elif isinstance(source, PIL.Image.Image):
        found, about = picture_to_pixels(source), "the picture"
    else:
        return _checked_array(source, values)
    check_format(PixelFormat.of(found), values, about)
    return found


def _checked_array(array: Pixels, values: Values) -> Pixels:
    channels = values.channels
    shaped = array[..., None] if array.ndim == 2 and channels == 1 else array
    if (
        shaped.ndim != 3
        or shaped.shape[2] != channels
        or 0 in shaped.shape
        or array.dtype.name != values.dtype
    ):
        order = " in RGB order" if values.pixel_format == RGB8 else ""
        raise DataError(
            f"the array is {array.dtype} {array.shape}; give (height, width, {channels}) {values.dtype}{order}."
        )
    if values.dtype == "float32" and not np.isfinite(shaped).all():
        raise DataError("the array holds values that are no finite numbers; replace them, by 0 for instance.")
    return shaped if shaped.dtype.isnative else shaped.astype(values.dtype)

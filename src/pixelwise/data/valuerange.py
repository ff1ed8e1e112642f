"""The range in which the values of a data set lie."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset
from pixelwise.data.images import read_image
from pixelwise.types import RGB8, PixelFormat, PixelType, Sample

IMAGES = 50
"""As many images, spread evenly, tell the range of all."""
PERCENTILES = (0.1, 99.9)
"""A few values that are far off (hot pixels, markers, what is beyond the field of view) tell nothing."""
_VALUES = 100_000


@dataclass(frozen=True)
class ValueRange:
    """What the images of a data set hold.

    Attributes:
        pixels: their format.
        minimum, maximum: between these lie nearly all values, rounded outwards.
        images: how many were decoded to find them; 0 where the dtype tells.
    """

    pixels: PixelFormat
    minimum: float
    maximum: float
    images: int


BYTES = ValueRange(RGB8, 0.0, 255.0, 0)
"""Of pictures of 8 bits."""


def find_value_range(dataset: Dataset) -> ValueRange:
    """The range of a data set's values; all that a byte holds for uint8, else what a sample of its images holds.

    Raises:
        DataError: an image of the sample that cannot be read.
    """
    pixels = dataset.pixel_format
    if pixels.dtype == "uint8":
        return ValueRange(pixels, BYTES.minimum, BYTES.maximum, 0)
    count = min(IMAGES, len(dataset))
    chosen = [dataset.samples[index * len(dataset) // count] for index in range(count)]
    with ThreadPoolExecutor() as pool:
        values = np.concatenate(list(pool.map(_some_values, chosen)))
    low, high = (float(value) for value in np.percentile(values, PERCENTILES))
    return ValueRange(pixels, *rounded_outwards(low, high, pixels.dtype), count)


def rounded_outwards(low: float, high: float, dtype: PixelType) -> tuple[float, float]:
    """A range that holds ``low`` and ``high``, its ends multiples of a tenth of its power of ten, and in ``dtype``.

    >>> rounded_outwards(13, 3987, "uint16")
    (0.0, 4000.0)
    >>> rounded_outwards(-1024, 1530, "int16")
    (-1100.0, 1600.0)
    >>> rounded_outwards(0.0132, 0.8719, "float32")
    (0.01, 0.88)
    """
    span = high - low
    if span <= 0:
        span = max(abs(high), 1.0)
        high = low + span
    digits = 1 - math.floor(math.log10(span))
    step = 10.0**-digits
    low = round(math.floor(low / step) * step, max(digits, 0))
    high = round(math.ceil(high / step) * step, max(digits, 0))
    if dtype == "float32":
        return low, high
    limits = np.iinfo(dtype)
    return float(max(math.floor(low), limits.min)), float(min(math.ceil(high), limits.max))


def _some_values(sample: Sample) -> NDArray[np.float32]:
    """Values of every channel of an image, from a grid of its pixels where it has many: (N,) float32."""
    pixels = read_image(sample.image)
    step = max(1, math.isqrt(pixels.size // _VALUES))
    return pixels[::step, ::step].astype(np.float32).ravel()

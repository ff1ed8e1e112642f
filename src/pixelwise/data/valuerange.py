"""The range in which the values of a data set lie."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size, read_image
from pixelwise.data.values import span_of
from pixelwise.types import RGB8, PixelFormat, PixelType, Sample

IMAGES = 50
"""As many images, spread evenly, tell the range of all."""
PERCENTILES = (0.1, 99.9)
"""A few values that are far off (hot pixels, markers, what is beyond the field of view) tell nothing."""
_VALUES = 100_000
PIXELS = 20_000_000
"""Of images of bytes or words whose spans are compared, about: reading larger ones takes its time."""
FEWEST = 8
"""Images whose spans are compared at least, where there are so many."""
UNLIKE = 2.0
"""How many times as wide as narrow ones (the 10th percentile) the span of wide images (the 90th) is where brightness
says little: 2.5 to 3.4 of nuclei in fluorescence, 1.1 to 1.9 of photographs, streets and skin …"""
USED = 0.5
"""… and the share of the range that most of them use less of: 0.3 of nuclei, 0.6 to 1 of the others."""


@dataclass(frozen=True)
class ValueRange:
    """What the images of a data set hold.

    Attributes:
        pixels: their format.
        minimum, maximum: between these lie nearly all values, rounded outwards.
        images: how many were decoded to find them; 0 where the dtype tells.
        stretch: half of the span (:data:`~pixelwise.data.values.SPAN`) of the narrowest image that is not blank, where
            the spans of images are ``UNLIKE`` and most use little of the range, so that each should be stretched;
            else 0.
    """

    pixels: PixelFormat
    minimum: float
    maximum: float
    images: int
    stretch: float = 0.0


BYTES = ValueRange(RGB8, 0.0, 255.0, 0)
"""Of pictures of 8 bits."""


def find_value_range(dataset: Dataset) -> ValueRange:
    """The range of a data set's values; all that a byte holds for uint8, else what a sample of its images holds.

    Values with a sign or fractions have a meaning of their own (Hounsfield units, shares) and are not to be stretched.

    Raises:
        DataError: an image of the sample that cannot be read.
    """
    pixels = dataset.pixel_format
    if pixels.dtype == "uint8":
        return ValueRange(pixels, BYTES.minimum, BYTES.maximum, 0, _stretch(dataset, BYTES.maximum))
    chosen = dataset.evenly(IMAGES).samples
    with ThreadPoolExecutor() as pool:
        values = np.concatenate(list(pool.map(_some_values, chosen)))
    low, high = (float(value) for value in np.percentile(values, PERCENTILES))
    low, high = rounded_outwards(low, high, pixels.dtype)
    stretch = _stretch(dataset, high - low) if pixels.dtype == "uint16" else 0.0
    return ValueRange(pixels, low, high, len(chosen), stretch)


def _stretch(dataset: Dataset, whole: float) -> float:
    """As in :class:`ValueRange`, where the range is ``whole`` wide."""
    height, width = image_size(dataset.samples[0].image)
    chosen = dataset.evenly(min(IMAGES, max(FEWEST, PIXELS // (height * width)))).samples
    if len(chosen) < FEWEST:
        return 0.0
    with ThreadPoolExecutor() as pool:
        spans = np.array([span for span in pool.map(_span, chosen) if span > 0])
    if not len(spans):
        return 0.0
    narrow, usual, wide = np.percentile(spans, (10, 50, 90))
    if wide < UNLIKE * narrow or usual > USED * whole:
        return 0.0
    return float(f"{spans.min() / 2:.2g}")


def _span(sample: Sample) -> float:
    """The widest span of an image's channels."""
    low, high = span_of(read_image(sample.image))
    return float((high - low).max())


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

"""The range of a data set's values, and sets whose images are not of one kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset, check_pairs
from pixelwise.data.layouts import paired
from pixelwise.data.valuerange import find_value_range, rounded_outwards
from pixelwise.errors import DataError
from pixelwise.types import PixelFormat, Pixels, PixelType


def dataset(root: Path, *images: Pixels) -> Dataset:
    """A data set of these arrays."""
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    for index, image in enumerate(images):
        np.save(root / "images" / f"{index:03}.npy", image)
        mask = np.zeros(image.shape[:2], np.uint8)
        mask[0, 0] = 255
        PIL.Image.fromarray(mask).save(root / "masks" / f"{index:03}.png")
    return paired.read(root)


def ramp(top: int) -> NDArray[np.uint16]:
    """100 × 100 pixels from 0 to ``top``, evenly."""
    return np.linspace(0, top, 10_000).round().astype(np.uint16).reshape(100, 100, 1)


def test_a_few_values_that_are_far_off_tell_nothing(tmp_path: Path) -> None:
    """Of 10,000 values nine are hot: the 99.9th percentile, the 9990th, is still one of the ramp's."""
    image = ramp(3000)
    image.ravel()[-9:] = 65535
    found = find_value_range(dataset(tmp_path, image))
    assert (found.minimum, found.maximum, found.images) == (0, 3000, 1)
    assert found.pixels == PixelFormat(1, "uint16")


def test_at_most_fifty_images_are_decoded_spread_over_all(tmp_path: Path) -> None:
    data = dataset(tmp_path, *(np.full((2, 2, 1), index, np.int16) for index in range(120)))
    (tmp_path / "images" / "001.npy").write_bytes(b"not asked for")  # the second of the 50 is the image 2
    found = find_value_range(data)
    # The 50 are 0, 2, 4, 7, …, 117: the 99.9th percentile of their 200 values lies just below 117.
    assert (found.minimum, found.maximum, found.images) == (0, 120, 50)


def test_bytes_have_the_range_that_a_byte_holds(tmp_path: Path) -> None:
    found = find_value_range(dataset(tmp_path, np.full((4, 4, 5), 7, np.uint8)))
    assert (found.pixels, found.minimum, found.maximum, found.images) == (PixelFormat(5, "uint8"), 0, 255, 0)


@pytest.mark.parametrize(
    ("low", "high", "dtype", "expected"),
    [
        (0, 65535, "uint16", (0, 65535)),  # steps of 1000, and no further than the type
        (13, 187, "uint16", (10, 190)),
        (100, 105, "uint16", (100, 105)),
        (5, 5, "uint16", (5, 10)),
        (0, 0, "uint16", (0, 1)),
        (-1024.4, 3071, "int16", (-1100, 3100)),
        (-0.034, 0.071, "float32", (-0.04, 0.08)),
        (1e-5, 3.21e-5, "float32", (1e-5, 3.3e-5)),
        (-2.5e7, 3e8, "float32", (-3e7, 3e8)),
    ],
)
def test_rounding_outwards(low: float, high: float, dtype: PixelType, expected: tuple[float, float]) -> None:
    assert rounded_outwards(low, high, dtype) == pytest.approx(expected, rel=1e-9)


def test_a_mixture_is_refused_with_two_names(tmp_path: Path) -> None:
    data = dataset(tmp_path, ramp(9), ramp(9), np.zeros((4, 4, 3), np.uint16), ramp(9))
    with pytest.raises(DataError) as caught:
        check_pairs(data.samples)
    assert str(caught.value) == (
        f"{tmp_path / 'images' / '000.npy'} is 1 channel of 16 bits but {tmp_path / 'images' / '002.npy'} is "
        "RGB of 16 bits; save all images alike, or keep each kind in a folder of its own."
    )


def test_grey_and_coloured_pictures_of_8_bits_are_one_kind(tmp_path: Path) -> None:
    data = dataset(tmp_path, np.zeros((4, 4, 3), np.uint8))
    PIL.Image.new("L", (4, 4)).save(tmp_path / "images" / "b.png")
    PIL.Image.new("L", (4, 4)).save(tmp_path / "masks" / "b.png")
    data = paired.read(tmp_path)
    check_pairs(data.samples)
    assert data.pixel_format == PixelFormat(3, "uint8")

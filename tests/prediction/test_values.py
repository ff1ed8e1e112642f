"""Pixel values of every type to network input and to what people look at, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelwise.data.values import padding
from pixelwise.prediction import normalise, viewable
from pixelwise.recipe import Values

BYTES = Values()
DEEP = Values(channels=1, dtype="uint16", minimum=100, maximum=4100, mean=0.25, std=0.5)
HOUNSFIELD = Values(channels=1, dtype="int16", minimum=-1000, maximum=1000)
FRACTIONS = Values(channels=1, dtype="float32", minimum=-0.5, maximum=1.5)


def test_bytes_are_scaled_as_ever() -> None:
    every = torch.arange(256, dtype=torch.uint8)[None, None, None]
    gain = 1 / (255.0 * 0.5)
    assert normalise(every, BYTES).equal(every.float().mul_(gain).sub_(0.5 / 0.5))


def test_shares_of_the_range_by_hand() -> None:
    """1100 is a quarter of the way from 100 to 4100: 0; 4100 and beyond is (1 − 0.25) / 0.5; 0 is held to 100."""
    deep = torch.tensor([1100, 4100, 65535, 100, 0], dtype=torch.uint16)[None, None, None]
    assert normalise(deep, DEEP).flatten().tolist() == pytest.approx([0, 1.5, 1.5, -0.5, -0.5], abs=1e-6)
    units = torch.tensor([-32768, -1000, 0, 500, 32767], dtype=torch.int16)[None, None, None]
    assert normalise(units, HOUNSFIELD).flatten().tolist() == pytest.approx([-1, -1, 0, 0.5, 1], abs=1e-6)
    shares = torch.tensor([-9, 0.5, 1, 9.0])[None, None, None]
    before = shares.clone()
    assert normalise(shares, FRACTIONS).flatten().tolist() == pytest.approx([-1, 0, 0.5, 1], abs=1e-6)
    assert shares.equal(before)  # what was given is left as it was


def test_a_large_offset_costs_no_precision() -> None:
    values = Values(channels=1, dtype="float32", minimum=1e6, maximum=1e6 + 4)
    pixels = torch.tensor([1e6 + 1])[None, None, None]
    assert normalise(pixels, values).item() == pytest.approx(-0.5, abs=1e-5)


def test_padding_is_where_the_input_is_nearest_to_nothing() -> None:
    assert padding(BYTES) == (128, 128, 128)
    assert padding(DEEP) == (1100,)
    assert padding(HOUNSFIELD) == (0,)
    assert padding(FRACTIONS) == (0.5,)
    assert padding(Values(channels=5, dtype="uint16", maximum=65535)) == (32768,) * 5
    wide = Values(channels=1, dtype="uint8", minimum=-1000, maximum=0)
    assert padding(wide) == (0,)  # no byte is negative


def test_bytes_are_viewed_as_they_are() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert viewable(pixels, BYTES) is pixels


def test_deep_values_are_viewed_over_the_range() -> None:
    """0–255 over 100–4100: 2100 is half the way, 127.5, which rounds to even."""
    pixels = np.array([[[0], [100], [2100], [4100], [65535]]], np.uint16)
    shown = viewable(pixels, DEEP)
    assert shown.dtype == np.uint8
    assert shown.shape == (1, 5, 3)
    assert shown[0, :, 0].tolist() == shown[0, :, 2].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 51, 0]), (3, [0, 51, 102])])
def test_channels_as_colours(channels: int, shown: list[int]) -> None:
    """Channel i holds 20 · i of 100, of which a fifth is 51."""
    for more in {channels, 5 if channels == 3 else channels}:
        pixels = np.arange(more, dtype=np.float32)[None, None] * 20
        values = Values(channels=more, dtype="float32", maximum=100)
        assert viewable(pixels, values)[0, 0].tolist() == shown

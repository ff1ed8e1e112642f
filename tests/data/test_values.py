"""Images stretched over the range of values: by hand, of every type, and alike in training and prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray
from tests.networks import tiny_predictor

from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.data.frames import read_frames
from pixelwise.data.layouts import paired
from pixelwise.data.valuerange import find_value_range
from pixelwise.data.values import stretched
from pixelwise.geometry import Frame
from pixelwise.recipe import Scale, Values

SIZE = (64, 96)


def steps(low: int, high: int) -> NDArray[np.float64]:
    """1001 values, evenly spaced: their 1st and 99.8th percentiles are the 11th from below and the 3rd from above."""
    return np.linspace(low, high, 1001)


def grey(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(1, N, 3) bytes."""
    return np.repeat(values.round().astype(np.uint8)[None, :, None], 3, axis=2)


def test_by_hand() -> None:
    """From 0 to 1000 the span is 10 to 998: 504, halfway, becomes 2000; what lies beyond is held."""
    words = steps(0, 1000).round().astype(np.uint16)[None, :, None]
    found = stretched(words, Values(channels=1, dtype="uint16", minimum=1000, maximum=3000, stretch=1))
    assert found.dtype.name == "uint16"
    assert found.shape == words.shape
    assert found[0, [0, 10, 504, 998, 1000], 0].tolist() == [1000, 1000, 2000, 3000, 3000]
    assert np.array_equal(stretched(words, Values(channels=1, dtype="uint16", maximum=3000)), words)
    fractions = steps(0, 1000).astype(np.float32)[None, :, None]
    as_fractions = stretched(fractions, Values(channels=1, dtype="float32", minimum=0, maximum=1, stretch=1))
    assert as_fractions[0, [10, 257, 504], 0] == pytest.approx([0, 0.25, 0.5])


def test_brightness_and_contrast_of_an_image_do_not_matter() -> None:
    dim, bright = grey(steps(3, 53)), grey(steps(5, 255))
    one, other = (stretched(image, Values(stretch=10)).astype(int) for image in (dim, bright))
    assert np.abs(one - other).max() <= 256 / 50  # a step of the dim one
    assert one.max() == other.max() == 255


def test_an_image_of_nothing_does_not_become_all_noise() -> None:
    noise = grey(np.random.default_rng(0).uniform(10, 14, 1000))
    assert np.ptp(stretched(noise, Values(stretch=40)).astype(int)) <= 4 / 40 * 255 + 1
    flat = np.full((4, 4, 3), 9, np.uint8)
    assert not stretched(flat, Values(stretch=1)).any()


def test_colours_keep_their_hue_and_other_channels_are_stretched_each() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(20, 60, (40, 40, 1)) * np.array([1.0, 0.5, 0.5])
    red, green, blue = np.moveaxis(stretched(image.astype(np.uint8), Values(stretch=1)), 2, 0)
    assert red.mean() > 1.5 * green.mean()
    assert np.array_equal(green, blue)
    several = stretched(image[..., :2].astype(np.uint8), Values(channels=2, stretch=1))
    assert several[..., 0].mean() == pytest.approx(several[..., 1].mean(), abs=8)


def cells(root: Path, tops: list[float]) -> Dataset:
    """Pictures of squares as bright as ``tops`` say, and their masks."""
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    for index, top in enumerate(tops):
        shade = np.full((48, 64), 5.0)
        shade[8:24, 8 : 40 + index] = top
        PIL.Image.fromarray(np.repeat(shade.astype(np.uint8)[..., None], 3, 2)).save(
            root / "images" / f"{index}.png"
        )
        PIL.Image.fromarray((shade > 5).astype(np.uint8) * 255).save(root / "masks" / f"{index}.png")
    return paired.read(root)


def test_images_of_unlike_brightness_are_planned_to_be_stretched(tmp_path: Path) -> None:
    for name, tops, stretch in (
        ("unlike", [25.0, 25, 35, 50, 80, 120, 180, 255], 10),
        ("one blank", [5.0, 25, 25, 35, 50, 80, 120, 180, 255], 10),
        ("alike", [100.0, 110, 130, 150, 170, 190, 210, 220], 0),
        ("bright", [25.0, 25, 155, 160, 180, 220, 230, 255], 0),
        ("few", [25.0, 50, 255], 0),
    ):
        (tmp_path / name).mkdir()
        assert find_value_range(cells(tmp_path / name, tops)).stretch == stretch


def test_frames_of_training_are_stretched_and_cached_apart(tmp_path: Path) -> None:
    dataset, cache = cells(tmp_path, [25.0, 255]), Cache(tmp_path / "cache")
    plain, wide = (
        read_frames(dataset, Scale(size=SIZE), values, cache).batch(torch.arange(2))[0]
        for values in (Values(), Values(stretch=10))
    )
    assert plain.amax(dim=(1, 2, 3)).tolist() == [128, 255]  # the first shows what lies beside it
    assert wide.amax(dim=(1, 2, 3)).tolist() == [255, 255]
    image, _label = dataset.read(dataset.samples[0])
    framed = Frame.fit((48, 64), SIZE).place_image(stretched(image, Values(stretch=10)), (128, 128, 128))
    assert wide[0].equal(framed)


@pytest.mark.parametrize("scale", [Scale(size=SIZE), Scale(policy="tiles", size=(32, 32))])
def test_a_dim_image_is_predicted_as_a_bright_one(scale: Scale) -> None:
    bright = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    bright[:2] = [[[0], [255]] * 32] * 2  # its span is the whole range
    dim = bright // 8 + 3
    plain, stretching = (tiny_predictor(values=Values(stretch=stretch)) for stretch in (0.0, 5.0))
    for predictor in (plain, stretching):
        predictor.preprocessing = predictor.preprocessing.model_copy(update={"scale": scale})

    def apart(one: object, other: object) -> float:
        return float(np.abs(np.asarray(one) - np.asarray(other)).mean())

    fields = [
        p.field_values(image)["semantic"]["classes"] for p in (plain, stretching) for image in (bright, dim)
    ]
    assert apart(fields[0], fields[2]) < 0.01
    assert apart(fields[2], fields[3]) < 0.1 * apart(fields[0], fields[1])

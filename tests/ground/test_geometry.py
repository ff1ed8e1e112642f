"""Resizing, frames and flips against numbers worked out by hand and an independent half-pixel computation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pixelwise.geometry import (
    Frame,
    flip_field,
    resize,
    resize_ids,
    resize_logits,
    turn_field,
    turn_image,
    usual_frame,
)
from pixelwise.types import Field, Size

PLAIN = Field("classes", 1, "sigmoid")
OFFSET = Field("offset", 2, "none", vectors=((0, 1),), in_pixels=True)
LIMBS = Field("limbs", 5, "none", vectors=((0, 1), (3, 2)), hflip=(3, 2, 1, 0, 4))

sides = st.integers(1, 24)


def axis_weights(source: int, target: int) -> NDArray[np.float64]:
    """(target, source) weights of a half-pixel triangle filter, one output pixel at a time, from its definition."""
    ratio = source / target
    radius = max(ratio, 1.0)
    weights = np.zeros((target, source))
    for i in range(target):
        centre = (i + 0.5) * ratio
        for j in range(source):
            weights[i, j] = max(0.0, 1 - abs(j + 0.5 - centre) / radius)
        if not weights[i].any():  # magnified beyond the first or last centre
            weights[i, 0 if centre < source / 2 else -1] = 1
    normalised: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def row(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[None, None, None]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # 2 -> 4: centres at 0.25, 0.75, 1.25, 1.75 between centres at 0.5 and 1.5 hold 0, 1/4, 3/4, 1 of the step.
        ((0, 8), (0, 2, 6, 8)),
        # 4 -> 2: centres at 1 and 3, triangle of radius 2 over distances .5, .5, 1.5: weights 3/4, 3/4, 1/4 of 7/4.
        ((0, 7, 14, 21), ((0 * 3 + 7 * 3 + 14 * 1) / 7, (7 * 1 + 14 * 3 + 21 * 3) / 7)),
        ((5,), (5, 5, 5)),
        # 3 -> 1: centre at 1.5, radius 3: distances 1, 0, 1 weigh 2/3, 1, 2/3 of 7/3.
        ((7, 0, 0), (2,)),
    ],
)
def test_resize_by_hand(before: tuple[float, ...], after: tuple[float, ...]) -> None:
    along_x = resize(row(*before), (1, len(after)))
    torch.testing.assert_close(along_x, row(*after))
    along_y = resize(row(*before).mT, (len(after), 1))
    torch.testing.assert_close(along_y, row(*after).mT)


@settings(max_examples=60, deadline=None)
@given(source=st.tuples(sides, sides), target=st.tuples(sides, sides), seed=st.integers(0, 999))
def test_resize_equals_the_definition(source: Size, target: Size, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2, 3, *source))
    expected = axis_weights(source[0], target[0]) @ values @ axis_weights(source[1], target[1]).T
    np.testing.assert_allclose(resize(torch.from_numpy(values), target).numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("target", [(24, 31), (61, 90), (24, 90), (37, 53), (20, 1), (1, 20), (1, 1)])
def test_resize_of_bytes_equals_pillow(target: Size) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    found = resize(torch.from_numpy(picture).permute(2, 0, 1)[None], target)
    height, width = target
    expected = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))
    assert found.dtype == torch.uint8
    difference = found[0].permute(1, 2, 0).numpy().astype(int) - expected
    assert np.abs(difference).max() <= 1  # each rounds between its two passes


@settings(max_examples=60, deadline=None)
@given(source=st.tuples(sides, sides), target=st.tuples(sides, sides), seed=st.integers(0, 999))
def test_resize_of_ids_takes_the_pixel_under_each_centre(source: Size, target: Size, seed: int) -> None:
    ids = np.random.default_rng(seed).choice(np.array([0, 1, 7, 255], np.uint8), source)
    # The centre (i + 1/2) / n of the length lies in pixel (2 i + 1) m / 2 n: whole numbers, no rounding. Where it lies
    # on the edge between two pixels, either will do.
    (rows, inside_y), (columns, inside_x) = (
        divmod((np.arange(n) * 2 + 1) * m, 2 * n) for m, n in zip(source, target, strict=True)
    )
    found = resize_ids(torch.from_numpy(ids)[None], target)[0].numpy()
    assert found.dtype == np.uint8
    assert found.shape == target
    assert set(found.ravel().tolist()) <= set(ids.ravel().tolist())
    settled = np.ix_(inside_y != 0, inside_x != 0)
    np.testing.assert_array_equal(found[settled], ids[np.ix_(rows, columns)][settled])


@pytest.mark.parametrize(
    ("image", "frame", "content", "top_left"),
    [
        ((100, 200), (64, 64), (32, 64), (16, 0)),
        ((200, 100), (64, 64), (64, 32), (0, 16)),
        ((64, 96), (64, 96), (64, 96), (0, 0)),
        ((3, 5), (8, 8), (5, 8), (1, 0)),  # 3 × 8/5 = 4.8; 3 rows of padding: 1 above, 2 below
        ((574, 768), (192, 256), (191, 256), (0, 0)),  # 574 / 3 = 191.3; the one row of padding is below
        ((10, 10), (32, 96), (32, 32), (0, 32)),
        ((1, 1000), (32, 32), (1, 32), (15, 0)),  # never thinner than a pixel
    ],
)
def test_where_an_image_lies_in_a_frame(image: Size, frame: Size, content: Size, top_left: Size) -> None:
    fitted = Frame.fit(image, frame)
    assert (fitted.content_size, (fitted.top, fitted.left)) == (content, top_left)


@given(
    image=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    frame=st.tuples(st.integers(1, 20), st.integers(1, 20)).map(lambda n: (32 * n[0], 32 * n[1])),
)
def test_content_fills_one_side_keeps_its_aspect_and_is_centred(image: Size, frame: Size) -> None:
    fitted = Frame.fit(image, frame)
    (height, width), scale = fitted.content_size, min(frame[0] / image[0], frame[1] / image[1])
    assert height == frame[0] or width == frame[1]
    assert abs(height - max(1, image[0] * scale)) <= 0.5 + 1e-9
    assert abs(width - max(1, image[1] * scale)) <= 0.5 + 1e-9
    assert frame[0] - height - 2 * fitted.top in {0, 1}
    assert frame[1] - width - 2 * fitted.left in {0, 1}


def test_placed_image_and_ids_by_hand() -> None:
    frame = Frame.fit((2, 4), (4, 4))
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    ids = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
    placed, placed_ids = frame.place_image(image, (9, 8, 7)), frame.place_ids(ids, 255)
    assert placed.dtype == placed_ids.dtype == torch.uint8
    np.testing.assert_array_equal(placed[:, 1:3].numpy(), image.transpose(2, 0, 1))
    assert placed[:, 0].tolist() == placed[:, 3].tolist() == [[9] * 4, [8] * 4, [7] * 4]
    np.testing.assert_array_equal(placed_ids.numpy(), np.pad(ids, ((1, 1), (0, 0)), constant_values=255))


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_images_of_every_type_keep_it_in_the_frame(dtype: str) -> None:
    """Enlarged twice, between centres a and b the values are 3/4 a + 1/4 b and 1/4 a + 3/4 b, rounded if whole."""
    image = np.array([[[1, 30_000], [8, 2]]], dtype)  # 1 × 2 pixels of two channels
    placed = Frame.fit((1, 2), (4, 4)).place_image(image, (7, 9.0))
    assert placed.dtype == getattr(torch, dtype)
    first, second = [1, 2.75, 6.25, 8], [30_000, 22_500.5, 7501.5, 2]
    if dtype != "float32":
        first, second = [1, 3, 6, 8], [30_000, 22_500, 7502, 2]  # halves go to even
    for row in (1, 2):
        assert placed[:, row].float().tolist() == [first, second]
    assert placed[0, 0].float().tolist() == [7] * 4
    assert placed[1, 3].float().tolist() == [9] * 4
    large = np.full((3, 5, 1), np.iinfo(dtype).max if dtype != "float32" else 1e30, dtype)
    assert Frame.fit((3, 5), (32, 32)).place_image(large, (0,)).numpy().max() == large.max()


def test_a_ramp_survives_the_frame_and_the_way_back() -> None:
    """A ramp of slope 2, halved and doubled again.

    Halving averages a triangle of four pixels, exact for a ramp where all four exist; storing bytes rounds by up to
    1/2. At the border the triangle loses a pixel: it reads at (.5·3 + 1.5·3 + 2.5·1) / 7 = 1.21 instead of 1, and the
    outermost pixel, whose centre lies at 0.5, takes that value whole: 0.71 pixels off, times slope 2, and rounding:
    below 2.
    """
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 2, (40, 1))
    frame = Frame.fit((40, 64), (32, 32))
    placed = frame.place_image(ramp[:, :, None], (255,))
    back = frame.to_image(placed.float(), PLAIN)
    assert back.shape == (1, 40, 64)
    error = np.abs(back[0].numpy() - ramp)
    assert error[:, 2:-2].max() <= 0.5
    assert error.max() <= 2


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_to_image_takes_fields_at_any_stride(stride: int) -> None:
    """x in frame pixels, read back at the image's pixel centres, which lie at 16 + (i + 1/2) · 64 / 320.

    Magnifying five times is exact between the first and the last centre of the content, so from image pixel 2 on.
    """
    frame = Frame.fit((480, 320), (96, 96))
    assert (frame.content_size, frame.left) == ((96, 64), 16)
    columns = (torch.arange(96 // stride) + 0.5) * stride
    back = frame.to_image(columns.repeat(1, 96 // stride, 1), PLAIN)
    expected = 16 + (torch.arange(320) + 0.5) * 64 / 320
    torch.testing.assert_close(back[0, :, 2:-2], expected[2:-2].expand(480, -1), atol=1e-4, rtol=0)


def test_padding_never_leaks_into_the_image() -> None:
    frame = Frame.fit((50, 100), (64, 64))
    values = torch.full((1, 64, 64), torch.nan)
    values[:, 16:48] = 3.0
    assert (frame.to_image(values, PLAIN) == 3).all()


def test_lengths_in_pixels_become_lengths_in_the_image() -> None:
    """Image 100×300 in a frame of 64×64: content 21×64 (21.3 rounded), so y grows by 100/21 and x by 300/64."""
    frame = Frame.fit((100, 300), (64, 64))
    values = torch.tensor([2.0, -4.0])[:, None, None].expand(2, 64, 64)
    back = frame.to_image(values, OFFSET)
    torch.testing.assert_close(back[0], torch.full((100, 300), 2 * 300 / 64))
    torch.testing.assert_close(back[1], torch.full((100, 300), -4 * 100 / 21))
    directions = Field("paf", 2, "none", vectors=((0, 1),))
    torch.testing.assert_close(frame.to_image(values, directions)[1], torch.full((100, 300), -4.0))


def test_flip_of_vectors_and_paired_channels_by_hand() -> None:
    # Two limbs, (x, y) = channels (0, 1) and (3, 2), which a mirror swaps; channel 4 is a plain score.
    values = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]], [[9.0, 10.0]]])
    mirrored = flip_field(values, LIMBS, horizontal=True, vertical=False)
    # The other limb's x, turned round and negated; the other limb's y, turned round.
    assert mirrored[:, 0].tolist() == [[-8, -7], [6, 5], [4, 3], [-2, -1], [10, 9]]
    upside_down = flip_field(values.mT, LIMBS, horizontal=False, vertical=True)
    assert upside_down[:, :, 0].tolist() == [[2, 1], [-4, -3], [-6, -5], [8, 7], [10, 9]]
    assert flip_field(values, LIMBS, horizontal=False, vertical=False).equal(values)


@pytest.mark.parametrize("field", [PLAIN, OFFSET, LIMBS], ids=lambda field: field.name)
@pytest.mark.parametrize("horizontal", [False, True])
@pytest.mark.parametrize("vertical", [False, True])
def test_flip_twice_gives_back_the_field(field: Field, horizontal: bool, vertical: bool) -> None:
    values = torch.randn(2, field.channels, 3, 5, generator=torch.Generator().manual_seed(0))
    once = flip_field(values, field, horizontal=horizontal, vertical=vertical)
    assert flip_field(once, field, horizontal=horizontal, vertical=vertical).equal(values)
    assert once.equal(values) is not (horizontal or vertical)


@settings(max_examples=60, deadline=None)
@given(
    source=st.tuples(sides, sides),
    target=st.tuples(sides, sides),
    flips=st.tuples(st.booleans(), st.booleans()),
    seed=st.integers(0, 999),
)
def test_flip_commutes_with_resize(source: Size, target: Size, flips: tuple[bool, bool], seed: int) -> None:
    values = torch.randn(1, LIMBS.channels, *source, generator=torch.Generator().manual_seed(seed))
    one = resize(flip_field(values, LIMBS, horizontal=flips[0], vertical=flips[1]), target)
    other = flip_field(resize(values, target), LIMBS, horizontal=flips[0], vertical=flips[1])
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("sizes", "frame"),
    [
        ({(576, 768): 80}, (192, 256)),  # 4:3 exactly, 49,152 of 50,176 pixels
        ({(768, 576): 80}, (256, 192)),
        ({(500, 500): 1}, (224, 224)),
        ({(576, 768): 3, (500, 500): 2}, (192, 256)),  # the median image, not the median size
        ({(576, 768): 2, (500, 500): 3}, (224, 224)),
        # 10:1 is held to 4:1. Within 25% of the area, 128×480 (3.75:1) costs .065 + .25 · .203 = .115;
        # 128×448 (3.5:1) costs .134 + .25 · .134 = .167; 96×448 (4.67:1) costs .154 + .25 · .154 = .193.
        ({(100, 1000): 1}, (128, 480)),
        ({(1000, 100): 1}, (480, 128)),
    ],
)
def test_usual_frame_by_hand(sizes: dict[Size, int], frame: Size) -> None:
    assert usual_frame(sizes, 224 * 224) == frame


@settings(max_examples=30, deadline=None)
@given(size=st.tuples(st.integers(10, 4000), st.integers(10, 4000)), pixels=st.integers(128**2, 400**2))
def test_usual_frame_keeps_area_and_multiples(size: Size, pixels: int) -> None:
    height, width = usual_frame({size: 1}, pixels)
    assert height % 32 == width % 32 == 0
    assert pixels / 1.25 - 1 <= height * width <= pixels * 1.25 + 1


@pytest.mark.parametrize("size", [(14, 22), (7, 11), (9, 30), (5, 22)])
def test_logits_are_resized_as_everything_else_and_their_gradients_too(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 7, 11, generator=generator, requires_grad=True)
    outward = torch.randn(2, 3, *size, generator=generator)
    found, expected = resize_logits(logits, size), resize(logits, size)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found, logits, outward), torch.autograd.grad(expected, logits, outward)
    )


@pytest.mark.parametrize("size", [(40, 40), (48, 80)])
def test_a_turned_field_is_that_of_the_turned_image(size: tuple[int, int]) -> None:
    """A blob and a vector that points from the middle to it: wherever the blob goes, the vector points there."""
    height, width = size
    field = Field("both", 3, "none", vectors=((1, 2),), points=True)
    middle = np.array([width / 2, height / 2])
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    for degrees in (-70.0, -30.0, 20.0, 90.0):
        way = np.array([11.0, -3.0])
        blob = torch.exp(-((x - middle[0] - way[0]) ** 2 + (y - middle[1] - way[1]) ** 2) / 8)
        values = torch.stack([blob, torch.full_like(blob, way[0]), torch.full_like(blob, way[1])])[None]
        turned = turn_field(values, field, degrees)[0].numpy()
        row, column = np.unravel_index(turned[0].argmax(), size)
        angle = np.radians(degrees)  # counter-clockwise where y points down
        expected = np.array(
            [np.cos(angle) * way[0] + np.sin(angle) * way[1], np.cos(angle) * way[1] - np.sin(angle) * way[0]]
        )
        assert np.abs(np.array([column + 0.5, row + 0.5]) - middle - expected).max() <= 1.0
        assert turned[1:, row, column] == pytest.approx(expected, abs=1e-4)


def test_a_quarter_turn_is_exact_and_what_is_beyond_is_nothing() -> None:
    image = torch.rand(1, 2, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(turn_image(image, 90), torch.rot90(image, 1, (2, 3)), atol=1e-5)
    assert turn_image(image, 45, "zeros")[..., 0, 0].tolist() == [[0, 0]]
    assert (turn_image(image, 45)[..., 0, 0] > 0).all()

"""What a mask's values are taken for, from arrays made by hand."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelwise.checks.maskfacts import (
    content_of,
    flat_share,
    nearest_colours,
    off_mixtures,
    patches,
    small_of,
    small_size,
)
from pixelwise.data.synthetic import draw_lesion

Grey = NDArray[np.uint8]


def disc(side: int = 96, radius: float = 30.0) -> Grey:
    """A disc of 255 on 0, its edge a little off the middle."""
    rows, columns = np.ogrid[:side, :side]
    inside = (rows - side / 2 - 0.3) ** 2 + (columns - side / 2 + 0.7) ** 2 < radius**2
    return np.uint8(255) * inside


def through_jpeg(values: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, "JPEG", quality=quality)
    with PIL.Image.open(file) as picture:
        return np.asarray(picture)


def packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """0xRRGGBB of (H, W, 3)."""
    return colours.astype(np.uint32) @ np.array([0x10000, 0x100, 1], np.uint32)


def coloured(mask: Grey) -> NDArray[np.uint8]:
    return np.where(mask[..., None] > 0, [200, 30, 40], [0, 0, 120]).astype(np.uint8)


def anti_aliased() -> Grey:
    return np.asarray(PIL.Image.fromarray(disc(384, 120)).reduce(4))


def test_counts_rim_and_digest_of_a_mask_counted_by_hand() -> None:
    mask = np.array([[0, 0, 7], [0, 7, 7], [0, 0, 0], [255, 0, 0]], np.uint8)
    content = content_of(mask, False, "PNG")
    assert content.size == (4, 3)
    assert content.pixels == 12
    assert content.counts == {0: 8, 7: 3, 255: 1}
    # Rows 0, 0, 7 and 255, 0, 0; columns 0, 0, 0, 255 and 7, 7, 0, 0: corners count in both.
    assert content.border == {0: 9, 7: 3, 255: 2}
    assert content.look == "clean"
    assert content.digest == content_of(mask.copy(), False, "BMP").digest
    assert content.digest != content_of(mask.reshape(3, 4), False, "PNG").digest  # the same bytes
    changed = mask.copy()
    changed[2, 2] = 7
    assert content.digest != content_of(changed, False, "PNG").digest


def test_the_small_mask_holds_stored_values_alone() -> None:
    mask = np.array([[3, 9], [200, 40]], np.uint8).repeat(256, axis=0).repeat(128, axis=1)
    assert small_size((512, 256)) == (128, 64)
    assert np.array_equal(small_of(mask), mask[2::4, 2::4])
    assert small_size((1, 4000)) == (1, 128)
    assert small_of(np.zeros((1, 4000), np.uint8)).shape == (1, 128)
    assert np.array_equal(small_of(mask[:100, :90]), mask[:100, :90])


@pytest.mark.parametrize("values", [(0, 255), (0, 1), (7, 9), (0,), (255,)])
def test_one_or_two_values_are_clean(values: tuple[int, ...]) -> None:
    mask = np.array(values, np.uint8)[(disc() > 0).astype(int) % len(values)]
    content = content_of(mask, False, "PNG")
    assert (content.look, content.chosen) == ("clean", values)


@given(st.integers(2, 64), st.booleans(), st.floats(0.0, 0.9), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_class_ids_are_clean_however_rare(classes: int, bordered: bool, empty: float, seed: int) -> None:
    """Background nearly everywhere, each class anywhere from a pixel to a field, 255 where nobody labelled."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(classes, 0.3)) * (1 - empty)
    shares[0] += empty
    mask = generator.choice(classes, size=(64, 96), p=shares / shares.sum()).astype(np.uint8)
    mask[0, :classes] = range(classes)
    if bordered:
        mask[30:33] = 255
    assert content_of(mask, False, "PNG").look == "clean"


@pytest.mark.parametrize("values", [(0, 128, 255), (0, 85, 170, 255), (10, 60, 110, 160, 210)])
def test_a_few_levels_far_apart_are_clean(values: tuple[int, ...]) -> None:
    mask = np.array(values, np.uint8)[np.add.outer(np.arange(60) // 10, np.arange(60) // 10) % len(values)]
    assert content_of(mask, False, "PNG").look == "clean"


def test_a_few_levels_along_an_edge_are_smoothed() -> None:
    mask = np.asarray(PIL.Image.fromarray(disc(192, 60)).reduce(2))  # a quarter, a half, three quarters
    assert 4 <= len(np.unique(mask)) <= 6
    content = content_of(mask, False, "PNG")
    assert (content.look, content.chosen) == ("smoothed", (0, 255))


@pytest.mark.parametrize("resampling", [PIL.Image.Resampling.BILINEAR, PIL.Image.Resampling.BICUBIC])
def test_an_enlarged_mask_is_smoothed(resampling: PIL.Image.Resampling) -> None:
    mask = np.asarray(PIL.Image.fromarray(disc(48, 15)).resize((96, 96), resampling))
    assert content_of(mask, False, "PNG").look == "smoothed"


def test_an_anti_aliased_mask_is_smoothed() -> None:
    content = content_of(anti_aliased(), False, "PNG")
    assert (content.look, content.chosen) == ("smoothed", (0, 255))


@pytest.mark.parametrize("radius", [6, 9])
def test_a_mask_that_fades_is_soft(radius: int) -> None:
    faded = PIL.Image.fromarray(disc()).filter(PIL.ImageFilter.GaussianBlur(radius))
    assert content_of(np.asarray(faded), False, "PNG").look == "soft"


@pytest.mark.parametrize("quality", [50, 75, 90])
@pytest.mark.parametrize("stored_as", ["JPEG", "PNG"])
def test_a_jpeg_is_told_even_when_saved_anew(quality: int, stored_as: str) -> None:
    mask = through_jpeg(disc(), quality)
    assert len(np.unique(mask)) > 8
    content = content_of(mask, False, stored_as)
    assert content.look == "jpeg"
    assert abs(content.chosen[0]) < 10
    assert abs(content.chosen[1] - 255) < 10


def test_pure_colours_are_clean() -> None:
    content = content_of(packed(coloured(disc())), True, "PNG")
    assert (content.look, content.chosen) == ("clean", (0x000078, 0xC81E28))
    assert set(content.counts) == {0x000078, 0xC81E28}


def test_shades_of_two_colours() -> None:
    noise = np.random.default_rng(0).integers(-6, 7, (96, 96, 3))
    shades = np.clip(coloured(disc()).astype(int) + noise, 0, 255).astype(np.uint8)
    content = content_of(packed(shades), True, "PNG")
    assert content.look == "near-colours"
    assert len(content.chosen) == 2
    assert content_of(packed(through_jpeg(coloured(disc()), 80)), True, "JPEG").look == "jpeg"


def test_a_drawing_is_a_photograph() -> None:
    image = draw_lesion(5, (96, 128)).image
    assert content_of(image[..., 1].copy(), False, "PNG").look == "photo"
    assert content_of(packed(image), True, "PNG").look == "photo"
    assert content_of(packed(through_jpeg(image, 90)), True, "JPEG").look == "photo"
    noise = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    assert content_of(packed(noise), True, "PNG").look == "photo"
    assert content_of(noise[..., 0].copy(), False, "JPEG").look == "photo"


def test_known_values_are_clean_however_many() -> None:
    """150 classes, small numbers nearly everywhere, as in sets of scenes; JPEG alone makes one of another."""
    mask = np.zeros((96, 96), np.uint8)
    mask[40:55, :90] = np.arange(1, 91)
    mask[70:75, :60] = np.arange(90, 150)
    assert content_of(mask, False, "PNG").knowing(range(150), "PNG").look == "clean"
    assert content_of(mask, False, "JPEG").knowing(range(256), "JPEG").look != "clean"


def test_the_nearest_of_some_colours() -> None:
    values = np.array([0x000000, 0xFF0000, 0x0A0000, 0xFE0304])
    apart, nearest = nearest_colours(values, np.array([0xFF0000, 0x000000]))
    assert nearest.tolist() == [0x000000, 0xFF0000, 0x000000, 0xFF0000]
    assert apart.tolist() == pytest.approx([0, 0, 10, 26**0.5])  # 1² + 3² + 4² = 26


def test_colours_that_are_no_shades_of_each_other_are_clean_however_rare() -> None:
    mask = np.zeros((96, 96), np.uint32)
    mask[20:60, 20:60] = 0xFF0000
    mask[5, :9] = 0x0000FF  # nine pixels of nine thousand
    content = content_of(mask, True, "PNG")
    assert content.look == "clean"
    assert set(content.chosen) == {0, 0xFF0000, 0x0000FF}


def test_mixtures_of_two_colours_by_hand() -> None:
    known = np.array([0x000000, 0xFF0000])
    # Halfway between them, beside that by 30 of green, and blue, whose nearest mixture is black.
    found = off_mixtures(np.array([0x800000, 0x801E00, 0x0000FF]), known)
    np.testing.assert_allclose(found, [0, 30, 255], atol=1e-3)


def cells(count: int, step: int = 1, side: int = 6) -> NDArray[np.uint16]:
    """Squares in rows on 0, the first numbered ``step``, the next twice that."""
    columns = int(np.ceil(count**0.5))
    mask = np.zeros((columns * (side + 3), columns * (side + 3)), np.uint16)
    for index in range(count):
        row, column = (place * (side + 3) + 2 for place in divmod(index, columns))
        mask[row : row + side, column : column + side] = (index + 1) * step
    return mask


@pytest.mark.parametrize("count", [66, 99, 252])
def test_numbered_objects_of_8_bits_are_no_shades(count: int) -> None:
    mask = cells(count).astype(np.uint8)
    assert content_of(mask, False, "PNG").look == "numbered"
    crowded = mask.repeat(2, axis=0)[:, mask.any(axis=0)]  # no background left between columns
    assert content_of(crowded[crowded.any(axis=1)], False, "PNG").look == "numbered"


@pytest.mark.parametrize("step", [3, 7, 20])
@pytest.mark.parametrize("count", [30, 100])
def test_numbered_objects_with_gaps_are_no_shades(count: int, step: int) -> None:
    assert content_of(cells(count, step), False, "PNG").look == "numbered"


def test_fields_of_grey_levels_are_never_cut_at_half() -> None:
    """Ten classes in steps of 20, each in nine places: no shades, and no objects that are numbered."""
    mask = (cells(90) % 10 * 20).astype(np.uint8)
    assert content_of(mask, False, "PNG").look == "clean"


def test_patches_and_flat_shares_by_hand() -> None:
    mask = np.array([[0, 5, 5, 5], [0, 5, 7, 5], [0, 5, 5, 5], [9, 0, 9, 9], [0, 0, 9, 9]], np.uint8)
    assert patches(mask, mask == 5) == 0  # one, with a hole
    assert patches(mask, mask == 9) == 2
    assert patches(mask, mask > 0) == 3  # and the 7
    assert flat_share(mask, mask == 9) == 4 / 5
    assert flat_share(mask, mask == 5) == 0

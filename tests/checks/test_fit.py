"""Whether a mask follows the edges of its image: where it lies, which way it is turned."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.checks.fit import correlation, edges_of_image, edges_of_mask, fit
from pixelwise.checks.fitting import NEAR, TURNS, best_turn
from pixelwise.data.synthetic import draw_lesion

Plane = NDArray[np.uint8]

SIZE = (96, 128)
CLEAR = (10, 11, 12, 13)  # seeds


def lesion(seed: int) -> tuple[Plane, Plane]:
    """Brightness and mask of a drawing."""
    drawing = draw_lesion(seed, SIZE)
    return drawing.image[..., 1].copy(), drawing.mask.astype(np.uint8)


def leaf() -> tuple[Plane, Plane]:
    """A bright shape without symmetry on dark ground, and its mask."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    body = ((rows - 40) / 22) ** 2 + ((columns - 50) / 34) ** 2 < 1
    mask = body | ((rows > 50) & (rows < 85) & (columns > 60) & (columns < 72))
    noise = np.random.default_rng(0).normal(0, 4, SIZE)
    return np.clip(60 + 120 * mask + noise, 0, 255).astype(np.uint8), mask.astype(np.uint8)


@pytest.mark.parametrize("seed", CLEAR)
def test_a_true_mask_fits_where_it_lies(seed: int) -> None:
    found = fit(*lesion(seed))
    assert found is not None
    assert found.distance <= NEAR
    assert found.here > 3.4


@pytest.mark.parametrize("moved", [(8, 0), (-8, 0), (0, 6), (0, -6), (9, -5)])
@pytest.mark.parametrize("seed", CLEAR)
def test_a_shift_is_recovered_with_its_sign(seed: int, moved: tuple[int, int]) -> None:
    """A mask moved right by x has to go back by x, told as a share of the longest side, 128 pixels."""
    grey, mask = lesion(seed)
    x, y = moved
    found = fit(grey, np.roll(mask, (y, x), (0, 1)))
    assert found is not None
    assert found.shift == pytest.approx((-x / 128, -y / 128), abs=1.5 / 128)
    assert found.best > found.here


def test_a_shift_is_a_share_of_the_longest_side() -> None:
    """At four times the size, the same share."""
    grey, mask = leaf()
    large_grey, large_mask = (np.kron(one, np.ones((4, 4), np.uint8)) for one in (grey, mask))
    found = fit(large_grey, np.roll(large_mask, 32, 1))
    assert found is not None
    assert found.shift == pytest.approx((-8 / 128, 0), abs=1.5 / 128)


def test_brightness_inverted_changes_nothing() -> None:
    grey, mask = leaf()
    one, other = fit(grey, mask), fit(255 - grey, mask)
    assert one is not None
    assert other is not None
    assert one.here > 5
    assert other.here == pytest.approx(one.here, rel=1e-4)
    assert other.shift == one.shift


@pytest.mark.parametrize("flat", ["image", "mask", "both"])
def test_where_there_is_no_edge_nothing_is_said(flat: str) -> None:
    grey, mask = leaf()
    grey = np.full_like(grey, 90) if flat != "mask" else grey
    mask = np.zeros_like(mask) if flat != "image" else mask
    assert fit(grey, mask) is None


def test_a_single_pixel_is_no_error() -> None:
    one = np.zeros((1, 1), np.uint8)
    assert fit(one, one) is None


@pytest.mark.parametrize("name", [name for name in TURNS if "90°" not in name])
def test_a_mirrored_mask_is_told(name: str) -> None:
    """The turn that is named undoes what was done; these undo themselves."""
    grey, mask = leaf()
    turned = np.ascontiguousarray(TURNS[name](mask))
    assert np.array_equal(TURNS[name](turned), mask)
    assert best_turn(grey, turned) == name


@pytest.mark.parametrize(
    ("done", "undone"),
    [
        ("turned by 90° clockwise", "turned by 90° counter-clockwise"),
        ("turned by 90° counter-clockwise", "turned by 90° clockwise"),
    ],
)
def test_a_quarter_turn_is_told(done: str, undone: str) -> None:
    grey, mask = leaf()
    turned = np.ascontiguousarray(TURNS[done](mask))
    assert turned.shape == grey.shape[::-1]
    assert best_turn(grey, turned) == undone
    assert np.array_equal(TURNS[undone](turned), mask)


def test_no_turn_is_named_for_an_image_of_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8)
    _, mask = leaf()
    assert best_turn(noise, mask) is None
    assert best_turn(noise, np.ascontiguousarray(mask.T)) is None


def test_correlation_has_its_peak_where_a_square_fits() -> None:
    grey = np.full((64, 64), 50, np.uint8)
    grey[20:40, 24:50] = 200
    moved = np.zeros((64, 64), np.uint8)
    moved[23:43, 20:46] = 1  # 3 down, 4 left
    surface = correlation(edges_of_image(grey), edges_of_mask(moved))
    middle = surface.shape[0] // 2
    row, column = divmod(int(surface.argmax()), surface.shape[1])
    assert (row - middle, column - middle) == (-3, 4)

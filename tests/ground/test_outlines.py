"""Outlines along the edges of pixels: worked by hand, and back and forth without a change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy import ndimage

from pixelwise.objects import ObjectMask
from pixelwise.outlines import crossings, is_hole, joined, rings_of, signed_area

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans())


def drawn(*rows: str) -> NDArray[np.bool_]:
    return np.array([[letter == "#" for letter in row] for row in rows])


def corners(mask: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    return [[(int(x), int(y)) for x, y in ring] for ring in rings_of(mask)]


def test_a_pixel_and_a_rectangle() -> None:
    assert corners(drawn("..", ".#")) == [[(1, 1), (2, 1), (2, 2), (1, 2)]]
    assert corners(drawn("....", ".##.", ".##.", ".##.")) == [[(1, 1), (3, 1), (3, 4), (1, 4)]]
    assert corners(drawn("...")) == []


def test_a_hole_is_run_through_the_other_way() -> None:
    outer, hole = rings_of(drawn("###", "#.#", "###"))
    assert (signed_area(outer), signed_area(hole)) == (9, -1)
    assert (is_hole(outer), is_hole(hole)) == (False, True)
    assert hole.tolist() == [[1, 2], [2, 2], [2, 1], [1, 1]] or sorted(hole.tolist()) == [
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
    ]


@pytest.mark.parametrize("rows", [("#.", ".#"), (".#", "#.")])
def test_pixels_that_touch_at_a_corner_are_two_parts(rows: tuple[str, str]) -> None:
    assert [len(ring) for ring in corners(drawn(*rows))] == [4, 4]


def test_holes_that_touch_at_a_corner_are_one() -> None:
    rings = rings_of(drawn("####", "#.##", "##.#", "####"))
    assert [signed_area(ring) for ring in rings] == [16, -2]


@given(MASKS)
def test_outlines_hold_the_mask_exactly(mask: NDArray[np.bool_]) -> None:
    rings = rings_of(mask)
    assert sum(signed_area(ring) for ring in rings) == mask.sum()
    assert sum(not is_hole(ring) for ring in rings) == ndimage.label(mask)[1]
    for drawn_as in (rings, [joined(rings)] if rings else []):
        found = ObjectMask.from_rings(drawn_as, (mask.shape[0], mask.shape[1]), 1)
        np.testing.assert_array_equal(found.to_mask(), mask)


def test_a_pixel_belongs_to_an_outline_that_holds_its_centre() -> None:
    triangle = np.array([(0, 0), (4, 0), (0, 4)], np.float64)
    # Of centres on the edge itself, x + y = 4, the rounding to the right counts.
    inside = np.array([[x + y + 1 < 4 for x in range(4)] for y in range(4)])
    found = ObjectMask.from_rings([triangle], (4, 4), 1).to_mask()
    assert found[inside].all()
    assert not found[np.add.outer(np.arange(4), np.arange(4)) + 1 > 4].any()


def test_what_lies_beyond_the_image_is_cut_off() -> None:
    ring = np.array([(-3, -2), (2, -2), (2, 1), (-3, 1)], np.float64)
    np.testing.assert_array_equal(
        ObjectMask.from_rings([ring], (3, 4), 1).to_mask(), drawn("##..", "....", "....")
    )
    assert crossings(ring + 100, (3, 4)).size == 0

"""Mask boundaries against outlines worked out by hand, and against the mask's own area."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pixelwise.report.contours import Mask, area, class_contours, contour, loops


def mask(*rows: str) -> Mask:
    return np.array([[character == "#" for character in row] for row in rows])


@pytest.mark.parametrize(
    ("drawn", "path"),
    [
        (mask("...", "..."), ""),
        (mask("###", "###"), "M0 0h3v2h-3z"),
        (mask("....", ".##.", ".##.", "...."), "M1 1h2v2h-2z"),
        (mask("##.", "#..", "..."), "M0 0h2v1h-1v1h-1z"),
        # The hole runs the other way round: down first.
        (mask("###", "#.#", "###"), "M0 0h3v3h-3zM1 1v1h1v-1z"),
        # Pixels that touch at a corner are two shapes, whichever way they lean.
        (mask("#.", ".#"), "M0 0h1v1h-1zM1 1h1v1h-1z"),
        (mask(".#", "#."), "M1 0h1v1h-1zM0 1h1v1h-1z"),
        # Two holes that touch at a corner belong to one shape, as the mask around them does.
        (mask("####", "#.##", "##.#", "####"), "M0 0h4v4h-4zM1 1v1h1v1h1v-1h-1v-1z"),
    ],
)
def test_paths_worked_out_by_hand(drawn: Mask, path: str) -> None:
    assert contour(drawn).data == path
    assert contour(drawn).block == 1


@settings(deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)))
def test_a_boundary_encloses_its_mask(drawn: Mask) -> None:
    found = loops(drawn)
    assert sum(area(loop) for loop in found) == np.count_nonzero(drawn)
    assert np.array_equal(filled(found, drawn.shape), drawn)
    for loop in found:
        steps = np.roll(loop, -1, axis=0) - loop
        assert np.all(np.count_nonzero(steps, axis=1) == 1), "every edge runs along x or along y"
        assert np.all((steps[:, 0] == 0) != (np.roll(steps, -1, axis=0)[:, 0] == 0)), (
            "no corner on a straight run"
        )


@settings(deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)))
def test_a_path_says_what_its_loops_say(drawn: Mask) -> None:
    parsed = [np.array(corners) for corners in read_path(contour(drawn).data)]
    assert len(parsed) == len(loops(drawn))
    assert all(np.array_equal(one, other) for one, other in zip(parsed, loops(drawn), strict=True))


@settings(deadline=None)
@given(st.integers(5, 40), st.integers(5, 40), st.integers(4, 60), st.integers(0, 2**32 - 1))
def test_a_speckled_mask_is_drawn_coarsely_within_the_image(
    height: int, width: int, most: int, seed: int
) -> None:
    drawn = np.random.default_rng(seed).random((height, width)) < 0.5
    found = contour(drawn, most_corners=most)
    corners = [corner for loop in read_path(found.data) for corner in loop]
    assert len(corners) <= max(most, 4)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in corners)
    assert (found.block > 1) == (sum(len(loop) for loop in loops(drawn)) > most)


def test_only_classes_that_are_there_have_a_contour() -> None:
    label_map = np.array([[0, 2], [255, 2]], dtype=np.uint8)
    assert {i: line.data for i, line in class_contours(label_map, (1, 2)).items()} == {2: "M1 0h1v2h-1z"}


def filled(found: list[NDArray[np.int64]], shape: tuple[int, ...]) -> Mask:
    """Even-odd filling: a pixel is inside when an odd number of vertical edges lies to its left."""
    crossings = np.zeros(shape, int)
    for loop in found:
        for (x0, y0), (x1, y1) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
            if x0 == x1:
                crossings[min(y0, y1) : max(y0, y1), x0:] += 1
    return np.asarray(crossings % 2 == 1)


def read_path(data: str) -> list[list[tuple[int, int]]]:
    """The corners of a path of M, h, v and z."""
    found = []
    for subpath in re.findall(r"M[^z]*z", data):
        start = re.match(r"M(\d+) (\d+)", subpath)
        assert start is not None
        x, y = int(start[1]), int(start[2])
        corners = [(x, y)]
        for direction, length in re.findall(r"([hv])(-?\d+)", subpath):
            x, y = (x + int(length), y) if direction == "h" else (x, y + int(length))
            corners.append((x, y))
        found.append(corners)
    return found

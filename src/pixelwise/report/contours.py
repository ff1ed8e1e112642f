"""The boundary of a mask as an SVG path along its pixel edges.

Coordinates are edges: pixel (x, y) covers [x, x+1) × [y, y+1), so a boundary has whole-number corners and
encloses exactly the area of the mask. Pixels that touch only at a corner are separate shapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.types import LabelMap

Mask = NDArray[np.bool_]
Loop = NDArray[np.int64]
"""(K, 2) corners x, y of a closed boundary; edges along x and y alternate, the last joins the first."""

MOST_CORNERS = 20_000
"""A speckled mask of a large image has millions of corners; beyond this number coarser blocks are drawn."""


@dataclass(frozen=True)
class Contour:
    """The boundary of one mask.

    Attributes:
        data: the ``d`` attribute of an SVG path, in pixels of the mask; empty for an empty mask.
        block: side of the blocks that were drawn, in pixels: 1 is exact.
    """

    data: str
    block: int = 1


def contour(mask: Mask, most_corners: int = MOST_CORNERS) -> Contour:
    """The boundary of ``mask`` (H, W), exact unless it has more than ``most_corners`` corners."""
    block, coarse = 1, mask
    nodes = _nodes(coarse)
    while len(nodes) > most_corners and max(coarse.shape) > 1:
        block, coarse = 2 * block, _halved(coarse)
        nodes = _nodes(coarse)
    height, width = mask.shape
    edge = np.array([width, height])
    # Blocks at the right and lower edge may stick out of the image.
    return Contour("".join(_path(np.minimum(loop * block, edge)) for loop in _follow(nodes)), block)


def class_contours(label_map: LabelMap, ids: Iterable[int]) -> dict[int, Contour]:
    """The boundary of each of the classes ``ids`` that is in ``label_map`` (H, W)."""
    present = set(np.unique(label_map).tolist())
    return {i: contour(label_map == i) for i in ids if i in present}


def outlines(label_map: LabelMap, labels: Labels) -> dict[str, Contour]:
    """By name, the boundary of each scored class that is in ``label_map`` (H, W)."""
    return {labels.classes[i]: line for i, line in class_contours(label_map, labels.scored).items()}


def loops(mask: Mask) -> list[Loop]:
    """All boundaries of ``mask`` (H, W): outer ones clockwise on the screen, holes the other way.

    Each starts at its topmost, then leftmost corner; loops are in the order of their starts.
    """
    return _follow(_nodes(mask))


def area(loop: Loop) -> float:
    """Signed area in pixels: positive for an outer boundary, negative for a hole."""
    x, y = loop[:, 0], loop[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _nodes(mask: Mask) -> NDArray[np.int64]:
    """(K, 5): x, y of each corner, whether its edges lie right and below, whether its way out is horizontal.

    A lattice point is a corner of the pixel in one of its four quadrants where that pixel differs from both
    neighbours there. Where two pixels touch diagonally the point is a corner of each of them.
    """
    padded = np.pad(np.asarray(mask, dtype=bool), 1)
    around = np.array([[padded[:-1, :-1], padded[:-1, 1:]], [padded[1:, :-1], padded[1:, 1:]]])
    found = []
    for below in (0, 1):
        for right in (0, 1):
            own, diagonal = around[below, right], around[1 - below, 1 - right]
            differs = (own != around[below, 1 - right]) & (own != around[1 - below, right])
            y, x = np.nonzero(differs & (own | diagonal))
            # With the mask on the right hand, the way out of a set upper-left or lower-right pixel's corner
            # is horizontal; where that pixel is the only one not set, it is vertical.
            horizontal = own[y, x] == (below == right)
            found.append(np.stack([x, y, np.full_like(x, right), np.full_like(x, below), horizontal], axis=1))
    return np.concatenate(found).astype(np.int64)


def _follow(nodes: NDArray[np.int64]) -> list[Loop]:
    """Join corners (K, 5) to loops: along a row or column of the lattice, two at a time bound a run."""
    x, y, right, below, horizontal = nodes.T
    along_rows = np.lexsort((right, x, y)).reshape(-1, 2)
    along_columns = np.lexsort((below, y, x)).reshape(-1, 2)
    beside, above = np.empty(len(nodes), np.int64), np.empty(len(nodes), np.int64)
    beside[along_rows], beside[along_rows[:, ::-1]] = along_rows[:, ::-1], along_rows
    above[along_columns], above[along_columns[:, ::-1]] = along_columns[:, ::-1], along_columns
    following = np.where(horizontal == 1, beside, above).tolist()
    seen = bytearray(len(nodes))
    found: list[Loop] = []
    for start in along_rows.ravel().tolist():
        members: list[int] = []
        node = start
        while not seen[node]:
            seen[node] = 1
            members.append(node)
            node = following[node]
        if members:
            found.append(nodes[members, :2])
    return found


def _path(loop: Loop) -> str:
    """One closed subpath with relative horizontal and vertical moves; "z" draws the last edge."""
    (x, y), steps = loop[0].tolist(), np.diff(loop, axis=0).tolist()
    return f"M{x} {y}" + "".join(f"h{dx}" if dx else f"v{dy}" for dx, dy in steps) + "z"


def _halved(mask: Mask) -> Mask:
    """Blocks of 2 × 2 pixels: set where at least half of a block is. (H, W) to (ceil(H/2), ceil(W/2))."""
    height, width = mask.shape
    padded = np.pad(mask, ((0, height % 2), (0, width % 2)), mode="edge")
    count = padded[::2, ::2].astype(np.uint8) + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    return np.asarray(count >= 2)

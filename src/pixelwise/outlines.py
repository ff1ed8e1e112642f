"""Between masks and outlines that run along the edges of pixels, exactly in both directions.

Pixel (x, y) covers [x, x+1) × [y, y+1). A mask's outline has its corners at whole numbers; a pixel belongs to an
outline if its centre is inside by the even–odd rule, as COCO's own tools decide it (:func:`crossings`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import Size

Ring = NDArray[np.float64]
"""(N, 2) corners x, y of a closed outline in pixels, the last joined to the first."""

_FINE = 5
"""COCO's tools look at outlines on a grid that is so much finer than pixels."""


def rings_of(mask: NDArray[np.bool_]) -> list[Ring]:
    """The outlines of a mask (H, W): clockwise as it is seen around each part, the other way around each hole.

    Pixels that touch at a corner alone are different parts; all rings together are the mask by the even–odd rule.
    """
    edges = _edges(mask)
    right, _, left, _ = edges
    rings = []
    for start in sorted(right, key=lambda corner: (corner[1], corner[0])):
        if start not in right:  # a ring has passed here
            continue
        ring, corner, heading = [], start, _RIGHT
        while True:
            ring.append(corner)
            corner = edges[heading].pop(corner)
            if corner == start and (heading == _UP or (heading == _DOWN and corner not in left)):
                break
            # Where two parts touch at a corner there are two ways on; the one to the right stays with the part.
            clockwise, other = (heading + 1) % 4, (heading - 1) % 4
            heading = clockwise if corner in edges[clockwise] else other
        rings.append(np.array(ring, np.float64))
    return rings


_Corner = tuple[int, int]
_Edges = dict[_Corner, _Corner]
_RIGHT, _DOWN, _UP = 0, 1, 3


def _edges(mask: NDArray[np.bool_]) -> tuple[_Edges, _Edges, _Edges, _Edges]:
    """The outline's pieces to the right, down, left and up, with the mask to the right of each."""
    framed = np.pad(mask, 1)
    above, below = framed[:-1, 1:-1], framed[1:, 1:-1]  # of each line between rows
    before, after = framed[1:-1, :-1].T, framed[1:-1, 1:].T  # of each line between columns
    return (
        {(first, y): (end, y) for y, first, end in _runs(below & ~above)},
        {(x, first): (x, end) for x, first, end in _runs(before & ~after)},
        {(end, y): (first, y) for y, first, end in _runs(above & ~below)},
        {(x, end): (x, first) for x, first, end in _runs(after & ~before)},
    )


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """(line, first, end) of what is marked on end in each line of (L, N)."""
    steps = np.diff(np.pad(marked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lines, firsts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return list(zip(lines.tolist(), firsts.tolist(), ends.tolist(), strict=True))


def is_hole(ring: Ring) -> bool:
    """Whether a ring of :func:`rings_of` goes around a hole."""
    return signed_area(ring) < 0


def signed_area(ring: Ring) -> float:
    """The area inside in pixels, negative where it is run through against the clock (the shoelace formula)."""
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def crossings(ring: Ring, size: Size) -> NDArray[np.int64]:
    """Where an outline crosses the columns of pixels: places in the image taken column by column, (n,).

    Between an odd and an even one of them, in order, pixels are inside. This is how COCO's tools rasterise, to the
    pixel (Lin 2014, the cocoapi's ``rleFrPoly``): corners are rounded to a fifth of a pixel, edges drawn on that grid,
    and a column counts where its middle is crossed. For corners at whole numbers it is exact.
    """
    height, width = size
    fine = np.trunc(_FINE * ring + 0.5).astype(np.int64)
    steps = np.roll(fine, -1, axis=0) - fine
    longest = np.abs(steps).max(axis=1)
    edge = np.repeat(np.arange(len(fine)), longest + 1)
    along = np.arange(len(edge)) - np.repeat(np.cumsum(longest + 1) - (longest + 1), longest + 1)
    u, v = _drawn(fine, steps, longest, edge, along)
    crossed = np.flatnonzero(np.diff(u))
    column_five = np.minimum(u[crossed], u[crossed + 1]) - _FINE // 2
    low = np.minimum(v[crossed], v[crossed + 1]) - _FINE // 2
    column = column_five // _FINE
    kept = (column_five % _FINE == 0) & (column >= 0) & (column < width)
    row = np.clip(-(-low[kept] // _FINE), 0, height)
    places: NDArray[np.int64] = column[kept] * height + row
    return places


def _drawn(
    fine: NDArray[np.int64],
    steps: NDArray[np.int64],
    longest: NDArray[np.int64],
    edge: NDArray[np.int64],
    along: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Points u, v on every edge, one for each step along its longer side."""
    wide = np.abs(steps[:, 0]) >= np.abs(steps[:, 1])
    main, other = (np.where(wide, steps[:, a], steps[:, 1 - a]) for a in (0, 1))
    # Both ways along an edge round alike: it is always drawn from its lower end.
    back = main < 0
    slope = np.where(back, -other, other) / np.maximum(longest, 1)
    begin = np.where(back[:, None], fine + steps, fine)
    main_begin, other_begin = (np.where(wide, begin[:, a], begin[:, 1 - a]) for a in (0, 1))
    place = np.where(back[edge], longest[edge] - along, along)
    on_main = main_begin[edge] + place
    on_other = np.trunc(other_begin[edge] + slope[edge] * place + 0.5).astype(np.int64)
    return np.where(wide[edge], on_main, on_other), np.where(wide[edge], on_other, on_main)


def joined(rings: Sequence[Ring]) -> Ring:
    """One outline that holds all rings by the even–odd rule: cut lines lead from the first to each other and back.

    A cut line is run through in both directions, so it has no width and crosses nothing.
    """
    path = [rings[0], rings[0][:1]]
    for ring in rings[1:]:
        path += [ring, ring[:1], rings[0][:1]]
    return np.concatenate(path) if len(rings) > 1 else rings[0]

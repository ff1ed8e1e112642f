"""Pairs of masks to score: drawn at random and degenerate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Pair = tuple[Mask, Mask]


def blob(draw: np.random.Generator, size: tuple[int, int], rough: float = 0.08) -> Mask:
    """A lobed disc about the middle, as a lesion in a photograph."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    y0, x0 = height * draw.normal(0.5, 0.05), width * draw.normal(0.5, 0.05)
    angle = np.arctan2(y - y0, x - x0)
    lobes = sum(draw.normal(0, rough) * np.cos(k * angle + draw.uniform(0, 6.3)) for k in range(2, 7))
    inside: Mask = np.hypot(y - y0, x - x0) < min(size) * draw.uniform(0.15, 0.45) * (1 + lobes)
    return inside


def degenerate(size: tuple[int, int] = (12, 17)) -> dict[str, Pair]:
    """Pairs of (truth, prediction) at the edge of what can be scored, by name."""
    empty, full = np.zeros(size, bool), np.ones(size, bool)
    pixel, corner, line, border, ring = (empty.copy() for _ in range(5))
    pixel[5, 6] = corner[-1, -1] = line[3, :] = True
    border[:7, :9] = True
    ring[2:10, 2:14] = True
    ring[5:7, 6:9] = False
    return {
        "both empty": (empty, empty),
        "missed": (border, empty),
        "made up": (empty, pixel),
        "both full": (full, full),
        "full of one pixel": (pixel, full),
        "identical": (ring, ring),
        "the same pixel": (pixel, pixel),
        "two pixels": (pixel, corner),
        "a pixel of a line": (line, pixel),
        "at the border": (border, corner | border),
        "across the border": (border, full),
        "apart": (corner, border),
        "with a hole": (ring, border),
    }


def at_random(count: int, seed: int = 0) -> Iterator[Pair]:
    """Smooth and noisy pairs of many sizes."""
    draw = np.random.default_rng(seed)
    for number in range(count):
        size = (int(draw.integers(8, 60)), int(draw.integers(8, 60)))
        if number % 3 == 2:
            yield draw.random(size) < draw.random(), draw.random(size) < draw.random()
        else:
            yield blob(draw, size), blob(draw, size)

"""Joints in heat maps: places that are warmer than all around them, finer than a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REACH = 2
"""Pixels of the field around a peak that are no warmer."""
_AROUND = sorted(
    (
        (down, across)
        for down in range(-REACH, REACH + 1)
        for across in range(-REACH, REACH + 1)
        if (down, across) != (0, 0)
    ),
    key=lambda step: step[0] ** 2 + step[1] ** 2,  # the next ones beat most
)


@dataclass(frozen=True)
class Peaks:
    """Places in K heat maps, those of the first joint first.

    Attributes:
        joints: (P,) int64 which joint each is.
        points: (P, 2) float64 x and y in pixels of the field; a pixel's centre is at +0.5.
        heat: (P,) float64 the map's value there, at most 1.
    """

    joints: NDArray[np.int64]
    points: NDArray[np.float64]
    heat: NDArray[np.float64]


def find_peaks(heat: NDArray[np.float32], threshold: float, most: int = 200) -> Peaks:
    """All peaks of (K, h, w) above ``threshold``; of a joint with more than ``most`` the warmest.

    Only pixels above the threshold are looked at, which are few, so that the size of the maps hardly matters.
    """
    height, width = heat.shape[1:]
    values = np.ascontiguousarray(heat).reshape(-1)
    flat = np.flatnonzero(values > threshold)
    row, column = np.divmod(flat % (height * width), width)
    value = values[flat]
    for down, across in _AROUND:
        there_row, there_column = row + down, column + across
        inside = (there_row >= 0) & (there_row < height) & (there_column >= 0) & (there_column < width)
        there = values[np.where(inside, flat + (down * width + across), flat)]
        # Of equals the first counts, so that a plateau has one peak.
        beaten = (there > value) if (down, across) > (0, 0) else (there >= value)
        alive = np.flatnonzero(~(beaten & inside))
        flat, row, column, value = flat[alive], row[alive], column[alive], value[alive]
    joint = flat // (height * width)
    kept = _warmest(joint, value, most)
    joint, row, column, value = joint[kept], row[kept], column[kept], value[kept]
    points = np.stack([column, row], axis=1) + 0.5 + _finer(heat, joint, row, column)
    return Peaks(joint, points, np.minimum(value.astype(np.float64), 1.0))


def warmest(heat: NDArray[np.float32]) -> Peaks:
    """Of each of (K, h, w) maps the warmest place, however cold."""
    joints, height, width = heat.shape
    row, column = np.divmod(heat.reshape(joints, height * width).argmax(axis=1), width)
    joint = np.arange(joints)
    points = np.stack([column, row], axis=1) + 0.5 + _finer(heat, joint, row, column)
    return Peaks(joint, points, heat[joint, row, column].astype(np.float64).clip(0.0, 1.0))


def _warmest(joint: NDArray[np.int64], value: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    """Places of at most so many of each joint, in their order."""
    counts = np.bincount(joint, minlength=1)
    if counts.max(initial=0) <= most:
        return np.arange(len(joint))
    order = np.lexsort((-value, joint))
    rank = np.arange(len(joint)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < most])


def _finer(
    heat: NDArray[np.float32], joint: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(P, 2) from the middle of each pixel to the top, across and down, at most half a pixel.

    The logarithm of a Gaussian is a parabola, which three values tell (Zhang 2020, DARK, in one dimension each).
    """
    height, width = heat.shape[1:]

    def at(down: int, across: int) -> NDArray[np.float64]:
        values = heat[joint, (row + down).clip(0, height - 1), (column + across).clip(0, width - 1)]
        logarithm: NDArray[np.float64] = np.log(np.maximum(values.astype(np.float64), 1e-4))
        return logarithm

    middle = at(0, 0)

    def top(
        before: NDArray[np.float64], after: NDArray[np.float64], inner: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        bend = 2 * middle - before - after
        step = np.divide(after - before, 2 * bend, out=np.zeros_like(middle), where=(bend > 1e-9) & inner)
        limited: NDArray[np.float64] = step.clip(-0.5, 0.5)
        return limited

    across = top(at(0, -1), at(0, 1), (column > 0) & (column < width - 1))
    down = top(at(-1, 0), at(1, 0), (row > 0) & (row < height - 1))
    return np.stack([across, down], axis=1)

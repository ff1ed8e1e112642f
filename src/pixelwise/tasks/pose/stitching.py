"""People of overlapping windows put together: who is seen in several of them is there once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.tasks.pose.result import PoseResult
from pixelwise.types import Size, Window

SAME = 0.5
"""Object keypoint similarity from which on two are one, as a person is found by COCO's least threshold."""
SHARED = 0.5
"""Of the joints of the one of whom fewer were found, that both must have: else they are two halves of anybody."""
SLENDER = 0.25
"""Least area of a person in parts of the square of the longer side: joints of one who stands upright span little."""


@dataclass(frozen=True)
class _Seen:
    """A person of a window, in the whole image's pixels: (K, 2), (K,); the score; the numbers of windows."""

    keypoints: NDArray[np.float32]
    confidences: NDArray[np.float32]
    score: float
    windows: frozenset[int]

    @property
    def found(self) -> NDArray[np.bool_]:
        return self.confidences > 0

    @property
    def area(self) -> float:
        points = self.keypoints[self.found]
        sides = np.ptp(points, axis=0) if len(points) else np.zeros(2)
        return float(max(sides.prod(), SLENDER * sides.max() ** 2))


def stitch(parts: Sequence[tuple[PoseResult, Window]], sigmas: Sequence[float], size: Size) -> PoseResult:
    """All windows' people as those of one image of ``size``, surest first.

    The surer of two that are one person stays, and gets the joints that the other alone has: beyond the border of the
    one's window. People of one window are never the same.
    """
    kept: list[_Seen] = []
    for one in sorted(_people(parts), key=lambda seen: -seen.score):
        place = next((at for at, other in enumerate(kept) if _same(one, other, sigmas)), None)
        if place is None:
            kept.append(one)
        else:
            kept[place] = _completed(kept[place], one)
    kept.sort(key=lambda seen: -seen.score)
    joints = parts[0][0].confidences.shape[1]
    return PoseResult(
        np.array([one.keypoints for one in kept], np.float32).reshape(-1, joints, 2),
        np.array([one.confidences for one in kept], np.float32).reshape(-1, joints),
        np.array([one.score for one in kept], np.float32),
        size,
    )


def _people(parts: Sequence[tuple[PoseResult, Window]]) -> list[_Seen]:
    return [
        _Seen(
            one.keypoints[at] + np.array([window.x0, window.y0], np.float32) * one.found[at, :, None],
            one.confidences[at],
            float(one.scores[at]),
            frozenset({number}),
        )
        for number, (one, window) in enumerate(parts)
        for at in range(len(one))
    ]


def _same(one: _Seen, other: _Seen, sigmas: Sequence[float]) -> bool:
    """Whether two of different windows are one: by OKS over the joints that both have, of the larger's area."""
    both = one.found & other.found
    fewer = min(int(one.found.sum()), int(other.found.sum()))
    if one.windows & other.windows or not both.any() or both.sum() < SHARED * fewer:
        return False
    away = np.square(one.keypoints[both] - other.keypoints[both]).sum(axis=1, dtype=np.float64)
    spread = np.square(2 * np.asarray(sigmas, np.float64)[both]) * max(one.area, other.area, 1.0)
    return float(np.exp(-away / (2 * spread)).mean()) >= SAME


def _completed(one: _Seen, other: _Seen) -> _Seen:
    """The first with the joints that only the other has; scores are means over all joints."""
    more = ~one.found & other.found
    confidences = np.where(more, other.confidences, one.confidences)
    keypoints = np.where(more[:, None], other.keypoints, one.keypoints)
    return _Seen(keypoints, confidences, float(confidences.mean()), one.windows | other.windows)

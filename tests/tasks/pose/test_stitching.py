"""People of a large picture, seen in windows, are there once each."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.skeleton import COCO_17
from pixelwise.tasks.pose.result import PoseResult
from pixelwise.tasks.pose.stitching import stitch
from pixelwise.types import Window

SIZE = (400, 1000)
LEFT, RIGHT = Window(0, 0, 600, 400), Window(400, 0, 1000, 400)


def person(x: float, y: float, seed: int = 0) -> NDArray[np.float32]:
    """(17, 2): joints of somebody 80 pixels wide and 200 high about a point."""
    low, high = np.array([x - 40, y - 100]), np.array([x + 40, y + 100])
    return np.random.default_rng(seed).uniform(low, high, (17, 2)).astype(np.float32)


def seen(people: list[NDArray[np.float32]], window: Window, error: float = 0.0) -> PoseResult:
    """What a window shows of people: joints within it, up to ``error`` pixels off, the surer the more of them."""
    off = error * np.random.default_rng(7).uniform(-1, 1, (len(people), 17, 2))
    points = np.stack(people) + off
    inside = (
        (points[..., 0] >= window.x0)
        & (points[..., 0] < window.x1)
        & (points[..., 1] >= window.y0)
        & (points[..., 1] < window.y1)
    )
    kept = inside.any(axis=1)
    confidences = np.where(inside, 0.8, 0.0)[kept].astype(np.float32)
    local = (points - [window.x0, window.y0])[kept] * inside[kept][..., None]
    size = window.y1 - window.y0, window.x1 - window.x0
    return PoseResult(local.astype(np.float32), confidences, confidences.mean(axis=1), size)


def found_in(people: list[NDArray[np.float32]], error: float = 0.0) -> PoseResult:
    parts = [(seen(people, LEFT, error), LEFT), (seen(people, RIGHT, -error), RIGHT)]
    return stitch(parts, COCO_17.sigmas, SIZE)


@pytest.mark.parametrize("x", [100, 420, 500, 560, 590, 900])
@pytest.mark.parametrize("error", [0.0, 3.0])
def test_somebody_anywhere_is_there_once_and_whole(x: float, error: float) -> None:
    result = found_in([person(x, 200)], error)
    assert len(result) == 1
    assert result.found.all()
    assert np.abs(result.keypoints[0] - person(x, 200)).max() <= error + 1e-3
    assert result.scores == pytest.approx([0.8])
    assert result.size == SIZE


def test_two_who_stand_together_stay_two() -> None:
    both = [person(500, 200, seed=1), person(530, 200, seed=2)]
    result = found_in(both, error=2.0)
    assert len(result) == 2
    nearest = [min(range(2), key=lambda at: np.abs(one - both[at]).max()) for one in result.keypoints]
    assert sorted(nearest) == [0, 1]


def test_people_of_one_window_are_never_the_same() -> None:
    twice = [person(100, 200), person(100, 200)]
    assert len(stitch([(seen(twice, LEFT), LEFT)], COCO_17.sigmas, SIZE)) == 2


def test_one_who_is_seen_alone_here_is_not_two_who_are_seen_there() -> None:
    """Whoever was put together with one of a window is none of the others of that window."""
    near = [person(500, 200), person(503, 200)]
    parts = [(seen(near[:1], LEFT), LEFT), (seen(near, RIGHT), RIGHT)]
    assert len(stitch(parts, COCO_17.sigmas, SIZE)) == 2


def test_nobody_anywhere() -> None:
    nobody = PoseResult(
        np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), np.float32), np.zeros(0, np.float32), SIZE
    )
    result = stitch([(nobody, LEFT), (nobody, RIGHT)], COCO_17.sigmas, SIZE)
    assert result.keypoints.shape == (0, 17, 2)
    assert result.confidences.shape == (0, 17)

"""People for tests: a plain figure of COCO's joints, where one wants it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelwise.skeleton import COCO_17, Skeleton
from pixelwise.types import People

FIGURE = np.array(
    [
        [0.0, 0.0],
        *([[-0.05, -0.05], [0.05, -0.05], [-0.1, 0.0], [0.1, 0.0], [-0.2, 0.2], [0.2, 0.2], [-0.3, 0.45]]),
        *([[0.3, 0.45], [-0.35, 0.65], [0.35, 0.65], [-0.12, 0.7], [0.12, 0.7], [-0.14, 1.05], [0.14, 1.05]]),
        *([[-0.15, 1.4], [0.15, 1.4]]),
    ]
)
"""(17, 2) joints of a person who stands and looks at you, nose at the origin, 1.45 high."""


def standing(places: Sequence[tuple[float, float]], height: float) -> People:
    """People whose nose is at each place (x, y), so many pixels high."""
    points = np.array(places, np.float64).reshape(-1, 1, 2) + FIGURE * height / 1.45
    return of_points(points)


def of_points(
    points: NDArray[np.float64], visibility: NDArray[np.uint8] | None = None, skeleton: Skeleton = COCO_17
) -> People:
    """People (M, K, 2), all joints visible unless said otherwise, boxes around them."""
    count, joints = points.shape[:2]
    low, high = (points.min(axis=1), points.max(axis=1)) if count else (np.zeros((0, 2)), np.zeros((0, 2)))
    return People(
        points.astype(np.float32),
        np.full((count, joints), 2, np.uint8) if visibility is None else visibility,
        np.concatenate([low, high], axis=1).astype(np.float32),
        (high - low).prod(axis=1).astype(np.float32),
        np.zeros(count, np.bool_),
        np.array(skeleton.partners, np.int64),
    )

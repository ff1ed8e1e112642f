"""Skeletons drawn over pictures."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from pixelwise.skeleton import Skeleton
from pixelwise.tasks.drawing import PALETTE
from pixelwise.tasks.pose.result import PoseResult
from pixelwise.types import Image, People

FINE = 3
"""Pictures are drawn on so many times larger, and made small again: Pillow's lines have no soft edges."""
MOST_PIXELS = 4_000_000
"""Larger pictures are drawn on as they are."""
SMALL = 480
"""Pictures of a shorter side are drawn as if they had it: lines are never thinner than a pixel."""
DARK = (20, 20, 20)
WHITE = (255, 255, 255)

Points = NDArray[np.float64]


def draw_people(image: Image, result: PoseResult, skeleton: Skeleton, truth: People | None = None) -> Image:
    """Every person in a colour of their own: limbs as lines, joints as dots, fainter where less sure.

    Args:
        image: (H, W, 3) uint8.
        truth: drawn as thin white lines where given.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = image.shape[:2]
    factor = FINE if height * width * FINE**2 <= MOST_PIXELS * FINE else 1
    canvas = PIL.Image.fromarray(image).resize(
        (width * factor, height * factor), PIL.Image.Resampling.BICUBIC
    )
    pen = PIL.ImageDraw.Draw(canvas)
    thick = max(1.0, min(height, width) / 110) * factor
    if truth is not None:
        for points, seen in zip(truth.keypoints, truth.visibility, strict=True):
            _draw_lines(pen, points * factor, seen > 0, skeleton, WHITE, max(1.0, thick / 2.5))
    for person in range(len(result)):
        colour = tuple(int(channel) for channel in PALETTE[person % len(PALETTE)])
        points = result.keypoints[person].astype(np.float64) * factor
        found = result.found[person]
        _draw_lines(pen, points, found, skeleton, DARK, thick * 1.7)
        _draw_lines(pen, points, found, skeleton, colour, thick)
        for (x, y), sure in zip(points[found], result.confidences[person][found], strict=True):
            radius = thick * (0.9 if sure >= 0.3 else 0.6)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=DARK)
    return np.asarray(canvas.resize((width, height), PIL.Image.Resampling.BOX))


def _draw_lines(
    pen: PIL.ImageDraw.ImageDraw,
    points: Points,
    shown: NDArray[np.bool_],
    skeleton: Skeleton,
    colour: tuple[int, ...],
    thickness: float,
) -> None:
    for one, other in skeleton.limbs:
        if shown[one] and shown[other]:
            ends = [tuple(map(float, points[one])), tuple(map(float, points[other]))]
            pen.line(ends, fill=colour, width=max(1, round(thickness)))

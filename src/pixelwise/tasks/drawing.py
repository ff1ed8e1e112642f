"""Label maps drawn over images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import IGNORE_INDEX, Image, LabelMap

# Colours of Okabe and Ito (2008), told apart by people with any kind of colour vision.
PALETTE = np.array(
    [
        [0, 158, 115],
        [213, 94, 0],
        [86, 180, 233],
        [240, 228, 66],
        [0, 114, 178],
        [204, 121, 167],
        [230, 159, 0],
    ],
    np.uint8,
)
TRUTH_COLOUR = np.array([255, 255, 255], np.uint8)
TINT = 0.35


def draw_label_map(
    image: Image, label_map: LabelMap, truth: LabelMap | None = None, background: int | None = 0
) -> Image:
    """Tint each class, outline it, and outline the truth in white where given.

    Args:
        image: (H, W, 3) uint8.
        label_map: (H, W) uint8 class ids.
        truth: (H, W) uint8 class ids, or None.
        background: id that is left as it is; None tints every class.

    Returns:
        (H, W, 3) uint8.
    """
    numbers = ((np.arange(256) - 1) % len(PALETTE)).astype(np.uint8)[label_map]  # places in the palette
    shown = np.ones(label_map.shape, bool) if background is None else label_map != background
    drawn = image.copy()
    for number, colour in enumerate(PALETTE):
        _tint(drawn, shown & (numbers == number), colour)
    thickness = max(1, round(min(label_map.shape) / 300))
    edge = outline(label_map, thickness) & shown
    drawn[edge] = PALETTE[numbers[edge]]
    if truth is not None:
        known = np.where(truth == IGNORE_INDEX, 0, truth)
        drawn[outline(known, thickness)] = TRUTH_COLOUR
    return drawn


def _tint(drawn: Image, where: NDArray[np.bool_], colour: NDArray[np.uint8]) -> None:
    """Mix ``colour`` into some pixels of a picture, in place: by tables, since fractions of all would be many bytes."""
    if where.any():
        for channel, tone in enumerate(colour):
            table = ((1 - TINT) * np.arange(256) + TINT * float(tone)).astype(np.uint8)
            plane = drawn[..., channel]
            plane[where] = table[plane[where]]


def outline(label_map: NDArray[np.integer[Any]], thickness: int) -> NDArray[np.bool_]:
    """(H, W) bool: pixels whose class, or object, differs from a neighbour at most ``thickness`` away along an axis."""
    edge = np.zeros(label_map.shape, bool)
    for step in range(1, thickness + 1):
        below = label_map[step:] != label_map[:-step]
        beside = label_map[:, step:] != label_map[:, :-step]
        edge[step:] |= below
        edge[:-step] |= below
        edge[:, step:] |= beside
        edge[:, :-step] |= beside
    return edge

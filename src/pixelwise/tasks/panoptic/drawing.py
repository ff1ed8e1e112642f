"""Objects drawn over images."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.metrics import match_objects
from pixelwise.tasks.drawing import PALETTE, TINT, TRUTH_COLOUR, outline
from pixelwise.tasks.panoptic.result import PanopticResult
from pixelwise.tasks.panoptic.rows import count_row
from pixelwise.types import INSTANCES, Image, Label

FALSE_COLOUR = np.array([230, 0, 50], np.uint8)
GOLDEN = 0.61803398875
STUFF_TINT = 0.25


def object_colours(count: int) -> NDArray[np.uint8]:
    """(count, 3) colours of which neighbours in the list differ most: hues a golden section of the circle apart.

    Reds are left to what is false.
    """
    hues = 0.06 + 0.86 * ((0.3 + GOLDEN * np.arange(count)) % 1)
    colours = [
        colorsys.hsv_to_rgb(hue, 0.85 - 0.3 * (n % 3 == 1), 1.0 - 0.25 * (n % 2))
        for n, hue in enumerate(hues)
    ]
    return (np.array(colours).reshape(-1, 3) * 255).astype(np.uint8)


def draw_objects(image: Image, result: PanopticResult, labels: Labels, truth: Label | None = None) -> Image:
    """Tint and outline each object in a colour of its own, and stuff in that of its class.

    With a truth, missed objects are hatched in white and predicted ones that match none in red, both outlined so.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        (H, W, 3) uint8.
    """
    objects, classes = result.instance_map, result.label_map
    thickness = max(1, round(min(objects.shape) / 300))
    drawn = image.copy()
    colours = np.concatenate([np.zeros((1, 3), np.uint8), object_colours(len(result.classes))])
    shown = objects > 0
    for at in range(len(drawn)):  # row by row, since fractions of all pixels would be many bytes
        row, here = drawn[at], shown[at]
        for class_id in labels.stuff:
            of_class = (classes[at] == class_id) & ~here
            row[of_class] = _mixed(row[of_class], PALETTE[class_id % len(PALETTE)], STUFF_TINT)
        row[here] = _mixed(row[here], colours[objects[at, here]], TINT)
    edge = outline(objects, thickness) & shown
    drawn[edge] = colours[objects[edge]]
    if truth is None:
        return drawn
    matched = match_objects(count_row(result, truth, labels).objects)
    true_ids = np.unique(truth.maps[INSTANCES])
    true_ids = true_ids[true_ids > 0]
    missed = np.where(np.isin(truth.maps[INSTANCES], true_ids[matched.missed]), truth.maps[INSTANCES], 0)
    false = np.where(np.isin(objects, matched.false + 1), objects, 0)
    for marked, colour in ((false, FALSE_COLOUR), (missed, TRUTH_COLOUR)):
        _hatch(drawn, marked, colour, thickness)
    return drawn


def _hatch(drawn: Image, marked: NDArray[np.int32], colour: NDArray[np.uint8], thickness: int) -> None:
    """Outline objects and lay diagonal stripes over them."""
    rows, columns = np.nonzero(marked)
    striped = (rows + columns) % (8 * thickness) < thickness
    drawn[rows[striped], columns[striped]] = colour
    drawn[outline(marked, thickness) & (marked > 0)] = colour


def _mixed(pixels: NDArray[np.uint8], colour: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    return ((1 - share) * pixels + share * colour).astype(np.uint8)

"""How large the frame is: as large as the masks need and the time allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixelwise.geometry import usual_frame
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.types import Size

SMALLEST = 224
"""Square root of the smallest frame's area; what rates are for."""
SIDES = (SMALLEST, 256, 288, 320, 352, 384, 416, 448, 512)
ENOUGH = 0.997
"""A ceiling that a larger frame hardly lifts: networks err ten times as much."""
EPOCHS = 25
"""Passes over the training images that are worth more than a larger frame."""
TRAINING_SHARE = 0.85
"""Of a budget, that is left for training, about."""


@dataclass(frozen=True)
class FramePlan:
    """A frame and why.

    Attributes:
        size: (height, width).
        reason: in words.
    """

    size: Size
    reason: str


def plan_frame(known: Fingerprint) -> FramePlan:
    """The smallest frame whose ceiling is ``ENOUGH``, or the largest that leaves time for ``EPOCHS``."""
    usual = max(known.sizes, key=lambda one: known.sizes[one])
    about = f"the usual image is {usual[1]}×{usual[0]}"
    chosen = usual_frame(known.sizes, SMALLEST**2)
    limit = ""
    for side in SIDES[1:]:
        if math.isnan(known.ceiling(chosen)) or known.ceiling(chosen) >= ENOUGH:
            break
        size = usual_frame(known.sizes, side**2)
        if size[0] > usual[0] or size[1] > usual[1]:
            limit = "; a larger one would show no more"
            break
        if epochs_in(known, size) < EPOCHS:
            limit = f"; a larger one would leave less than {EPOCHS} passes over the training images"
            break
        chosen = size
    best = known.ceiling(chosen)
    kept = "" if math.isnan(best) else f"; masks keep a score of {best:.3f} in it"
    return FramePlan(chosen, f"{about}{kept}{limit}")


def epochs_in(known: Fingerprint, size: Size) -> float:
    """Passes over the training images that the time allows, about; inf where time does not matter."""
    if known.seconds is None or not known.training:
        return math.inf
    rate = known.rate * SMALLEST**2 / (size[0] * size[1])
    return rate * known.seconds * TRAINING_SHARE / known.training

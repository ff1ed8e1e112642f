"""How much images are changed at random: more, the more often each is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.scale import epochs_in
from pixelwise.recipe import Augment, Scale

FEW, MANY = 40, 60
"""Passes over the training frames: up to the first they are changed little, from the second on much."""
LITTLE = {"scale": 1.25, "shear": 0.1, "rotate": 8.0}
"""The settings that grow, where they are least; at most they are the recipe's defaults."""


@dataclass(frozen=True)
class AugmentPlan:
    """Changes and why."""

    augment: Augment
    reason: str


def plan_augment(known: Fingerprint, scale: Scale) -> AugmentPlan:
    """Wide changes where each image is seen often; any turn where pictures have no up and down."""
    passes = epochs_in(known, scale)
    width = min(1.0, max(0.0, (passes - FEW) / (MANY - FEW)))
    most = Augment()
    chosen = {name: round(low + width * (getattr(most, name) - low), 3) for name, low in LITTLE.items()}
    if known.any_way_up:
        chosen |= {"vflip": 0.5, "rotate": 180.0}
    much = ("little", "in between", "much")[math.ceil(width) + (width == 1)]
    times = "once" if passes < 1.5 else f"{passes:.0f} times" if math.isfinite(passes) else ""
    often = f" since each is seen about {times}" if times else ""
    turned = (
        "the pictures have no up and down: turned any way"
        if known.any_way_up
        else "the pictures are taken to have an up: turned little; if they have none, as skin and cells, "
        "--set augment.rotate=180 --set augment.vflip=0.5"
    )
    return AugmentPlan(most.model_copy(update=chosen), f"images are changed {much}{often}; {turned}")

"""How much images are changed at random: the more, the fewer there are to learn from."""

from __future__ import annotations

from dataclasses import dataclass

from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.recipe import Augment

FEW, MANY = 100, 200
"""Training images: up to the first they are changed much, from the second on little."""
LITTLE = {"scale": 1.25, "shear": 0.1, "rotate": 8.0}
"""The settings that grow, where they are least; at most they are the recipe's defaults."""


@dataclass(frozen=True)
class AugmentPlan:
    """Changes and why."""

    augment: Augment
    reason: str


def plan_augment(known: Fingerprint) -> AugmentPlan:
    """Wide changes where there are few images; any turn where pictures have no up and down."""
    width = min(1.0, max(0.0, (MANY - known.training) / (MANY - FEW)))
    most = Augment()
    chosen = {name: round(low + width * (getattr(most, name) - low), 3) for name, low in LITTLE.items()}
    if known.any_way_up or known.objects_any_way:
        chosen |= {"vflip": 0.5, "rotate": 180.0}
    much = "little" if width == 0 else "much" if width == 1 else "more than a little"
    turned = (
        "objects lie in every direction: turned any way"
        if known.objects_any_way
        else "the pictures have no up and down: turned any way"
        if known.any_way_up
        else "the pictures are taken to have an up: turned little; if they have none, as skin and cells, "
        "--set augment.rotate=180 --set augment.vflip=0.5"
    )
    there = f"there {'is' if known.training == 1 else 'are'} {known.training}"
    count = f" since {there} to learn from" if known.training else ""
    return AugmentPlan(most.model_copy(update=chosen), f"images are changed {much}{count}; {turned}")

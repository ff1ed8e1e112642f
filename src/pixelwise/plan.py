"""From data and wishes to a recipe, with a reason for every choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pixelwise.geometry import usual_frame
from pixelwise.recipe import Augment, Recipe, Scale
from pixelwise.types import Size

FRAME_PIXELS = 224 * 224
"""Area of the frame: what a 2-core computer trains at 10–20 images a second."""


@dataclass(frozen=True)
class Plan:
    """A recipe and, by setting, why it holds what it holds."""

    recipe: Recipe
    reasons: dict[str, str]


def plan(sizes: Mapping[Size, int], *, any_way_up: bool) -> Plan:
    """Fill in a recipe, but for seed and length of training.

    Args:
        sizes: how many images have each (height, width).
        any_way_up: the pictures have no up and down.
    """
    size = usual_frame(sizes, FRAME_PIXELS)
    usual = max(sizes, key=lambda one: sizes[one])
    recipe = Recipe(
        scale=Scale(size=size),
        augment=Augment(vflip=0.5, rotate=180.0) if any_way_up else Augment(),
    )
    turns = (
        "the pictures have no up and down: turned any way"
        if any_way_up
        else "the pictures have an up: turned little"
    )
    return Plan(
        recipe,
        {
            "scale.size": f"{size[1]}×{size[0]} (width × height): the usual image is {usual[1]}×{usual[0]}",
            "augment": turns,
            "model": f"{recipe.model.decoder} over pretrained {recipe.model.encoder}",
        },
    )

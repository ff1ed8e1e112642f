"""From data and wishes to a recipe, with a reason for every choice."""

from __future__ import annotations

from dataclasses import dataclass

from pixelwise.data.valuerange import PERCENTILES, ValueRange
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.frame import plan_frame
from pixelwise.recipe import Augment, Model, Recipe, Scale, Train, Values
from pixelwise.types import RGB8


@dataclass(frozen=True)
class Plan:
    """A recipe and, by setting, why it holds what it holds."""

    recipe: Recipe
    reasons: dict[str, str]


def plan(known: Fingerprint, network: Model = Model()) -> Plan:  # noqa: B008 - it is frozen
    """Fill in a recipe, but for seed and length of training.

    Args:
        known: of data, time and computer.
        network: encoder and decoder that are wished for.
    """
    frame, found = plan_frame(known), known.found
    recipe = Recipe(
        scale=Scale(size=frame.size),
        values=Values(
            channels=found.pixels.channels,
            dtype=found.pixels.dtype,
            minimum=found.minimum,
            maximum=found.maximum,
        ),
        model=network,
        augment=Augment(vflip=0.5, rotate=180.0) if known.any_way_up else Augment(),
        # What begins at random has as far to go as the decoder.
        train=Train(epochs=30) if network.starts_pretrained else Train(epochs=30, encoder_rate=1.0),
    )
    turns = (
        "the pictures have no up and down: turned any way"
        if known.any_way_up
        else "the pictures are taken to have an up: turned little; if they have none, as skin and cells, "
        "--set augment.rotate=180 --set augment.vflip=0.5"
    )
    return Plan(
        recipe,
        {
            "scale.size": f"{frame.size[1]}×{frame.size[0]} (width × height): {frame.reason}",
            "augment": turns,
            "model": f"{network.decoder} over {network.encoder}, "
            + ("pretrained" if network.starts_pretrained else "from scratch"),
            **_of_values(found),
        },
    )


def _of_values(found: ValueRange) -> dict[str, str]:
    """Why values are scaled as they are; nothing to say of usual pictures."""
    if found.pixels == RGB8:
        return {}
    reason = f"{found.pixels}, {found.minimum:g} to {found.maximum:g}"
    if found.images:
        low, high = PERCENTILES
        reason += (
            f": what lies between the {low}th and the {high}th percentile of {found.images} training "
            f"image{'s' * (found.images != 1)}, rounded outwards"
        )
    return {"values": reason}

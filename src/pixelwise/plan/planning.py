"""From data and wishes to a recipe, with a reason for every choice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pixelwise.data.valuerange import PERCENTILES, ValueRange
from pixelwise.plan.augment import plan_augment
from pixelwise.plan.fingerprint import Covered, Fingerprint
from pixelwise.plan.reasons import of_batch, of_losses, of_network, of_usual_classes
from pixelwise.plan.scale import SMALLEST, plan_scale
from pixelwise.plan.still import still_layers
from pixelwise.recipe import DecoderName, Model, Recipe, SemanticTask, TaskRecipe, Train, Values
from pixelwise.types import RGB8

NEAR_RATE = 4e-3
"""Learning rate of a decoder whose every level is read, over an encoder that knows images."""
NEAR_DECODERS: tuple[DecoderName, ...] = ("unet-hypercolumn",)
NEAR = "every level of the decoder is near the loss"
OVERSAMPLE = 0.33
"""Share of frames that are drawn for a class, where one is rare."""
FEW_PIXELS = 0.05
"""A class that covers less of large images is in few of their tiles."""
FEW_IMAGES = 0.25


@dataclass(frozen=True)
class Plan:
    """A recipe and, by setting, why it holds what it holds."""

    recipe: Recipe
    reasons: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """What somebody wants that other choices depend on.

    Attributes:
        scale: settings of :class:`~pixelwise.recipe.Scale`, by their names there.
        still: which layers stay as they came is no matter of the plan.
    """

    scale: Mapping[str, Any] = field(default_factory=dict)
    still: bool = False


def plan(
    known: Fingerprint,
    network: Model = Model(),  # noqa: B008 - it is frozen
    task: TaskRecipe = SemanticTask(),  # noqa: B008
    *,
    asked: Asked = Asked(),
) -> Plan:
    """Fill in a recipe, but for seed and length of training.

    Args:
        known: of data, time and computer.
        network: encoder and decoder that are wished for.
        task: what to learn.
        asked: what else is wished for.
    """
    scale, found = plan_scale(known, asked.scale), known.found
    augment = plan_augment(known)
    tiled = scale.scale.policy == "tiles"
    rare = _rare(known.classes, tiled=tiled)
    shown = (
        {"train.oversample": f"{OVERSAMPLE}: {rare}, so that is shown more often"}
        if rare
        else of_usual_classes(known.classes, tiled=tiled)
    )
    still = still_layers(known, network, scale.scale, asked=asked.still)
    recipe = Recipe(
        scale=scale.scale,
        values=Values(
            channels=found.pixels.channels,
            dtype=found.pixels.dtype,
            minimum=found.minimum,
            maximum=found.maximum,
            stretch=found.stretch,
        ),
        model=network,
        tasks={task.kind: task},
        augment=augment.augment,
        train=Train(
            epochs=30,
            learning_rate=learning_rate(network),
            encoder_rate=0.5 if network.starts_pretrained else 1.0,
            **still.settings,
            oversample=OVERSAMPLE if rare else 0.0,
            precision=known.precision,
        ),
    )
    return Plan(
        recipe,
        {
            "scale": scale.reason,
            "augment": augment.reason,
            **of_network(network),
            **of_losses(task, known.classes),
            **of_batch(known, recipe),
            **of_rates(recipe.train),
            **still.reasons,
            **shown,
            **_of_precision(known),
            **_of_values(found),
        },
    )


def learning_rate(network: Model, near: Collection[DecoderName] = NEAR_DECODERS) -> float:
    """The highest learning rate: a decoder whose every level is ``near`` the loss bears more."""
    rate: float = NEAR_RATE if _is_near(network, near) else Train.model_fields["learning_rate"].default
    return rate


def of_rates(train: Train) -> dict[str, str]:
    """Why the rates of learning are what they are."""
    why = NEAR if train.learning_rate == NEAR_RATE else "the default, whatever the data"
    share = f"{train.encoder_rate:g} of that"
    return {
        "train.learning_rate": f"{train.learning_rate:g}: {why}",
        "train.encoder_rate": f"{share}: the encoder knows images already"
        if train.encoder_rate < 1
        else f"{share}: the encoder begins at random, as the decoder does",
    }


def _is_near(network: Model, near: Collection[DecoderName] = NEAR_DECODERS) -> bool:
    return network.starts_pretrained and network.decoder in near


def _rare(classes: Mapping[str, Covered], *, tiled: bool) -> str:
    """What makes a class rare among frames, in words; empty where none is."""
    for name, covered in sorted(classes.items(), key=lambda item: item[1].pixels):
        if tiled and 0 < covered.pixels < FEW_PIXELS:
            return f"{name} covers {covered.pixels * 100:.2g}% of the pixels"
        if covered.images < FEW_IMAGES:
            seen = f"{covered.images:.0%} of the images" if covered.images else "none of the masks looked at"
            return f"{name} is in {seen}"
    return ""


def _of_precision(known: Fingerprint) -> dict[str, str]:
    """The arithmetic and how fast it is, where that was measured."""
    if known.precision == "auto":
        return {}
    fast = f"the faster on this computer, {known.rate:.3g} images of {SMALLEST}×{SMALLEST} a second"
    return {"train.precision": f"{known.precision}: {fast}"}


def _of_values(found: ValueRange) -> dict[str, str]:
    """Why values are scaled as they are; nothing to say of usual pictures."""
    stretched = (
        {
            "values.stretch": f"{found.stretch:g}: some images are far brighter than others, so each is stretched"
        }
        if found.stretch
        else {}
    )
    if found.pixels == RGB8:
        return stretched
    reason = f"{found.pixels}, {found.minimum:g} to {found.maximum:g}"
    if found.images:
        low, high = PERCENTILES
        reason += (
            f": what lies between the {low}th and the {high}th percentile of {found.images} training "
            f"image{'s' * (found.images != 1)}, rounded outwards"
        )
    return {"values": reason} | stretched

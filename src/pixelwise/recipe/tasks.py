"""What is learned: a kind of recipe for each kind of task."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from pixelwise.recipe.base import NonNegative, Positive, Strict
from pixelwise.skeleton import Skeleton

LossName = Literal["cross_entropy", "dice", "focal", "tversky", "lovasz", "boundary", "squared_error"]
LOSSES: tuple[LossName, ...] = get_args(LossName)


class SemanticTask(Strict):
    """Semantic segmentation: weights of the losses that are summed, and what some of them need.

    Weights of classes and borders act on the losses of single pixels (cross-entropy, focal, squared error); those of
    regions count every class alike.
    """

    kind: Literal["semantic"] = "semantic"
    cross_entropy: NonNegative = 1.0
    dice: NonNegative = 1.0
    focal: NonNegative = 0.0
    tversky: NonNegative = 0.0
    lovasz: NonNegative = 0.0
    boundary: NonNegative = 0.0
    squared_error: NonNegative = 0.0
    focal_gamma: NonNegative = Field(default=2.0, description="0 makes it cross-entropy.")
    tversky_alpha: Positive = Field(default=0.3, description="What a false alarm costs.")
    tversky_beta: Positive = Field(default=0.7, description="What a miss costs.")
    class_weights: tuple[Positive, ...] | None = Field(
        default=None,
        strict=False,  # TOML has arrays, no tuples
        description="What a pixel of each class counts, in the classes' order; without it, 1.",
    )
    border: NonNegative = Field(
        default=0.0,
        description="What a pixel at a contour between classes, or between objects where they are told apart, counts "
        "more than one far from any; 0: all count alike.",
    )
    border_width: Positive = Field(
        default=5.0,
        description="Standard deviation of that, by the distance from the contour: pixels of the frame.",
    )

    @property
    def losses(self) -> dict[LossName, float]:
        """Weights above 0, by name."""
        weights: dict[LossName, float] = {name: getattr(self, name) for name in LOSSES}
        return {name: weight for name, weight in weights.items() if weight > 0}

    @model_validator(mode="after")
    def _some_loss(self) -> SemanticTask:
        if not self.losses:
            raise ValueError(f"one of {', '.join(LOSSES)} must be above 0")
        return self


class PoseTask(Strict):
    """Human pose: weights of the losses, what the fields look like, and the skeleton, which is the data's."""

    kind: Literal["pose"] = "pose"
    heat: NonNegative = Field(default=1.0, description="Weight of the loss of heat maps, one for each joint.")
    affinity: NonNegative = Field(
        default=0.5, description="Weight of the loss of part affinity fields, one for each limb."
    )
    place: NonNegative = Field(
        default=0.0, description="Weight of the loss of where heat maps are warmest, in nats."
    )
    width: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.06,
        description="Standard deviation of a joint's heat, and half the breadth of a limb: share of the person's size "
        "(the root of the area).",
    )
    stride: Literal[1, 2, 4, 8] = Field(
        default=2, description="The frame's sides over those of the fields that are learned."
    )
    single: bool = Field(
        default=False,
        description="One person a picture: each joint is where its heat is greatest, and nobody is put together.",
    )
    turn: Annotated[float, Field(ge=0, lt=180)] = Field(
        default=0.0,
        description="Degrees by which prediction also turns the picture, either way: joints are read off the mean of "
        "these views, each also mirrored. 0 has none and takes a third of the time.",
    )
    skeleton: Skeleton | None = Field(
        default=None, description="Joints, limbs, partners, sigmas and angles; the data's where not given."
    )

    @model_validator(mode="after")
    def _some_loss(self) -> PoseTask:
        if not (self.heat or self.affinity):
            raise ValueError("one of heat and affinity must be above 0")
        return self


class PanopticTask(Strict):
    """Objects told apart ("instance"), and stuff beside them ("panoptic"): weights of the losses that are summed."""

    kind: Literal["instance", "panoptic"] = "instance"
    cross_entropy: NonNegative = Field(default=1.0, description="Of the classes.")
    dice: NonNegative = Field(default=1.0, description="Of the classes.")
    border: NonNegative = Field(
        default=0.0, description="What a pixel at an object's contour counts more in cross-entropy."
    )
    border_width: Positive = Field(
        default=5.0, description="Standard deviation of that, in pixels of the frame."
    )
    centre: NonNegative = Field(default=1.0, description="Of the heat map of objects' centres.")
    offset: NonNegative = Field(default=1.0, description="Of the way from a pixel to its object's centre.")

    @model_validator(mode="after")
    def _all_fields(self) -> PanopticTask:
        if not ((self.cross_entropy or self.dice) and self.centre and self.offset):
            raise ValueError("centre, offset and one of cross_entropy and dice must be above 0")
        return self


TaskRecipe = Annotated[SemanticTask | PanopticTask | PoseTask, Field(discriminator="kind")]
KINDS = ("semantic", "instance", "panoptic", "pose")

"""How it is learned: changes of images, and the loop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pixelwise.recipe.base import Fraction, NonNegative, Positive, Strict

MAX_FOLDS = 20
Precision = Literal["auto", "32-true", "bf16-mixed"]


class Augment(Strict):
    """Ranges that random changes are drawn from, uniformly unless said otherwise."""

    hflip: Fraction = Field(default=0.5, description="Probability of a left-right mirror.")
    vflip: Fraction = Field(default=0.0, description="Probability of an upside-down mirror.")
    rotate: Annotated[float, Field(ge=0, le=180)] = Field(default=15.0, description="Degrees, both ways.")
    scale: Annotated[float, Field(ge=1, le=4)] = Field(
        default=1.8, description="Largest factor, both ways, log-uniform."
    )
    shear: Annotated[float, Field(ge=0, le=0.5)] = Field(default=0.2, description="Largest shear, both ways.")
    shift: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.15, description="Share of the frame, both ways."
    )
    brightness: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.25, description="Added, in units of full scale."
    )
    contrast: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.4, description="Factor 1 ± this, about the mean."
    )
    colour: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.2, description="Light of each channel, factor 1 ± this."
    )
    saturation: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.4, description="Factor 1 ± this, about grey."
    )
    erase: Fraction = Field(
        default=0.0, description="Probability that a rectangle of a random colour hides a part of an image."
    )
    paste: Fraction = Field(
        default=0.0,
        description="Where objects are told apart: probability that about half of another image's are laid over one.",
    )


class Train(Strict):
    """The loop. Exactly one of ``budget_seconds`` and ``epochs``."""

    budget_seconds: Positive | None = None
    epochs: Annotated[int, Field(ge=1)] | None = None
    folds: Annotated[int, Field(ge=2, le=MAX_FOLDS)] | None = Field(
        default=None,
        description="So many models, each on all folds of the images but one, within the budget.",
    )
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    learning_rate: Positive = 2e-3
    encoder_rate: Positive = Field(
        default=0.5, description="The encoder's learning rate, as a share of the above."
    )
    frozen: Annotated[int, Field(ge=0, le=4)] = Field(
        default=0,
        description="Of the encoder's five features, finest first, so many stay as they came with their weights.",
    )
    thaw: Fraction = Field(
        default=0.0,
        description="Share of training until which one feature more stays so; 0: it learns from the start.",
    )
    weight_decay: NonNegative = 1e-2
    warmup: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.05, description="Share of training.")
    averaging: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.99, description="Decay of the weight average."
    )
    oversample: Fraction = Field(
        default=0.0,
        description="Share of images, or tiles, that are drawn for a class that they show, each class alike.",
    )
    precision: Precision = Field(
        default="auto", description="auto: measured before training, then written here."
    )
    threads: Annotated[int, Field(ge=0)] = Field(default=0, description="0: as many as PyTorch chooses.")

    @model_validator(mode="after")
    def _one_length(self) -> Train:
        if (self.budget_seconds is None) == (self.epochs is None):
            raise ValueError("exactly one of budget_seconds and epochs must be given")
        return self

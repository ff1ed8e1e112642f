"""The recipe: every choice that makes a model, typed and validated, as TOML.

``recipe.toml`` of a run trains by the same choices again. Unknown keys are refused. What ``plan`` chose and what was
found on the machine (precision, threads) is written into it, so nothing is measured anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pixelwise import files
from pixelwise.errors import RecipeError
from pixelwise.types import MAX_CHANNELS, PixelFormat, PixelType

FORMAT: Literal[1] = 1

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Side = Annotated[int, Field(ge=32, le=8192, multiple_of=32)]
EncoderName = Literal["efficientnet-lite0", "plain-tiny", "plain-small"]
DecoderName = Literal["unet"]
Precision = Literal["auto", "32-true", "bf16-mixed"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)  # "8" and true are no numbers


class Scale(_Strict):
    """How images get to the network's size."""

    policy: Literal["fit"] = Field(default="fit", description="Scale with the aspect kept, pad the rest.")
    size: tuple[Side, Side] = Field(
        default=(224, 224),
        strict=False,  # TOML has arrays, no tuples
        description="(height, width) of the frame, in pixels.",
    )


class Values(_Strict):
    """What images hold, and how that becomes network input.

    Input = (share - mean) / std, where share = (value - minimum) / (maximum - minimum), of values held to that range.
    """

    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 3
    dtype: PixelType = "uint8"
    minimum: Finite = 0.0
    maximum: Finite = 255.0
    mean: Positive = 0.5
    std: Positive = 0.5

    @model_validator(mode="after")
    def _some_range(self) -> Values:
        if self.maximum <= self.minimum:
            raise ValueError("maximum must be greater than minimum")
        return self

    @property
    def pixel_format(self) -> PixelFormat:
        """What images have to hold."""
        return PixelFormat(self.channels, self.dtype)

    @property
    def span(self) -> float:
        """The range's width, in units of the images' values: full scale."""
        return self.maximum - self.minimum


class Preprocessing(_Strict):
    """What turns an image into network input; a model file carries it."""

    scale: Scale
    values: Values


class Model(_Strict):
    """Encoder and decoder."""

    encoder: EncoderName = "efficientnet-lite0"
    decoder: DecoderName = "unet"
    pretrained: bool = Field(
        default=True, description="Start from ImageNet weights where the encoder has them."
    )


class SemanticTask(_Strict):
    """Semantic segmentation: weights of the two losses that are summed."""

    kind: Literal["semantic"] = "semantic"
    cross_entropy: NonNegative = 1.0
    dice: NonNegative = 1.0

    @model_validator(mode="after")
    def _some_loss(self) -> SemanticTask:
        if self.cross_entropy + self.dice == 0:
            raise ValueError("cross_entropy and dice cannot both be 0")
        return self


class Augment(_Strict):
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


class Train(_Strict):
    """The loop. Exactly one of ``budget_seconds`` and ``epochs``."""

    budget_seconds: Positive | None = None
    epochs: Annotated[int, Field(ge=1)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    learning_rate: Positive = 2e-3
    encoder_rate: Positive = Field(
        default=0.5, description="The encoder's learning rate, as a share of the above."
    )
    weight_decay: NonNegative = 1e-2
    warmup: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.05, description="Share of training.")
    averaging: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.99, description="Decay of the weight average."
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


class Recipe(_Strict):
    """All choices of one training run."""

    format: Literal[1] = FORMAT
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    scale: Scale = Scale()
    values: Values = Values()
    model: Model = Model()
    tasks: Annotated[dict[TaskName, SemanticTask], Field(min_length=1)] = {"semantic": SemanticTask()}
    augment: Augment = Augment()
    train: Train = Train(epochs=30)

    @property
    def preprocessing(self) -> Preprocessing:
        """What turns images into network input."""
        return Preprocessing(scale=self.scale, values=self.values)

    def to_toml(self) -> str:
        """The text of ``recipe.toml``; reading it gives an equal recipe."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def write(self, path: Path) -> None:
        """Write the recipe as TOML, whole or not at all."""
        files.write_text(path, self.to_toml())


def parse_recipe(values: Mapping[str, Any], source: str) -> Recipe:
    """A recipe from plain values; :class:`RecipeError` names ``source`` and the setting that is wrong."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"]) or "recipe"
        if first["type"] == "extra_forbidden":
            raise RecipeError(
                f"{source}: there is no setting '{setting}'; remove it or correct its name."
            ) from error
        reason = first["msg"].removeprefix("Value error, ")
        raise RecipeError(f"{source}: '{setting}' is wrong ({reason}); correct it.") from error


def read_recipe(path: Path) -> Recipe:
    """Read a ``recipe.toml``; :class:`RecipeError` in one sentence if it cannot be used."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RecipeError(
            f"{path} cannot be read ({error.strerror}); give the path of a recipe.toml."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path} is not TOML ({error}); correct it or start from a run's recipe.toml."
        ) from error
    return parse_recipe(values, str(path))

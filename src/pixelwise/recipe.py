"""The recipe: every choice that makes a model, typed and validated, as TOML.

``recipe.toml`` of a run trains by the same choices again. Unknown keys are refused. What ``plan`` chose and what was
found on the machine (precision, threads) is written into it, so nothing is measured anew.
"""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pixelwise import files
from pixelwise.errors import RecipeError
from pixelwise.skeleton import Skeleton
from pixelwise.types import MAX_CHANNELS, PixelFormat, PixelType

FORMAT: Literal[1] = 1
MAX_FOLDS = 20

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Side = Annotated[int, Field(ge=32, le=8192, multiple_of=32)]
ENCODERS = (
    "efficientnet-lite0",
    "efficientnet-lite1",
    "efficientnet-lite2",
    "vgg16",
    "unet",
    "plain-small",
    "plain-tiny",
)
"""Encoders of our own; others are called "timm/" and the name of a timm model."""
DecoderName = Literal[
    "unet", "unet-hypercolumn", "fpn", "deeplabv3plus", "fcn", "segnet", "segnet-upsampling"
]
DECODERS: tuple[DecoderName, ...] = get_args(DecoderName)


LossName = Literal["cross_entropy", "dice", "focal", "tversky", "lovasz", "boundary", "squared_error"]
LOSSES: tuple[LossName, ...] = get_args(LossName)
Precision = Literal["auto", "32-true", "bf16-mixed"]


_Kind = TypeVar("_Kind", bound=BaseModel)
_SHOULD_BE = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list, such as [224, 320]",
    "model_type": "a table of settings",
    "dict_type": "a table of settings",
    "literal_error": "{expected}",
    "multiple_of": "a multiple of {multiple_of}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
}
"""What a setting should be, by the type of pydantic's error and with its context."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)  # "8" and true are no numbers


class Scale(_Strict):
    """How images get to the network's size."""

    policy: Literal["fit", "tiles"] = Field(
        default="fit",
        description="fit: scale with the aspect kept, pad the rest; tiles: cut into overlapping frames.",
    )
    size: tuple[Side, Side] = Field(
        default=(224, 224),
        strict=False,  # TOML has arrays, no tuples
        description="(height, width) of the frame, in pixels.",
    )
    zoom: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Of tiles: factor that the image is scaled by before it is cut; 1: none."
    )
    crop: Annotated[float, Field(ge=0, le=4)] = Field(
        default=0.0,
        description="Of labelled images of a single person: cut to the person's box, enlarged by this share of its "
        "longer side on all sides; 0: whole images.",
    )


class Values(_Strict):
    """What images hold, and how that becomes network input.

    Input = (share - mean) / std, where share = (value - minimum) / (maximum - minimum), of values held to that range.
    """

    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 3
    dtype: PixelType = "uint8"
    minimum: Finite = 0.0
    maximum: Finite = 255.0
    stretch: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.0,
        description="Where above 0, each image's own 1st to 99.8th percentile become the range, and are taken to be at "
        "least so far apart.",
    )
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


PRETRAINED = ("efficientnet-lite", "timm/")
"""How the names of encoders begin that have pretrained weights."""


def _known_encoder(name: str) -> str:
    if name not in ENCODERS and not re.fullmatch(r"timm/[\w.-]+", name, re.ASCII):
        raise ValueError(f"there is no encoder '{name}'; known are {', '.join(ENCODERS)} and timm/<name>")
    return name


class Model(_Strict):
    """Encoder and decoder; SegNet's decoders mirror the encoder "vgg16" and go with no other."""

    encoder: Annotated[str, AfterValidator(_known_encoder)] = "efficientnet-lite0"
    decoder: DecoderName = "unet-hypercolumn"
    pretrained: bool = Field(
        default=True, description="Start from ImageNet weights where the encoder has them."
    )

    @property
    def starts_pretrained(self) -> bool:
        """Whether the encoder starts from pretrained weights."""
        return self.pretrained and self.encoder.startswith(PRETRAINED)

    @model_validator(mode="before")
    @classmethod
    def _from_scratch(cls, values: Any) -> Any:
        """Where an encoder has no pretrained weights the recipe says so, whatever was asked for."""
        encoder = values.get("encoder") if isinstance(values, dict) else None
        if (
            isinstance(encoder, str)
            and not encoder.startswith(PRETRAINED)
            and values.get("pretrained", True) is True
        ):
            return {**values, "pretrained": False}
        return values

    @model_validator(mode="after")
    def _matching(self) -> Model:
        if self.decoder.startswith("segnet") and self.encoder != "vgg16":
            raise ValueError(f"the decoder {self.decoder} needs the encoder vgg16")
        return self


class SemanticTask(_Strict):
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


class PoseTask(_Strict):
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
        "these views. 0 has none and takes half the time.",
    )
    skeleton: Skeleton | None = Field(
        default=None, description="Joints, limbs, partners, sigmas and angles; the data's where not given."
    )

    @model_validator(mode="after")
    def _some_loss(self) -> PoseTask:
        if not (self.heat or self.affinity):
            raise ValueError("one of heat and affinity must be above 0")
        return self


class PanopticTask(_Strict):
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
    paste: Fraction = Field(
        default=0.0,
        description="Where objects are told apart: probability that about half of another image's are laid over one.",
    )


class Train(_Strict):
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


class Recipe(_Strict):
    """All choices of one training run."""

    format: Literal[1] = FORMAT
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    scale: Scale = Scale()
    values: Values = Values()
    model: Model = Model()
    tasks: Annotated[dict[TaskName, TaskRecipe], Field(min_length=1)] = {"semantic": SemanticTask()}
    augment: Augment = Augment()
    train: Train = Train(epochs=30)

    @model_validator(mode="before")
    @classmethod
    def _kinds(cls, values: Any) -> Any:
        """A task without a kind is of the kind that it is called by, else semantic."""
        tasks = values.get("tasks") if isinstance(values, dict) else None
        if not isinstance(tasks, dict):
            return values
        named = {
            name: {"kind": name if name in KINDS else "semantic", **task} if isinstance(task, dict) else task
            for name, task in tasks.items()
        }
        return {**values, "tasks": named}

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
    return _parsed(Recipe, values, source)


def parse_model(values: Mapping[str, Any], source: str) -> Model:
    """A network from plain values; :class:`RecipeError` names ``source`` and the setting that is wrong."""
    return _parsed(Model, values, source)


def _parsed(kind: type[_Kind], values: Mapping[str, Any], source: str) -> _Kind:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        setting = _setting_at(first["loc"]) or kind.__name__.lower()
        raise RecipeError(f"{source}: {_refusal(setting, first)}") from error


def _setting_at(loc: tuple[int | str, ...]) -> str:
    """A setting's dotted name; after a task's name pydantic also names its kind."""
    words = [part for part in loc if isinstance(part, str)]
    if words[:1] == ["tasks"] and len(words) > 2 and words[2] in KINDS:
        del words[2]
    return ".".join(words)


def _refusal(setting: str, error: ErrorDetails) -> str:
    """What is wrong with a setting, and what to do."""
    if error["type"] == "extra_forbidden":
        names = {name.rpartition(".")[2]: name for name in _setting_names()}
        near = difflib.get_close_matches(setting.rpartition(".")[2], names, n=1)
        meant = f" ({names[near[0]]} is one)" if near else ""
        return f"there is no setting '{setting}'{meant}; remove it or correct its name."
    if error["type"] in _SHOULD_BE:
        wanted = _SHOULD_BE[error["type"]].format(**error.get("ctx", {}))
        return f"'{setting}' should be {wanted}, not {error['input']}; correct it."
    return f"'{setting}' is wrong ({error['msg'].removeprefix('Value error, ')}); correct it."


def _setting_names() -> list[str]:
    """All settings of a recipe by their dotted names."""

    def below(values: Mapping[str, Any], prefix: str) -> Iterator[str]:
        for name, value in values.items():
            if isinstance(value, dict):
                yield from below(value, f"{prefix}{name}.")
            else:
                yield prefix + name

    return list(below(Recipe().model_dump(), ""))


def with_settings(values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's plain values with others in their places; names are dotted, "train.batch_size".

    Raises:
        RecipeError: a name that leads into a value.
    """
    changed = copy.deepcopy(dict(values))
    for name, value in settings.items():
        *path, last = name.split(".")
        inner: Any = changed
        for part in path:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            raise RecipeError(f"there is no setting '{name}'; docs/recipe.md lists them.")
        inner[last] = value
    return changed


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise :class:`RecipeError` for a setting that there is not, or a value that it has in no recipe.

    Values that depend on others pass: what the others are is planned later.
    """
    every = Recipe().model_dump(exclude_none=True)
    every["tasks"] = {kind: {"kind": kind} for kind in KINDS}
    try:
        Recipe.model_validate(with_settings(every, settings))
    except ValidationError as error:
        for one in error.errors():
            setting = _setting_at(one["loc"])
            if one["type"] == "extra_forbidden" or setting in settings:
                raise RecipeError(f"what was asked for: {_refusal(setting, one)}") from error


def parse_setting(text: str) -> tuple[str, Any]:
    """Name and value of "name=value", the value written as in TOML; quotes of a word may be left out.

    Raises:
        RecipeError: no such text.
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not (equals and re.fullmatch(r"\w+(\.\w+)*", name, re.ASCII)):
        raise RecipeError(f"'{text}' is no setting; write it as name=value, such as train.batch_size=16.")
    try:
        return name, tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return name, written


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

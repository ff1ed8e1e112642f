"""Which network it is: encoder and decoder by name."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from pixelwise.recipe.base import Strict

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

LITE = "efficientnet-lite"
PRETRAINED = (LITE, "timm/")
"""How the names of encoders begin that have pretrained weights."""


def _known_encoder(name: str) -> str:
    if name not in ENCODERS and not re.fullmatch(r"timm/[\w.-]+", name, re.ASCII):
        raise ValueError(f"there is no encoder '{name}'; known are {', '.join(ENCODERS)} and timm/<name>")
    return name


class Model(Strict):
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

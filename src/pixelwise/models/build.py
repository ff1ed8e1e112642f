"""From a recipe, or a name, to a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pixelwise.errors import RecipeError
from pixelwise.models.decoders import (
    Decoder,
    DeepLabDecoder,
    FCNDecoder,
    FPNDecoder,
    HypercolumnDecoder,
    SegNetDecoder,
    UNetDecoder,
)
from pixelwise.models.encoders import (
    VGG16,
    EfficientNetLite,
    Encoder,
    IndexedVGG16,
    PlainEncoder,
    TimmEncoder,
    UNetEncoder,
    load_pretrained,
)
from pixelwise.models.encoders.efficientnet_lite import VARIANTS
from pixelwise.models.encoders.timm_features import PREFIX
from pixelwise.models.network import Network
from pixelwise.recipe import DECODERS, ENCODERS, Model, parse_model
from pixelwise.types import Field

LESSONS: Mapping[str, Model] = {
    "segnet": Model(encoder="vgg16", decoder="segnet", pretrained=False),
    "segnet-upsampling": Model(encoder="vgg16", decoder="segnet-upsampling", pretrained=False),
    "unet": Model(encoder="unet", decoder="unet", pretrained=False),
    "fcn": Model(encoder="vgg16", decoder="fcn", pretrained=False),
}
"""The networks of the lesson, from scratch, by name."""


def model_named(name: str) -> Model:
    """The network of a name: one of ``LESSONS``, or decoder and encoder, "fpn:efficientnet-lite1".

    Raises:
        RecipeError: there is none of this name.
    """
    if name in LESSONS:
        return LESSONS[name]
    decoder, _, encoder = name.partition(":")
    if not encoder:
        raise RecipeError(
            f"there is no network '{name}'; choose one of {', '.join(LESSONS)}, or decoder:encoder of "
            f"{', '.join(DECODERS)} and {', '.join(ENCODERS)} or timm/<name>."
        )
    # Weights of timm's models are not installed with it; where they are there, a recipe asks for them.
    return parse_model(
        {"encoder": encoder, "decoder": decoder, "pretrained": not encoder.startswith(PREFIX)},
        f"network '{name}'",
    )


def build_model(
    recipe: Model, fields: Mapping[str, Sequence[Field]], *, pretrained: bool, channels: int = 3
) -> Network:
    """The network that a recipe describes.

    Args:
        recipe: encoder and decoder by name.
        fields: what to predict, by task name.
        pretrained: load pretrained weights if the recipe asks for them; False where a model file's follow.
        channels: of the images.

    Raises:
        ModelFileError: weights, or the library that an encoder comes from, are missing.
    """
    encoder = _build_encoder(recipe, channels, pretrained=pretrained and recipe.pretrained)
    return Network(encoder, _build_decoder(recipe, encoder), fields)


def _build_encoder(recipe: Model, channels: int, *, pretrained: bool) -> Encoder:
    # DeepLab wants its deepest features at stride 16.
    output_stride: Literal[16, 32] = 16 if recipe.decoder == "deeplabv3plus" else 32
    match recipe.encoder:
        case "efficientnet-lite0" | "efficientnet-lite1" | "efficientnet-lite2":
            variant = VARIANTS[recipe.encoder]
            encoder = EfficientNetLite(variant.stages(), in_channels=channels, output_stride=output_stride)
            if pretrained:
                load_pretrained(encoder, variant.weights)
            return encoder
        case "vgg16":
            return IndexedVGG16(channels) if recipe.decoder == "segnet" else VGG16(channels)
        case "unet":
            return UNetEncoder(channels)
        case "plain-tiny":
            return PlainEncoder((4, 8, 8, 16, 16), channels)
        case "plain-small":
            return PlainEncoder((16, 32, 64, 96, 128), channels)
        case name:
            return TimmEncoder(
                name.removeprefix(PREFIX), channels, pretrained=pretrained, output_stride=output_stride
            )


def _build_decoder(recipe: Model, encoder: Encoder) -> Decoder:
    channels, strides = encoder.channels, encoder.strides
    match recipe.decoder:
        case "unet":
            learned = recipe.encoder == "unet"  # as in the paper, at its widths
            widths = tuple(reversed(channels[:-1])) if learned else _unet_widths(channels)
            return UNetDecoder(channels, strides, widths, learned=learned)
        case "unet-hypercolumn":
            return HypercolumnDecoder(channels, strides, _unet_widths(channels))
        case "fpn":
            return FPNDecoder(channels, strides)
        case "deeplabv3plus":
            return DeepLabDecoder(channels, strides)
        case "fcn":
            return FCNDecoder(channels, strides)
        case "segnet" | "segnet-upsampling":
            return SegNetDecoder(indexed=recipe.decoder == "segnet")


def _unet_widths(encoder_channels: tuple[int, ...]) -> tuple[int, ...]:
    # As wide as the features that are joined, within 8–96, which keeps the costly upper levels light.
    return tuple(max(8, min(96, channels)) for channels in reversed(encoder_channels[:-1]))

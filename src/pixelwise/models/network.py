"""The one network: encoder → decoder → a head per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from pixelwise.models.decoders import UNetDecoder
from pixelwise.models.encoders import EfficientNetLite, PlainEncoder, load_pretrained
from pixelwise.recipe import Model as ModelRecipe
from pixelwise.types import Field

Outputs = dict[str, dict[str, Tensor]]
"""Logits by task name, then by field name: (N, field.channels, H / 2, W / 2) float."""


class Network(nn.Module):
    """Encoder, decoder and heads; every task reads fields off the same decoded features.

    Attributes:
        fields: the fields predicted, by task name.
    """

    def __init__(
        self,
        encoder: EfficientNetLite | PlainEncoder,
        decoder: UNetDecoder,
        fields: Mapping[str, Sequence[Field]],
    ) -> None:
        super().__init__()
        self.fields = {task: tuple(task_fields) for task, task_fields in fields.items()}
        self.encoder = encoder
        self.decoder = decoder
        # A name with a slash can be no attribute of a module, which a task called "train" would be.
        self.heads = nn.ModuleDict(
            {
                f"{task}/{field.name}": nn.Conv2d(decoder.channels, field.channels, 1)
                for task, group in self.fields.items()
                for field in group
            }
        )

    def forward(self, images: Tensor) -> Outputs:
        """Normalised (N, C, H, W) images, sides multiples of 32, to logits by task and field at stride 2."""
        features = self.decoder(self.encoder(images))
        return {
            task: {field.name: self.head(task, field.name)(features) for field in group}
            for task, group in self.fields.items()
        }

    def head(self, task: str, field: str) -> nn.Module:
        """The head of one field."""
        return self.heads[f"{task}/{field}"]


def build_model(
    recipe: ModelRecipe, fields: Mapping[str, Sequence[Field]], *, pretrained: bool, channels: int = 3
) -> Network:
    """The network that a recipe describes.

    Args:
        recipe: encoder and decoder by name.
        fields: what to predict, by task name.
        pretrained: load ImageNet weights if the recipe asks for them; False where a model file's follow.
        channels: of the images.
    """
    encoder = _build_encoder(recipe, channels, pretrained=pretrained)
    match recipe.decoder:
        case "unet":
            decoder = UNetDecoder(encoder.channels, _unet_widths(encoder.channels))
    return Network(encoder, decoder, fields)


def _build_encoder(
    recipe: ModelRecipe, channels: int, *, pretrained: bool
) -> EfficientNetLite | PlainEncoder:
    match recipe.encoder:
        case "efficientnet-lite0":
            encoder = EfficientNetLite(in_channels=channels)
            if pretrained and recipe.pretrained:
                load_pretrained(encoder)
            return encoder
        case "plain-tiny":
            return PlainEncoder((4, 8, 8, 16, 16), channels)
        case "plain-small":
            return PlainEncoder((16, 32, 64, 96, 128), channels)


def _unet_widths(encoder_channels: tuple[int, ...]) -> tuple[int, ...]:
    # As wide as the features that are joined, within 8–96, which keeps the costly upper levels light.
    return tuple(max(8, min(96, channels)) for channels in reversed(encoder_channels[:-1]))

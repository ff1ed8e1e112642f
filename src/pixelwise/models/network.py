"""The one network: encoder → decoder → a head per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.decoders import Decoder
from pixelwise.models.encoders import EfficientNetLite, Encoder
from pixelwise.models.encoders.vgg import Pooled
from pixelwise.types import Field, Size

Outputs = dict[str, dict[str, Tensor]]
"""Logits by task name, then by field name: (N, field.channels, ⌈H / stride⌉, ⌈W / stride⌉) float."""


class Network(nn.Module):
    """Encoder, decoder and heads; every task reads fields off the same decoded features.

    Attributes:
        fields: the fields predicted, by task name.
        stride: the image's sides over the logits'.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, fields: Mapping[str, Sequence[Field]]) -> None:
        super().__init__()
        assert isinstance(encoder, nn.Module)
        assert isinstance(decoder, nn.Module)
        self.fields = {task: tuple(task_fields) for task, task_fields in fields.items()}
        self.encoder: nn.Module = encoder
        self.decoder: nn.Module = decoder
        self.multiple, self.stride = encoder.strides[-1], decoder.stride
        # A name with a slash can be no attribute of a module, which a task called "train" would be.
        self.heads = nn.ModuleDict(
            {
                f"{task}/{field.name}": nn.Conv2d(decoder.channels, field.channels, 1)
                for task, group in self.fields.items()
                for field in group
            }
        )
        for task, group in self.fields.items():
            for field in group:
                if field.points:  # near 0 almost everywhere, so it starts there (Xiao 2018)
                    nn.init.normal_(self.head(task, field.name).weight, std=1e-3)
                    nn.init.constant_(self.head(task, field.name).bias, 0.0)  # type: ignore[arg-type]
                if field.in_pixels:  # lengths of any size: to start at 0 is nearer than at random
                    for values in self.head(task, field.name).parameters():
                        nn.init.zeros_(values)

    def forward(self, images: Tensor) -> Outputs:
        """Normalised (N, C, H, W) images of any size to logits by task and field.

        Where sides are no multiples of the encoder's last stride, the image's last row and column are repeated up to
        one, and what was predicted there is cut off.
        """
        return self.decode(self.encode(images), (images.shape[-2], images.shape[-1]))

    def freeze(self, features: int) -> None:
        """Let what makes so many features of the encoder, an EfficientNet-Lite, learn nothing, and all else learn."""
        assert isinstance(self.encoder, EfficientNetLite)
        self.encoder.freeze(features)

    def encode(self, images: Tensor) -> Any:
        """What the encoder makes of normalised images (N, C, H, W), for :meth:`decode`."""
        return self.encoder(_extended(images, self.multiple))

    def decode(self, encoded: Any, size: Size) -> Outputs:
        """Logits by task and field of images of ``size`` that were encoded."""
        height, width = size
        features = self.decoder(encoded)
        rows, columns = -(-height // self.stride), -(-width // self.stride)
        if features.shape[-2:] != (rows, columns):
            features = features[..., :rows, :columns]
        return {
            task: {field.name: self.head(task, field.name)(features) for field in group}
            for task, group in self.fields.items()
        }

    @staticmethod
    def telling(encoded: Any) -> Tensor:
        """(N, C', h, w): of the features that :meth:`encode` made, those that tell best what kind of image it is.

        The last but one: the last ones have turned to the task, and the first ones see little at a time. Of pooled
        features there are the last alone.
        """
        features: Tensor = encoded.features if isinstance(encoded, Pooled) else encoded[-min(2, len(encoded))]
        return features

    def head(self, task: str, field: str) -> nn.Conv2d:
        """The head of one field."""
        head = self.heads[f"{task}/{field}"]
        assert isinstance(head, nn.Conv2d)
        return head


def _extended(images: Tensor, multiple: int) -> Tensor:
    below, right = (-side % multiple for side in images.shape[-2:])
    return F.pad(images, (0, right, 0, below), mode="replicate") if below or right else images

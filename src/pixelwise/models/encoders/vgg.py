"""The thirteen convolutions of VGG-16, from scratch: the encoder of SegNet and of FCN.

K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015, with the batch
normalisation that SegNet (Badrinarayanan 2015) adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu
from pixelwise.types import Size

DEPTHS = (2, 2, 3, 3, 3)
"""Convolutions before each pooling."""


class VGG16(nn.Module):
    """Features after each of the five poolings.

    Args:
        in_channels: channels of the images.
    """

    channels: tuple[int, ...] = (64, 128, 256, 512, 512)
    strides: tuple[int, ...] = (2, 4, 8, 16, 32)

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        for depth, width in zip(DEPTHS, self.channels, strict=True):
            inputs = (in_channels, *[width] * (depth - 1))
            self.levels.append(nn.Sequential(*(conv_bn_relu(before, width) for before in inputs)))
            in_channels = width

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W) to five features of strides 2 to 32."""
        features = []
        for level in self.levels:
            images = F.max_pool2d(level(images), 2)
            features.append(images)
        return features


@dataclass(frozen=True)
class Pooled:
    """The deepest features, and where every maximum came from.

    Attributes:
        features: (N, 512, H / 32, W / 32).
        indices: of each pooling, finest first: (N, C, h / 2, w / 2) int64, places in the flattened (h, w) before it.
        sizes: (h, w) before each pooling.
    """

    features: Tensor
    indices: tuple[Tensor, ...]
    sizes: tuple[Size, ...]


class IndexedVGG16(VGG16):
    """The same, keeping pooling indices for a SegNet decoder; its forward gives :class:`Pooled`."""

    def forward(self, images: Tensor) -> Pooled:  # type: ignore[override]
        """(N, in_channels, H, W), sides multiples of 32."""
        indices, sizes = [], []
        for level in self.levels:
            images = level(images)
            sizes.append((images.shape[-2], images.shape[-1]))
            images, index = F.max_pool2d(images, 2, return_indices=True)
            indices.append(index)
        return Pooled(images, tuple(indices), tuple(sizes))

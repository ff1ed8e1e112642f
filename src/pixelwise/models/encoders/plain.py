"""Plain convolutional encoders, from scratch: the contracting path of a U-Net (Ronneberger 2015), padded."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu


class UNetEncoder(nn.Module):
    """Two 3×3 convolutions a level, max pooling between; the first level has the size of the image.

    Args:
        in_channels: channels of the images.
    """

    channels: tuple[int, ...] = (64, 128, 256, 512, 1024)
    strides: tuple[int, ...] = (1, 2, 4, 8, 16)

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        inputs = (in_channels, *self.channels[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(conv_bn_relu(before, after), conv_bn_relu(after, after))
            for before, after in zip(inputs, self.channels, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W) to five features of strides 1 to 16."""
        features: list[Tensor] = []
        for level in self.levels:
            images = level(F.max_pool2d(features[-1], 2) if features else images)
            features.append(images)
        return features


class PlainEncoder(nn.Module):
    """A light one: pooled between the two convolutions of a level, so that the first level has half the image's size.

    Args:
        channels: channels of the levels at strides 2, 4, 8, …
        in_channels: channels of the images.
    """

    def __init__(self, channels: tuple[int, ...], in_channels: int = 3) -> None:
        super().__init__()
        self.channels = channels
        self.strides = tuple(2 ** (level + 1) for level in range(len(channels)))
        inputs = (in_channels, *channels[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(conv_bn_relu(before, after), nn.MaxPool2d(2), conv_bn_relu(after, after))
            for before, after in zip(inputs, channels, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W) to features at strides 2, 4, 8, …"""
        features = []
        for level in self.levels:
            images = level(images)
            features.append(images)
        return features

"""A small encoder without pretrained weights: two 3×3 convolutions a level, max pooling between."""

from __future__ import annotations

from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu


class PlainEncoder(nn.Module):
    """Plain convolutional encoder (the contracting path of Ronneberger 2015, padded).

    Args:
        channels: channels of the levels at strides 2, 4, 8, …
        in_channels: channels of the images.
    """

    def __init__(self, channels: tuple[int, ...], in_channels: int = 3) -> None:
        super().__init__()
        self.channels = channels
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

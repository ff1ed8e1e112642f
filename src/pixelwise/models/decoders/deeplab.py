"""The DeepLabV3+ decoder (Chen 2018): context at several ranges, then one join with fine features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu

WIDTH = 128
"""Channels of context and result; the paper's 256 suits encoders many times as wide."""
FINE = 48
"""Channels that the fine features are reduced to, as in the paper."""
RATES = (6, 12, 18)
"""Dilations of the 3×3 convolutions, for features of stride 16."""


class DeepLabDecoder(nn.Module):
    """Atrous spatial pyramid pooling of the deepest features, enlarged and joined with those of stride 4.

    Args:
        encoder_channels: channels of the encoder's features, finest first.
        strides: of the same; dilations are those of the paper where the last is 16.
    """

    def __init__(self, encoder_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        deepest = encoder_channels[-1]
        rates = [max(1, rate * 16 // strides[-1]) for rate in RATES]
        self.ranges = nn.ModuleList(
            [conv_bn_relu(deepest, WIDTH, 1), *(conv_bn_relu(deepest, WIDTH, 3, rate) for rate in rates)]
        )
        # No normalisation: of one value for each image, a batch of one would leave nothing.
        self.whole = nn.Sequential(nn.Conv2d(deepest, WIDTH, 1), nn.ReLU(inplace=True))
        self.context = conv_bn_relu(WIDTH * (len(RATES) + 2), WIDTH, 1)
        self.at = next(at for at, stride in enumerate(strides) if stride >= 4)
        self.fine = conv_bn_relu(encoder_channels[self.at], FINE, 1)
        self.joined = nn.Sequential(conv_bn_relu(WIDTH + FINE, WIDTH), conv_bn_relu(WIDTH, WIDTH))
        self.channels, self.stride = WIDTH, strides[self.at]

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features, finest first, to (N, channels, H / stride, W / stride)."""
        deepest, fine = features[-1], self.fine(features[self.at])
        whole = self.whole(deepest.mean(dim=(2, 3), keepdim=True)).expand(-1, -1, *deepest.shape[-2:])
        context = self.context(torch.cat([*(one(deepest) for one in self.ranges), whole], dim=1))
        enlarged = F.interpolate(context, size=fine.shape[-2:], mode="bilinear", align_corners=False)
        joined: Tensor = self.joined(torch.cat([enlarged, fine], dim=1))
        return joined

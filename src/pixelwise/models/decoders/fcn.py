"""The decoder of FCN-8s (Long 2015): scores at three sizes, summed."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 64
"""Channels that every level is brought to: a head's linear map then makes scores of them, as linear as the paper's."""


class FCNDecoder(nn.Module):
    """Linear maps of the three deepest features, enlarged twofold and added from the deepest up.

    Args:
        encoder_channels: channels of the encoder's features, finest first.
        strides: of the same.
    """

    def __init__(self, encoder_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        self.scores = nn.ModuleList(nn.Conv2d(channels, WIDTH, 1) for channels in encoder_channels[-3:])
        self.channels, self.stride = WIDTH, strides[-3]

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features, finest first, to (N, channels, H / stride, W / stride)."""
        used = features[-3:]
        joined: Tensor = self.scores[-1](used[-1])
        for feature, score in zip(reversed(used[:-1]), reversed(self.scores[:-1]), strict=True):
            enlarged = F.interpolate(joined, size=feature.shape[-2:], mode="bilinear", align_corners=False)
            joined = enlarged + score(feature)
        return joined

"""The feature pyramid decoder (Lin 2017), joined into one map for segmentation (Kirillov 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu

PYRAMID = 128
"""Channels of the pyramid; the papers' 256 suits encoders many times as wide."""
JOINED = 64
"""Channels of the map that its levels are joined into."""


class FPNDecoder(nn.Module):
    """Features of all levels, brought to one width, are added from the deepest up; then every level is enlarged to the
    finest by steps of two with a convolution before each, and all are summed.

    Args:
        encoder_channels: channels of the encoder's features, finest first; the four deepest are used.
        strides: of the same.
    """

    def __init__(self, encoder_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        used = list(zip(encoder_channels, strides, strict=True))[-4:]
        self.laterals = nn.ModuleList(nn.Conv2d(channels, PYRAMID, 1) for channels, _ in used)
        self.stride, self.channels = used[0][1], JOINED
        self.levels = nn.ModuleList()
        for _, stride in used:
            halvings = (stride // self.stride).bit_length() - 1
            widths = (PYRAMID, *[JOINED] * max(1, halvings))
            self.levels.append(nn.ModuleList(conv_bn_relu(a, b) for a, b in pairwise(widths)))

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features, finest first, to (N, channels, H / stride, W / stride)."""
        used = features[-len(self.laterals) :]
        size = used[0].shape[-2:]
        joined: Tensor | None = None
        above: Tensor | None = None
        for feature, lateral, level in zip(
            reversed(used), reversed(self.laterals), reversed(self.levels), strict=True
        ):
            here = lateral(feature)
            if above is not None:
                here = here + F.interpolate(above, size=here.shape[-2:], mode="nearest")
            above = here
            assert isinstance(level, nn.ModuleList)
            for convolution in level:
                here = convolution(here)
                if here.shape[-2:] != size:
                    doubled = (2 * here.shape[-2], 2 * here.shape[-1])
                    here = F.interpolate(here, size=doubled, mode="bilinear", align_corners=False)
            joined = here if joined is None else joined + here
        assert joined is not None
        return joined

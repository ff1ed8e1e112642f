"""A U-Net whose every level is read by the heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.decoders.unet import UNetDecoder

WIDTH = 32
"""Channels of the sum."""


class HypercolumnDecoder(nn.Module):
    """Linear maps of every level of a U-Net, enlarged to the finest and summed.

    In a U-Net what the deepest features know reaches the result through all its narrow levels, and so does the
    gradient on its way back. Reading every level (hypercolumns, Hariharan 2015) spares both the way: training goes
    faster from the first step on, while edges are drawn by the finest level as before.

    Args:
        encoder_channels: channels of the encoder's features, finest first.
        strides: of the same.
        widths: channels of the U-Net's levels, deepest first; one fewer than the encoder has.
    """

    def __init__(
        self, encoder_channels: Sequence[int], strides: Sequence[int], widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.unet = UNetDecoder(encoder_channels, strides, widths)
        self.readers = nn.ModuleList(nn.Conv2d(one, WIDTH, 1) for one in widths)
        self.channels, self.stride = WIDTH, self.unet.stride

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features, finest first, to (N, channels, H / stride, W / stride)."""
        deepest, *finer = (
            reader(level) for reader, level in zip(self.readers, self.unet.decoded(features), strict=True)
        )
        total: Tensor = deepest
        for level in finer:
            total = _enlarged(total, level) + level
        return total


def _enlarged(values: Tensor, like: Tensor) -> Tensor:
    if values.shape[-2:] == like.shape[-2:]:
        return values
    return F.interpolate(values, size=like.shape[-2:], mode="bilinear", align_corners=False)

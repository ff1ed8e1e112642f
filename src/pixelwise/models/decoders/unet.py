"""The U-Net decoder (Ronneberger 2015) over any encoder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu


class UNetDecoder(nn.Module):
    """From the deepest features up: enlarge twofold, join the encoder's features, two 3×3 convolutions.

    The result has the stride of the encoder's finest features; logits are enlarged from there, which costs little
    accuracy where that is 2 and saves the dearest level.

    Args:
        encoder_channels: channels of the encoder's features, finest first.
        strides: of the same.
        widths: channels of the decoder's levels, deepest first; one fewer than the encoder has.
        learned: enlarge by a transposed 2×2 convolution to the level's width, as the paper has it, instead of repeating
            values.
    """

    def __init__(
        self,
        encoder_channels: Sequence[int],
        strides: Sequence[int],
        widths: Sequence[int],
        *,
        learned: bool = False,
    ) -> None:
        super().__init__()
        *skips, inputs = encoder_channels
        self.factors = [deep // fine for fine, deep in pairwise(strides)][::-1]
        levels, enlarged = [], []
        for skip, width, factor in zip(reversed(skips), widths, self.factors, strict=True):
            if learned:
                enlarged.append(nn.ConvTranspose2d(inputs, width, factor, stride=factor))
                inputs = width
            levels.append(nn.Sequential(conv_bn_relu(inputs + skip, width), conv_bn_relu(width, width)))
            inputs = width
        self.levels = nn.ModuleList(levels)
        self.enlarged = nn.ModuleList(enlarged)
        self.channels, self.stride = inputs, strides[0]

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features, finest first, to (N, channels, H / stride, W / stride)."""
        return self.decoded(features)[-1]

    def decoded(self, features: list[Tensor]) -> list[Tensor]:
        """What each level makes of the features, deepest first."""
        *skips, deeper = features
        found = []
        for number, (level, skip) in enumerate(zip(self.levels, reversed(skips), strict=True)):
            larger = self._larger(deeper, number)
            deeper = level(torch.cat([larger, skip], dim=1))
            found.append(deeper)
        return found

    def _larger(self, decoded: Tensor, number: int) -> Tensor:
        if len(self.enlarged):
            enlarged: Tensor = self.enlarged[number](decoded)
            return enlarged
        factor = self.factors[number]
        return decoded if factor == 1 else F.interpolate(decoded, scale_factor=float(factor), mode="nearest")

"""The U-Net decoder (Ronneberger 2015) over any encoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import conv_bn_relu


class UNetDecoder(nn.Module):
    """From the deepest features up: enlarge twofold, join the encoder's features, two 3×3 convolutions.

    The result has stride 2; logits are enlarged from there, which costs little accuracy and saves the dearest level.

    Args:
        encoder_channels: channels of the encoder's features at strides 2, 4, 8, …
        widths: channels of the decoder's levels, deepest first; one fewer than the encoder has.
    """

    def __init__(self, encoder_channels: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        *skips, inputs = encoder_channels
        levels = []
        for skip, width in zip(reversed(skips), widths, strict=True):
            levels.append(nn.Sequential(conv_bn_relu(inputs + skip, width), conv_bn_relu(width, width)))
            inputs = width
        self.levels = nn.ModuleList(levels)
        self.channels = inputs

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features at strides 2, 4, 8, … to (N, channels, H / 2, W / 2)."""
        *skips, decoded = features
        for level, skip in zip(self.levels, reversed(skips), strict=True):
            enlarged = F.interpolate(decoded, scale_factor=2.0, mode="nearest")
            decoded = level(torch.cat([enlarged, skip], dim=1))
        return decoded

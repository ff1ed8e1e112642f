"""The decoders of SegNet (Badrinarayanan 2015): with pooling indices, and as lessons often teach it, without."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.encoders.vgg import DEPTHS, VGG16, Pooled
from pixelwise.models.layers import conv_bn_relu
from pixelwise.types import Size


class SegNetDecoder(nn.Module):
    """The encoder's levels in reverse: enlarge, then as many 3×3 convolutions; what the encoder saw is not joined.

    Args:
        indexed: put every value back where the maximum came from, all else 0; the encoder gives
            :class:`~pixelwise.models.encoders.vgg.Pooled`. Otherwise every value is repeated four times.
    """

    channels = VGG16.channels[0]
    stride = 1

    def __init__(self, *, indexed: bool) -> None:
        super().__init__()
        self.indexed = indexed
        self.levels = nn.ModuleList()
        outputs = (VGG16.channels[0], *VGG16.channels[:-1])
        for depth, width, output in zip(DEPTHS, VGG16.channels, outputs, strict=True):
            widths = (*[width] * depth, output)
            self.levels.append(nn.Sequential(*(conv_bn_relu(a, b) for a, b in pairwise(widths))))

    def forward(self, features: list[Tensor] | Pooled) -> Tensor:
        """What the encoder gives to (N, 64, H, W)."""
        decoded = features.features if isinstance(features, Pooled) else features[-1]
        for number, level in reversed(list(enumerate(self.levels))):
            if isinstance(features, Pooled):
                decoded = unpooled(decoded, features.indices[number], features.sizes[number])
            else:
                decoded = F.interpolate(decoded, scale_factor=2.0, mode="nearest")
            decoded = level(decoded)
        return decoded


def unpooled(values: Tensor, indices: Tensor, size: Size) -> Tensor:
    """(N, C, *size): values (N, C, h, w) at the flat places ``indices``, 0 elsewhere.

    In plain scattering, which every precision, device and export knows.
    """
    empty = torch.zeros((*values.shape[:2], size[0] * size[1]), dtype=values.dtype, device=values.device)
    return torch.unflatten(empty.scatter(2, indices.flatten(2), values.flatten(2)), 2, size)

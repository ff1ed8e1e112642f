"""Depthwise convolution whose bfloat16 gradients are fast on a CPU.

oneDNN has no fast bfloat16 kernels for two gradients of depthwise convolutions: that of the input where the stride is
2, and that of the weights where the kernel is 5×5. So those are computed in float32, a few images at a time: all at
once they are larger than the cache. ``benchmarks/depthwise.py``, on 2 cores: all depthwise layers of
EfficientNet-Lite0 forward and back, padding included, take 79 ms a batch in float32, 147 ms in bfloat16 and 66 ms so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Padding = tuple[int, int]
"""Pixels before and after, of rows and of columns alike."""
CHUNK = 16 << 20
"""Bytes of float32 input that a slow gradient is computed from at a time, so that they are still in the cache."""


def depthwise_conv(
    images: Tensor, weight: Tensor, stride: int, padding: Padding, dilation: int = 1
) -> Tensor:
    """(N, C, H, W) filtered channel by channel with ``weight`` (C, 1, k, k).

    In bfloat16 autocast on a CPU gradients take the faster way; elsewhere it is ``conv2d``.
    """
    if images.device.type == "cpu" and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled():
        dtype = torch.get_autocast_dtype("cpu")
        layer = _Layer(stride, padding, dilation, len(weight))
        filtered: Tensor = _Depthwise.apply(images.to(dtype), weight.to(dtype), layer)  # type: ignore[no-untyped-call]
        return filtered
    return _Layer(stride, padding, dilation, len(weight)).filtered(images, weight)


@dataclass(frozen=True)
class _Layer:
    stride: int
    padding: Padding
    dilation: int
    groups: int

    @property
    def even(self) -> int:
        """What the convolution itself pads, which knows no uneven padding."""
        return self.padding[0] if self.padding[0] == self.padding[1] else 0

    def padded(self, images: Tensor) -> Tensor:
        """With what the convolution does not pad."""
        before, after = self.padding
        return images if before == after else F.pad(images, (before, after, before, after))

    def filtered(self, images: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(
            self.padded(images), weight, None, self.stride, self.even, self.dilation, groups=self.groups
        )

    def gradients(
        self, gradient: Tensor, images: Tensor, weight: Tensor, wanted: tuple[bool, bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Of images and of weight, in the arithmetic of what is given."""
        of_images, of_weight, _ = torch.ops.aten.convolution_backward(
            gradient,
            self.padded(images),
            weight,
            None,
            (self.stride, self.stride),
            (self.even, self.even),
            (self.dilation, self.dilation),
            False,
            (0, 0),
            self.groups,
            (*wanted, False),
        )
        if of_images is not None and self.padding[0] != self.padding[1]:
            before, (height, width) = self.padding[0], images.shape[-2:]
            of_images = of_images[..., before : before + height, before : before + width]
        return of_images, of_weight

    def gradients_in_float32(
        self, gradient: Tensor, images: Tensor, weight: Tensor, wanted: tuple[bool, bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        """The same of bfloat16, a few images at a time."""
        heavy = weight.float()
        of_images = torch.empty_like(images) if wanted[0] else None
        of_weight = torch.zeros_like(heavy) if wanted[1] else None
        number = max(1, CHUNK // (4 * images[0].numel()))
        for begin in range(0, len(images), number):
            part = slice(begin, begin + number)
            one, other = self.gradients(gradient[part].float(), images[part].float(), heavy, wanted)
            if of_images is not None and one is not None:
                of_images[part] = one
            if of_weight is not None and other is not None:
                of_weight += other
        return of_images, None if of_weight is None else of_weight.to(weight.dtype)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, layer: _Layer) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.layer = layer
        return layer.filtered(images, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        images, weight = ctx.saved_tensors
        layer: _Layer = ctx.layer
        wants_images, wants_weight = ctx.needs_input_grad[:2]
        if layer.stride > 1:
            return *layer.gradients_in_float32(gradient, images, weight, (wants_images, wants_weight)), None
        of_images = layer.gradients(gradient, images, weight, (True, False))[0] if wants_images else None
        if not wants_weight:
            return of_images, None, None
        slow = weight.shape[-1] > 3
        way = layer.gradients_in_float32 if slow else layer.gradients
        return of_images, way(gradient, images, weight, (False, True))[1], None

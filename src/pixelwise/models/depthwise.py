"""Depthwise convolution whose bfloat16 gradients are fast on a CPU.

oneDNN has no fast bfloat16 kernels for two gradients of depthwise convolutions: that of the input where the stride is
2, and that of the weights where the kernel is 5×5. So those are computed in float32. ``benchmarks/depthwise.py``, on 2
cores: all depthwise layers of EfficientNet-Lite0 forward and back take 115 ms a batch in float32, 283 ms in bfloat16
and 127 ms so.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def depthwise_conv(images: Tensor, weight: Tensor, stride: int, padding: int, dilation: int = 1) -> Tensor:
    """(N, C, H, W) filtered channel by channel with ``weight`` (C, 1, k, k).

    In bfloat16 autocast on a CPU gradients take the faster way; elsewhere it is ``conv2d``.
    """
    if images.device.type == "cpu" and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled():
        dtype = torch.get_autocast_dtype("cpu")
        filtered: Tensor = _Depthwise.apply(images.to(dtype), weight.to(dtype), stride, padding, dilation)  # type: ignore[no-untyped-call]
        return filtered
    return F.conv2d(images, weight, None, stride, padding, dilation, groups=len(weight))


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, stride: int, padding: int, dilation: int) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.stride, ctx.padding, ctx.dilation = stride, padding, dilation
        return F.conv2d(images, weight, None, stride, padding, dilation, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        images, weight = ctx.saved_tensors
        wants_images, wants_weight = ctx.needs_input_grad[:2]
        slow_images, slow_weight = ctx.stride > 1, ctx.stride > 1 or weight.shape[-1] > 3
        of_images, of_weight = None, None
        if wants_images:
            of_images = _gradients(gradient, images, weight, ctx, slow_images, (True, False, False))[0]
        if wants_weight:
            of_weight = _gradients(gradient, images, weight, ctx, slow_weight, (False, True, False))[1]
        return of_images, of_weight, None, None, None


def _gradients(
    gradient: Tensor, images: Tensor, weight: Tensor, ctx: Any, slow: bool, wanted: tuple[bool, bool, bool]
) -> list[Tensor | None]:
    dtype = torch.float32 if slow else images.dtype
    found = torch.ops.aten.convolution_backward(
        gradient.to(dtype),
        images.to(dtype),
        weight.to(dtype),
        None,
        (ctx.stride, ctx.stride),
        (ctx.padding, ctx.padding),
        (ctx.dilation, ctx.dilation),
        False,
        (0, 0),
        len(weight),
        wanted,
    )
    return [one if one is None else one.to(images.dtype) for one in found]

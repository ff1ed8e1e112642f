"""Gradients of EfficientNet-Lite0's depthwise convolutions: bfloat16, float32 and the mixture that we take.

    python benchmarks/depthwise.py

Prints milliseconds for one forward and backward pass of each layer, batch 8 at 192×256, and their sum.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.models.depthwise import Padding, depthwise_conv

# Channels, height, width, kernel, stride, padding before and after, how many such layers.
LAYERS = [
    (32, 96, 128, 3, 1, (1, 1), 1),
    (96, 96, 128, 3, 2, (0, 1), 1),
    (144, 48, 64, 3, 1, (1, 1), 1),
    (144, 48, 64, 5, 2, (1, 2), 1),
    (240, 24, 32, 5, 1, (2, 2), 1),
    (240, 24, 32, 3, 2, (0, 1), 1),
    (480, 12, 16, 3, 1, (1, 1), 2),
    (480, 12, 16, 5, 1, (2, 2), 1),
    (672, 12, 16, 5, 1, (2, 2), 2),
    (672, 12, 16, 5, 2, (1, 2), 1),
    (1152, 6, 8, 5, 1, (2, 2), 3),
    (1152, 6, 8, 3, 1, (1, 1), 1),
]


def main() -> None:
    """Time all layers three ways."""
    totals = np.zeros(3)
    print("  C    size  kernel stride   float32  bfloat16      ours   (ms)")
    for channels, height, width, kernel, stride, padding, count in LAYERS:
        layer = (channels, (height, width), kernel, stride, padding)
        times = [
            milliseconds(*layer, plain, torch.float32),
            milliseconds(*layer, plain, torch.bfloat16),
            milliseconds(*layer, depthwise_conv, torch.bfloat16),
        ]
        totals += np.array(times) * count
        print(
            f"{channels:5} {height:3}×{width:<3} {kernel:5} {stride:6}  "
            + "".join(f"{t:10.1f}" for t in times)
        )
    print("sum over the network     " + "".join(f"{t:10.1f}" for t in totals))


def plain(images: Tensor, weight: Tensor, stride: int, padding: Padding) -> Tensor:
    """PyTorch's own gradients."""
    before, after = padding
    even = before if before == after else 0
    padded = images if before == after else F.pad(images, (before, after, before, after))
    return F.conv2d(padded, weight, None, stride, even, groups=len(weight))


def milliseconds(
    channels: int,
    size: tuple[int, int],
    kernel: int,
    stride: int,
    padding: Padding,
    way: Callable[[Tensor, Tensor, int, Padding], Tensor],
    dtype: torch.dtype,
    repeats: int = 7,
) -> float:
    """Median time of a forward and backward pass."""
    images = (
        torch.randn(8, channels, *size, dtype=dtype)
        .contiguous(memory_format=torch.channels_last)
        .requires_grad_()
    )
    weight = torch.randn(channels, 1, kernel, kernel, dtype=dtype, requires_grad=True)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            filtered = way(images, weight, stride, padding)
        torch.autograd.grad(filtered, (images, weight), torch.ones_like(filtered))
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) * 1000


if __name__ == "__main__":
    main()

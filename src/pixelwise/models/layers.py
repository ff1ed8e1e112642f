"""Layers that several networks share."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.depthwise import depthwise_conv


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding for inputs whose sides the stride divides.

    There the padding is static: ``kernel - stride`` in all, the odd pixel on the right and at the bottom. ``groups`` is
    1, or the number of inputs, each of which is then filtered alone; ``dilation`` goes with a stride of 1.
    Weights trained in TensorFlow (EfficientNet-Lite) expect exactly this.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, dilation: int = 1
    ) -> None:
        total = kernel - stride if stride > 1 else (kernel - 1) * dilation
        before, after = total // 2, total - total // 2
        symmetric = before == after
        super().__init__(
            inputs,
            outputs,
            kernel,
            stride,
            padding=before if symmetric else 0,
            dilation=dilation,
            groups=groups,
            bias=False,
        )
        self.step, self.sides, self.holes = stride, (before, after), dilation

    def forward(self, images: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        if self.groups > 1:
            return depthwise_conv(images, self.weight, self.step, self.sides, self.holes)
        before, after = self.sides
        return super().forward(images if before == after else F.pad(images, (before, after, before, after)))


def conv_bn_relu(inputs: int, outputs: int, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolution without bias, batch normalisation, ReLU; the size is kept."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2 * dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )

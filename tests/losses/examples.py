"""Small inputs of losses."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise import losses

Loss = Callable[..., Tensor]
OF_LOGITS = {losses.binary_cross_entropy, losses.cross_entropy, losses.binary_focal, losses.focal}
BINARY = {losses.binary_cross_entropy, losses.binary_focal}
LOSSES = [getattr(losses, name) for name in losses.__all__ if name != "border_weights"]


def plane(*values: float) -> Tensor:
    """(1, 1, 1, W) float64."""
    return torch.tensor(values, dtype=torch.float64)[None, None, None]


def example(loss: Loss, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Input, hard target and 0/1 weight as ``loss`` takes them: 2 images of 4×5."""
    draw = torch.Generator().manual_seed(seed)
    channels = 1 if loss in BINARY else 3
    values = torch.randn(2, channels, 4, 5, generator=draw, dtype=torch.float64)
    classes = torch.randint(0, max(channels, 2), (2, 4, 5), generator=draw)
    target = classes[:, None] if channels == 1 else F.one_hot(classes, channels).movedim(-1, 1)
    weight = (torch.rand(2, 1, 4, 5, generator=draw) < 0.7).double()
    return values if loss in OF_LOGITS else values.softmax(1), target.double(), weight

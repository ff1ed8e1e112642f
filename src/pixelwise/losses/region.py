"""Losses of dense classification, with weights for what is labelled.

Each takes float logits before softmax or sigmoid, a target of the same shape in 0–1 and a weight per pixel
(0 = not labelled), and returns a scalar.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def binary_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean binary cross-entropy over labelled pixels.

    Args:
        logits, target: (N, 1, H, W) float.
        weight: (N, 1, H, W) float, not negative.
    """
    losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return _weighted_mean(losses, weight)


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean softmax cross-entropy over labelled pixels.

    Args:
        logits, target: (N, C, H, W) float; the target is one-hot or a distribution over C.
        weight: (N, 1, H, W) float, not negative.
    """
    return _weighted_mean(-(target * logits.log_softmax(dim=1)).sum(dim=1, keepdim=True), weight)


def soft_dice(probs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 − mean soft Dice over images and channels (Milletari 2016, with plain sums in the denominator).

    A channel absent from an image's target counts only through its false alarms: one pixel is added to both parts.

    Args:
        probs, target: (N, C, H, W) float in 0–1.
        weight: (N, 1, H, W) float, not negative.
    """
    overlap = (probs * target * weight).sum(dim=(2, 3))
    total = ((probs + target) * weight).sum(dim=(2, 3))
    return 1 - ((2 * overlap + 1) / (total + 1)).mean()


def _weighted_mean(losses: Tensor, weight: Tensor) -> Tensor:
    return (losses * weight).sum() / weight.sum().clamp_min(1e-6)

"""Losses that every pixel adds to alone.

Each takes a target of the same shape in 0–1 and a weight per pixel (0 = not labelled), and returns a scalar: the mean
over pixels by their weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def binary_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy.

    Args:
        logits, target: (N, 1, H, W) float.
        weight: (N, 1, H, W) float, not negative.
    """
    losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return weighted_mean(losses, weight)


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Softmax cross-entropy.

    Args:
        logits, target: (N, C, H, W) float; the target is one-hot or a distribution over C.
        weight: (N, 1, H, W) float, not negative.
    """
    return weighted_mean(-(target * logits.log_softmax(dim=1)).sum(dim=1, keepdim=True), weight)


def binary_focal(logits: Tensor, target: Tensor, weight: Tensor, gamma: float = 2.0) -> Tensor:
    """Binary cross-entropy in which what is nearly right counts less: times (1 − p)^gamma, p of the true class.

    T.-Y. Lin et al., "Focal loss for dense object detection", 2017, equation 4.

    Args:
        logits, target: (N, 1, H, W) float.
        weight: (N, 1, H, W) float, not negative.
        gamma: 0 gives cross-entropy.
    """
    wrong = (target - logits.sigmoid()).abs()
    losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return weighted_mean(_power(wrong, gamma) * losses, weight)


def focal(logits: Tensor, target: Tensor, weight: Tensor, gamma: float = 2.0) -> Tensor:
    """Softmax cross-entropy in which what is nearly right counts less, as in :func:`binary_focal`.

    Args:
        logits, target: (N, C, H, W) float; the target is one-hot or a distribution over C.
        weight: (N, 1, H, W) float, not negative.
        gamma: 0 gives cross-entropy.
    """
    log_probs = logits.log_softmax(dim=1)
    losses = -(target * _power(1 - log_probs.exp(), gamma) * log_probs).sum(dim=1, keepdim=True)
    return weighted_mean(losses, weight)


def mean_squared_error(probs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Squared distance from the one-hot target, mean over channels too.

    For learning why it is not used: where a pixel is surely wrong, its gradient vanishes.

    Args:
        probs, target: (N, C, H, W) float in 0–1.
        weight: (N, 1, H, W) float, not negative.
    """
    return weighted_mean((probs - target).square().mean(dim=1, keepdim=True), weight)


def weighted_mean(losses: Tensor, weight: Tensor) -> Tensor:
    """Mean of (N, 1, H, W) by weights of the same shape; 0 where all weights are."""
    return (losses * weight).sum() / weight.sum().clamp_min(1e-6)


def _power(shares: Tensor, exponent: float) -> Tensor:
    # The slope of a power below 1 is infinite at 0.
    return shares.clamp_min(torch.finfo(shares.dtype).tiny) ** exponent

"""Losses of how regions overlap, image by image and channel by channel.

Each takes probabilities (N, C, H, W), a target of the same shape in 0–1 and a weight per pixel (N, 1, H, W)
(0 = not labelled), all float, and returns a scalar: the mean over images and channels.
"""

from __future__ import annotations

import torch
from torch import Tensor


def soft_dice(probs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 − soft Dice (Milletari 2016, with plain sums in the denominator).

    A channel absent from an image's target counts only through its false alarms: one pixel is added to both parts.
    """
    return tversky(probs, target, weight, 0.5, 0.5)


def tversky(probs: Tensor, target: Tensor, weight: Tensor, alpha: float = 0.3, beta: float = 0.7) -> Tensor:
    """1 − soft Tversky index: Dice whose two kinds of error count differently.

    S. Salehi, D. Erdogmus and A. Gholipour, "Tversky loss function for image segmentation", 2017, equation 4; half a
    pixel is added to both parts, so that a channel absent from an image's target counts only through its false alarms.

    Args:
        alpha: what a false alarm costs.
        beta: what a miss costs; one half each is Dice.
    """
    labelled = target * weight
    hit = (probs * labelled).sum(dim=(2, 3))
    false_alarm = (probs * weight).sum(dim=(2, 3)) - hit
    miss = labelled.sum(dim=(2, 3)) - hit
    return 1 - ((hit + 0.5) / (hit + alpha * false_alarm + beta * miss + 0.5)).mean()


def lovasz(probs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 − IoU, extended to probabilities by its Lovász extension; over channels present in an image's target.

    M. Berman, A. Triki and M. Blaschko, "The Lovász-Softmax loss", 2018, algorithm 1. A weight tells what is labelled,
    not how much it counts.

    Args:
        target: 0 or 1.
    """
    labelled = (weight > 0).to(probs.dtype)
    errors = ((target - probs).abs() * labelled).flatten(2)
    members = (target * labelled).flatten(2)
    errors, order = errors.sort(dim=2, descending=True)
    members = members.gather(2, order)
    size = members.sum(dim=2, keepdim=True)
    joint = size - members.cumsum(dim=2)
    either = size + (1 - members).cumsum(dim=2)
    loss = 1 - joint / either  # IoU lost where the first, then the first two, … are wrong
    steps = torch.cat([loss[..., :1], loss.diff(dim=2)], dim=2)
    present = (size[..., 0] > 0).to(probs.dtype)
    return ((errors * steps).sum(dim=2) * present).sum() / present.sum().clamp_min(1)

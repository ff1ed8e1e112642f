"""Losses of the fields that tell objects apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.tasks.panoptic.targets import UNIT

OUTSIDE_SHARE = 0.25
"""What a pixel without an object counts in the loss of centres: there are many, and most are easy."""


def centre_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy of a heat map (N, 1, H, W) with its target in 0–1, over that of a perfect one: 0 is perfect.

    Panoptic-DeepLab squares errors; of a sigmoid that learns slowly where it is wrong and sure.
    """
    losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    least = -(torch.xlogy(target, target) + torch.xlogy(1 - target, 1 - target))
    return ((losses - least) * weight).sum() / weight.sum().clamp(min=1)


def offset_loss(offsets: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean distance (L1) of the votes from the centre in parts of the object's size.

    So that an error counts by what it does: a few pixels part nuclei and are nothing in a person who fills the image.

    Args:
        offsets, target: (N, 2, H, W) in ``UNIT`` pixels.
        weight: (N, 1, H, W) 1 / size of the pixel's object in pixels; 0 where there is none.
    """
    inside = (weight > 0).sum().clamp(min=1)
    return ((offsets - target).abs() * weight).sum() * UNIT / inside

"""How unsure a model is of a pixel."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def entropy_of_views(views: Tensor) -> Tensor:
    """Entropy of the mean of several predictions, as a share of its greatest value.

    It is the mean entropy of the views plus what they disagree by, their Jensen–Shannon divergence (Lin 1991; Depeweg
    2018 calls the two aleatoric and epistemic), so a pixel is unsure if each view is, or if they contradict.

    Args:
        views: (V, C, H, W) probabilities by class; C of 1 is the second of two classes.

    Returns:
        (H, W) float32, 0 sure to 1 not known at all.
    """
    mean = views.mean(dim=0)
    if len(mean) == 1:
        mean = torch.cat([1 - mean, mean])
    entropy: Tensor = torch.special.entr(mean).sum(dim=0) / math.log(len(mean))
    return entropy.clamp_(0, 1)

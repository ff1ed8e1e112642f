"""The boundary loss: what is wrong counts by its distance from the true outline."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelwise.losses.distance import distance_to


def boundary(probs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean over pixels and channels of |probs − target| times the distance to the outline, as a share of the picture.

    H. Kervadec et al., "Boundary loss for highly unbalanced segmentation", 2019, equation 5, plus what makes a perfect
    prediction cost 0; the gradient is the same. Distances are to what is labelled. A channel that is absent, or
    everywhere, has no outline and costs nothing: add this loss to another.

    Args:
        probs: (N, C, H, W) float in 0–1.
        target: (N, C, H, W) float, 0 or 1.
        weight: (N, 1, H, W) float, not negative.
    """
    with torch.no_grad():
        inside, labelled = target > 0.5, weight > 0
        to_inside, to_outside = distance_to(inside & labelled), distance_to(~inside & labelled)
        # Between the centres of two pixels lies the outline, half a pixel from each.
        far = torch.where(inside, to_outside, to_inside) - 0.5
        far = (far / max(target.shape[-2:])).where(far.isfinite(), 0).to(probs.dtype)
    losses = ((probs - target).abs() * far).mean(dim=1, keepdim=True)
    return (losses * weight).sum() / weight.sum().clamp_min(1e-6)

"""The boundary loss: what is wrong counts by its distance from the true outline."""

from __future__ import annotations

import torch
from torch import Tensor


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


def distance_to(mask: Tensor) -> Tensor:
    """(N, C, H, W) float32 pixels from every pixel's centre to the nearest one's in ``mask`` (bool); inf for none.

    Exact and Euclidean: distances along rows, then the lowest parabola of each column (Felzenszwalb and Huttenlocher
    2012), here by comparing all.
    """
    height, width = mask.shape[-2:]
    along = _to_nearest(mask, width).square()
    rows = torch.arange(height, dtype=torch.float32, device=mask.device)
    down = (rows[:, None] - rows).square()  # (H, H)
    found = [(along + down[row][:, None]).amin(dim=-2) for row in range(height)]
    return torch.stack(found, dim=-2).sqrt()


def _to_nearest(mask: Tensor, width: int) -> Tensor:
    """Distance along its row from every pixel to the nearest in ``mask``."""
    columns = torch.arange(width, dtype=torch.float32, device=mask.device).expand(mask.shape)
    before = torch.where(mask, columns, -torch.inf).cummax(dim=-1).values
    after = torch.where(mask, columns, torch.inf).flip(-1).cummin(dim=-1).values.flip(-1)
    return torch.minimum(columns - before, after - columns)

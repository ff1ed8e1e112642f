"""How far pixels are from those of a mask."""

from __future__ import annotations

import math

import torch
from torch import Tensor


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


def distance_within(mask: Tensor, reach: float) -> Tensor:
    """The same of (N, H, W) where it is at most ``reach`` pixels, else inf: faster, the less that is."""
    height, width = mask.shape[-2:]
    along = _to_nearest(mask, width).square()
    nearest = along.clone()
    for rows in range(1, min(math.floor(reach), height - 1) + 1):
        far = along + rows**2
        for here, there in ((slice(rows, None), slice(-rows)), (slice(-rows), slice(rows, None))):
            part = nearest[..., here, :]
            torch.minimum(part, far[..., there, :], out=part)
    return nearest.masked_fill_(nearest > reach**2, torch.inf).sqrt_()


def _to_nearest(mask: Tensor, width: int) -> Tensor:
    """Distance along its row from every pixel to the nearest in ``mask``."""
    columns = torch.arange(width, dtype=torch.float32, device=mask.device).expand(mask.shape)
    before = torch.where(mask, columns, -torch.inf).cummax(dim=-1).values
    after = torch.where(mask, columns, torch.inf).flip(-1).cummin(dim=-1).values.flip(-1)
    return torch.minimum(columns - before, after - columns)

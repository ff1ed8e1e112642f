"""Centres and offsets of objects, worked out from their masks after these were moved at random."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

UNIT = 32.0
"""Pixels that an offset field's values are in: a network's outputs are of the order of 1."""
PEAK = 0.5
"""Standard deviation of a centre's peak in parts of that of the object's pixels, along either axis."""
LEAST_PEAK = 1.0
"""Pixels that it is at least, so that a nucleus of 20 pixels has one that can be seen."""
_FEW = 100_000  # ids up to which tables by id are cheaper than sorting pixels


@dataclass(frozen=True)
class ObjectTargets:
    """What the fields of objects should be, (N, 1 or 2, H, W) float.

    Attributes:
        centres: 1 at an object's centre, falling off within the object; 0 where there is none.
        offsets: (x, y) from a pixel to its object's centre in ``UNIT`` pixels.
        inside: 1 on objects.
        sizes: square root of the area of a pixel's object in pixels; 1 where there is none.
    """

    centres: Tensor
    offsets: Tensor
    inside: Tensor
    sizes: Tensor


def object_targets(instances: Tensor) -> ObjectTargets:
    """From ids of objects (N, H, W), whole numbers, 0 where there is none.

    A centre is the pixel of the object that is nearest to its centroid (Panoptic-DeepLab, Cheng 2020, has the centroid
    itself, which may lie outside). Its peak is as wide as the object asks for, along either axis. The time grows with
    the pixels alone.
    """
    count, height, width = instances.shape
    ids, number = _numbered(instances)
    rows = torch.arange(height, device=ids.device, dtype=torch.float32)[:, None].expand(height, width)
    columns = torch.arange(width, device=ids.device, dtype=torch.float32).expand(height, width)
    x, y = columns.repeat(count, 1, 1).view(-1), rows.repeat(count, 1, 1).view(-1)
    # A pixel of an object in a frame of its own: sums of squares stay small enough for float32.
    x, y = x - width / 2, y - height / 2

    def total(values: Tensor) -> Tensor:
        return torch.bincount(ids, weights=values, minlength=number)

    area = torch.bincount(ids, minlength=number).clamp_(min=1).double()
    mean_x, mean_y = total(x) / area, total(y) / area
    spread_x = (total(x * x) / area - mean_x**2).clamp_(min=0).sqrt()
    spread_y = (total(y * y) / area - mean_y**2).clamp_(min=0).sqrt()
    far = (x - mean_x[ids]) ** 2 + (y - mean_y[ids]) ** 2
    nearest = torch.full((number,), torch.inf, dtype=far.dtype, device=ids.device)
    nearest.scatter_reduce_(0, ids, far, "amin")
    at = torch.zeros(number, dtype=torch.int64, device=ids.device)
    candidates = torch.nonzero(far == nearest[ids])[:, 0].flip(0)  # of several the first: written last
    at[ids[candidates]] = candidates
    to_x, to_y = x[at][ids] - x, y[at][ids] - y
    wide_x, wide_y = ((PEAK * one).clamp(min=LEAST_PEAK).float() for one in (spread_x, spread_y))
    peak = torch.exp(-0.5 * ((to_x / wide_x[ids]) ** 2 + (to_y / wide_y[ids]) ** 2))
    inside = (instances.reshape(-1) > 0).float()
    shape = count, 1, height, width
    offsets = torch.stack(
        [(to_x * inside).view(shape[0], height, width), (to_y * inside).view(count, height, width)], 1
    )
    sizes = torch.where(inside > 0, area.sqrt().float()[ids], 1.0)
    return ObjectTargets((peak * inside).view(shape), offsets / UNIT, inside.view(shape), sizes.view(shape))


def _numbered(instances: Tensor) -> tuple[Tensor, int]:
    """Ids (N·H·W,) from 0 that differ between images too, and their number."""
    highest = int(instances.max()) + 1
    if highest * len(instances) <= _FEW:
        first = torch.arange(len(instances), device=instances.device)[:, None, None] * highest
        return (instances.long() + first).view(-1), highest * len(instances)
    first = torch.arange(len(instances), device=instances.device)[:, None, None] * highest
    known, ids = torch.unique(instances.long() + first, return_inverse=True)
    return ids.view(-1), len(known)

"""What the fields of a picture should be: heat around joints, directions along limbs (Cao 2017, section 2.2–2.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.types import People, Size

NARROWEST = 0.75
"""Least standard deviation of heat, in pixels of the field: a narrower one falls between them."""
BROADEST = 0.06
"""Greatest standard deviation, as a share of the field's diagonal."""

Pair = tuple[Tensor, Tensor]


def pose_targets(
    people: Sequence[People],
    unmarked: Tensor,
    limbs: Sequence[tuple[int, int]],
    width: float,
    stride: int,
) -> tuple[Pair, Pair]:
    """Heat maps and part affinity fields of N pictures, each with its weight.

    A joint's heat is a Gaussian of 1 in its middle; where people's overlap the greater one counts. A limb's field is
    the unit vector from its first joint to its second, within ``width`` of the line between them and 0 elsewhere; where
    people's overlap it is their mean. Weights are 0 where nobody said anything: in unmarked places for all joints, and
    in the box of a person for the joints of that person that are not labelled and the limbs that end in them.

    Args:
        people: of each picture, K joints, in its pixels.
        unmarked: (N, H, W) bool: where people may be whose joints nobody marked.
        limbs: pairs of joints.
        width: standard deviation of heat and half the breadth of limbs, as a share of the root of a person's area.
        stride: pixels of a picture to a pixel of the fields, on either axis.

    Returns:
        ((N, K, h, w) in 0–1, weights of the same shape), ((N, 2 L, h, w) x and y in turn, weights of the same shape).
    """
    height, width_pixels = unmarked.shape[-2] // stride, unmarked.shape[-1] // stride
    found = [_of_picture(one, limbs, width, stride, (height, width_pixels)) for one in people]
    heat, heat_said, limb, limb_said = (torch.stack([one[part] for one in found]) for part in range(4))
    device = unmarked.device
    pooled = torch.nn.functional.max_pool2d(unmarked[:, None].float(), stride)
    marked = 1 - pooled
    return (
        (heat.to(device), heat_said.to(device) * marked),
        (limb.to(device), limb_said.to(device) * marked),
    )


def _of_picture(
    people: People, limbs: Sequence[tuple[int, int]], width: float, stride: int, size: Size
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    joints = people.keypoints.shape[1]
    heat, heat_said = torch.zeros(joints, *size), torch.ones(joints, *size)
    limb, limb_said = torch.zeros(len(limbs), 2, *size), torch.ones(len(limbs), *size)
    covered = torch.zeros(len(limbs), *size)
    spreads = _spreads(people, width, stride, size)
    ends = np.array(limbs, np.int64).reshape(-1, 2)
    for person in np.flatnonzero(people.is_marked & ~people.is_crowd):
        points = torch.from_numpy(people.keypoints[person] / stride)
        labelled = people.visibility[person] > 0
        spread = float(spreads[person])
        _add_heat(heat, points, labelled, spread)
        rows, columns = _inside(people.boxes[person] / stride, size)
        heat_said[torch.from_numpy(~labelled), rows, columns] = 0
        whole = labelled[ends].all(axis=1)
        limb_said[torch.from_numpy(~whole), rows, columns] = 0
        for place in np.flatnonzero(whole):
            _add_limb(limb[place], covered[place], points[ends[place, 0]], points[ends[place, 1]], spread)
    limb /= covered.clamp(min=1)[:, None]
    return heat, heat_said, limb.flatten(0, 1), limb_said.repeat_interleave(2, dim=0)


def _spreads(people: People, width: float, stride: int, size: Size) -> NDArray[np.float64]:
    """(M,) standard deviations in pixels of the field."""
    found = width * np.sqrt(np.maximum(people.areas.astype(np.float64), 0)) / stride
    limited: NDArray[np.float64] = np.clip(
        found, NARROWEST, max(NARROWEST, BROADEST * float(np.hypot(*size)))
    )
    return limited


def _add_heat(heat: Tensor, points: Tensor, labelled: NDArray[np.bool_], spread: float) -> None:
    """The Gaussians of one person's labelled joints, into (K, h, w)."""
    height, width = heat.shape[-2:]
    chosen = torch.from_numpy(np.flatnonzero(labelled))
    across = torch.arange(width) + 0.5 - points[chosen, 0, None]
    down = torch.arange(height) + 0.5 - points[chosen, 1, None]
    scale = -0.5 / spread**2
    bells = (down.square() * scale).exp()[:, :, None] * (across.square() * scale).exp()[:, None, :]
    heat[chosen] = torch.maximum(heat[chosen], bells)


def _add_limb(limb: Tensor, covered: Tensor, start: Tensor, end: Tensor, spread: float) -> None:
    """One person's unit vector along a limb, into (2, h, w), and 1 where it lies, into (h, w)."""
    way = end - start
    length = float(way.norm())
    if length < 1e-3:
        return
    low, high = torch.minimum(start, end) - spread - 1, torch.maximum(start, end) + spread + 1
    rows, columns = _inside(torch.cat([low, high]).numpy(), (limb.shape[-2], limb.shape[-1]))
    unit = way / length
    x = torch.arange(columns.start, columns.stop) + 0.5 - start[0]
    y = (torch.arange(rows.start, rows.stop) + 0.5 - start[1])[:, None]
    along, aside = x * unit[0] + y * unit[1], x * unit[1] - y * unit[0]
    on = ((along >= 0) & (along <= length) & (aside.abs() <= spread)).float()
    limb[:, rows, columns] += on * unit[:, None, None]
    covered[rows, columns] += on


def _inside(box: NDArray[np.float32], size: Size) -> tuple[slice, slice]:
    """Rows and columns of a field that a box x0, y0, x1, y1 touches."""
    x0, y0, x1, y1 = (float(edge) for edge in box)
    rows = slice(*(int(np.clip(edge, 0, size[0])) for edge in (np.floor(y0), np.ceil(y1))))
    columns = slice(*(int(np.clip(edge, 0, size[1])) for edge in (np.floor(x0), np.ceil(x1))))
    return rows, columns

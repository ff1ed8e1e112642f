"""The views of a frame that a network is shown, and what they say together."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelwise.geometry import flip_field, turn_field, turn_image
from pixelwise.types import Field


def views(frame: Tensor, turn: float) -> Tensor:
    """(V, C, h, w) views of a frame (1, C, h, w): as it is and mirrored, then turned one way, and the other mirrored.

    The mean over the image and its mirror image costs twice the time and steadies every field; turned views as much
    again, and are only made where ``turn`` is not 0.
    """
    seen = [frame, frame.flip(-1)]
    if turn:
        seen += [turn_image(frame, turn), turn_image(frame, -turn).flip(-1)]
    return torch.cat(seen)


def mean_of_views(values: Tensor, field: Field) -> Tensor:
    """(C, h, w) float32: the mean of what all views (V, C, h, w) say of a field, turned and mirrored back.

    Views in which no mirror tells sides apart are left out, and turned ones of fields without them.
    """
    total = torch.zeros_like(values[0], dtype=torch.float32)
    weight = torch.zeros_like(total[:1])
    for place, degrees in enumerate((0.0, 0.0, field.turn, -field.turn) if field.turn else (0.0, 0.0)):
        is_mirrored = place % 2 == 1
        if is_mirrored and not _tells_sides(field):
            continue
        seen = _mirrored(values[place], field) if is_mirrored else values[place]
        known = torch.ones_like(weight)
        if degrees:
            seen = turn_field(seen[None].float(), field, -degrees)[0]
            known = turn_image(known[None], -degrees, "zeros")[0]
        total, weight = total + seen, weight + known
    return total / weight


def _mirrored(values: Tensor, field: Field) -> Tensor:
    return flip_field(values, field, horizontal=True, vertical=False)


def _tells_sides(field: Field) -> bool:
    """Whether a mirror image can be read: else left and right joints have changed places in it, nobody knows which."""
    untold = field.points and field.channels > 1 and field.hflip == tuple(range(field.channels))
    return not untold or bool(field.negated)

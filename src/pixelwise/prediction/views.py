"""The views of a frame that a network is shown, and what they say together."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelwise.geometry import flip_field, turn_field, turn_image
from pixelwise.types import Field


def views(frame: Tensor, turn: float) -> Tensor:
    """(V, C, h, w) views of a frame (1, C, h, w): as it is and mirrored, then turned either way, each also mirrored.

    The mean over the image and its mirror image costs twice the time and steadies every field; turned views cost twice
    as much again, and are only made where ``turn`` is not 0.
    """
    seen = []
    for degrees, is_mirrored in _kinds(turn):
        turned = turn_image(frame, degrees) if degrees else frame
        seen.append(turned.flip(-1) if is_mirrored else turned)
    return torch.cat(seen)


def mean_of_views(values: Tensor, field: Field) -> Tensor:
    """(C, h, w) float32: the mean of what all views (V, C, h, w) say of a field, turned and mirrored back.

    Views in which no mirror tells sides apart are left out, and turned ones of fields without them.
    """
    total = torch.zeros_like(values[0], dtype=torch.float32)
    weight = torch.zeros_like(total[:1])
    for place, (degrees, is_mirrored) in enumerate(_kinds(field.turn)):
        if is_mirrored and not _tells_sides(field):
            continue
        seen = _mirrored(values[place], field) if is_mirrored else values[place]
        known = torch.ones_like(weight)
        if degrees:
            seen = turn_field(seen[None].float(), field, -degrees)[0]
            known = turn_image(known[None], -degrees, "zeros")[0]
        total, weight = total + seen, weight + known
    return total / weight


def _kinds(turn: float) -> tuple[tuple[float, bool], ...]:
    """Of each view the degrees by which the frame is turned, and whether it is mirrored after that."""
    ways = (0.0, turn, -turn) if turn else (0.0,)
    return tuple((degrees, is_mirrored) for degrees in ways for is_mirrored in (False, True))


def _mirrored(values: Tensor, field: Field) -> Tensor:
    return flip_field(values, field, horizontal=True, vertical=False)


def _tells_sides(field: Field) -> bool:
    """Whether a mirror image can be read: else left and right joints have changed places in it, nobody knows which."""
    untold = field.points and field.channels > 1 and field.hflip == tuple(range(field.channels))
    return not untold or bool(field.negated)

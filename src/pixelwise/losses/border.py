"""Weights of pixels by how near a contour they are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pixelwise.losses.distance import distance_within

REACH = 3.0
"""Standard deviations beyond which nothing is added: there it would be 1% of ``border``."""


def border_weights(ids: Sequence[Tensor], labelled: Tensor, border: float, width: float = 5.0) -> Tensor:
    """1 + border · exp(−d² / (2 width²)), d the distance to the nearest pixel at a contour; 0 where not labelled.

    O. Ronneberger, P. Fischer and T. Brox, "U-Net", 2015, equation 2, with the distance to one contour in the place of
    the sum of those to the two nearest cells, and without its class weights. Two pixels are at a contour if they are
    neighbours in a row or column, both labelled, and differ in one of the maps; their own distance is 0. Beyond
    ``REACH`` standard deviations it is 1.

    Args:
        ids: maps of classes, and of objects where they are told apart, (N, H, W) whole numbers each.
        labelled: (N, H, W) bool.
        border: what a pixel at a contour counts more than one far away; 0 or more.
        width: standard deviation in pixels, above 0.

    Returns:
        (N, 1, H, W) float32.
    """
    distance = distance_within(_at_contour(ids, labelled), REACH * width)
    weights = 1 + border * torch.exp(distance.square() / (-2 * width**2))
    return (weights * labelled)[:, None]


def _at_contour(ids: Sequence[Tensor], labelled: Tensor) -> Tensor:
    """(N, H, W) bool: pixels beside one of another id."""
    found = torch.zeros_like(labelled)
    for axis in (1, 2):
        pairs = labelled.shape[axis] - 1
        one, other = slice(0, pairs), slice(1, None)
        differs = torch.zeros_like(_part(labelled, axis, one))
        for each in ids:
            differs |= _part(each, axis, one) != _part(each, axis, other)
        differs &= _part(labelled, axis, one) & _part(labelled, axis, other)
        for side in (one, other):
            _part(found, axis, side).logical_or_(differs)
    return found


def _part(values: Tensor, axis: int, part: slice) -> Tensor:
    """(N, H, W) cut along rows (1) or columns (2)."""
    return values[:, part] if axis == 1 else values[:, :, part]

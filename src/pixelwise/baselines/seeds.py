"""Where methods that need a beginning begin: pixels that are taken for object and for background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.regions import otsu_side
from pixelwise.types import Size

CENTRE_SHARE = 0.25
"""Sides of the middle that is taken for object, as shares of the picture's."""
MARGIN_SHARE = 0.04
"""Width of the margin that is taken for background, as a share of the picture's sides."""
EROSION = 3
"""Pixels that lie that near to where Otsu's threshold parts the picture are left open."""

WAYS = ("centre", "otsu")
"""Values of the free parameter ``seeds``."""


@dataclass(frozen=True)
class Seeds:
    """(h, w) bool each; they do not overlap, and neither is empty."""

    inside: Mask
    outside: Mask

    @property
    def markers(self) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        """(h, w): 2 inside, 1 outside, 0 where it is open."""
        return 2 * self.inside.astype(np.int32) + self.outside


def find_seeds(picture: Picture, way: str) -> Seeds:
    """The middle and the margin of the picture ("centre"), or the insides of Otsu's two sides ("otsu").

    Where a side of Otsu's has no inside, middle and margin are taken.
    """
    if way == "otsu":
        found = _otsu_seeds(picture)
        if found.inside.any() and found.outside.any():
            return found
    return Seeds(middle(picture.size), margin(picture.size))


def middle(size: Size) -> Mask:
    """(h, w) bool: the rectangle in the middle."""
    mask = np.zeros(size, bool)
    rows, columns = (
        slice(int(side * (0.5 - CENTRE_SHARE / 2)), int(np.ceil(side * (0.5 + CENTRE_SHARE / 2))))
        for side in size
    )
    mask[rows, columns] = True
    return mask


def margin(size: Size) -> Mask:
    """(h, w) bool: the border all around."""
    mask = np.ones(size, bool)
    top, left = (max(1, round(side * MARGIN_SHARE)) for side in size)
    mask[top:-top, left:-left] = False
    return mask


def inner_side(mask: Mask) -> Mask:
    """Of a mask and its complement, the one of which less lies on the picture's border; as it is, if neither does."""
    border = margin(mask.shape)
    share, other = (float(border[side].mean()) if side.any() else 1.0 for side in (mask, ~mask))
    return mask if share <= other else ~mask


def _otsu_seeds(picture: Picture) -> Seeds:
    from scipy.ndimage import binary_erosion

    inside = inner_side(otsu_side(picture.smooth("grey", 2.0)))
    # Beyond the border the picture goes on: seeds may touch it.
    return Seeds(
        binary_erosion(inside, iterations=EROSION, border_value=1),
        binary_erosion(~inside, iterations=EROSION, border_value=1),
    )

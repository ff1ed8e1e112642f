"""Which side is the object, and which parts of it are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pixelwise.baselines.picture import Mask, Picture
from pixelwise.baselines.seeds import inner_side

ObjectSide = Literal["inside", "dark", "bright"]
OBJECT_SIDES: tuple[ObjectSide, ...] = get_args(ObjectSide)
Keep = Literal["all", "largest", "central"]
KEEPS: tuple[Keep, ...] = get_args(Keep)


@dataclass(frozen=True)
class ObjectRule:
    """What of two sides is the object.

    Attributes:
        side: "inside": the one that less lies on the picture's border; "dark" or "bright": by mean lightness.
        keep: "all" of it; or, with holes filled, only its "largest" part, or the "central" one: that which
            covers most of a bell over the middle of the picture.
    """

    side: ObjectSide = "inside"
    keep: Keep = "all"

    def apply(self, mask: Mask, picture: Picture) -> Mask:
        """(h, w) bool: the object, of a mask that is one of the two sides; nothing where there is only one."""
        if mask.all() or not mask.any():
            return np.zeros(mask.shape, bool)
        chosen = self._side(mask, picture)
        return chosen if self.keep == "all" else _one_part(chosen, central=self.keep == "central")

    def _side(self, mask: Mask, picture: Picture) -> Mask:
        if self.side == "inside":
            return inner_side(mask)
        is_dark = picture.grey[mask].mean() < picture.grey[~mask].mean()
        return mask if is_dark == (self.side == "dark") else ~mask


RULES = tuple(ObjectRule(side, keep) for side in OBJECT_SIDES for keep in KEEPS)
"""All that may be chosen from, the default first."""


def _one_part(mask: Mask, *, central: bool) -> Mask:
    from scipy.ndimage import binary_fill_holes, label

    parts, count = label(mask)
    if count == 0:
        return mask
    weights = _bell(mask.shape) if central else np.ones(mask.shape)
    covered = np.bincount(parts.ravel(), weights=weights.ravel())
    filled: Mask = binary_fill_holes(parts == 1 + int(np.argmax(covered[1:])))
    return filled


def _bell(shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(h, w): a Gaussian over the middle, its standard deviation a quarter of either side."""
    rows, columns = (np.exp(-0.5 * (((np.arange(n) + 0.5) / n - 0.5) / 0.25) ** 2) for n in shape)
    return np.outer(rows, columns)

"""What a model says of the objects of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import LabelMap

FEATURES = ("centre", "probability", "spread")
"""What an object's score is made of, in this order."""
_AT_A_TIME = 1 << 20  # pixels


@dataclass(frozen=True)
class PanopticResult:
    """Things and stuff of an image; objects do not overlap.

    Attributes:
        label_map: (H, W) uint8 class ids.
        instance_map: (H, W) int32 objects, numbered from 1; 0 where there is none.
        classes: (P,) int64 class of each object, that of number 1 first.
        scores: (P,) float64 the overlap with a true object that is to be expected, 0–1.
        features: (P, 3) float64 what scores are made of: the height of the centre's peak and the mean probability of
            the class, both 0–1, and the mean distance of its pixels' votes from the centre in parts of its size.
    """

    label_map: LabelMap
    instance_map: NDArray[np.int32]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    features: NDArray[np.float64]

    @property
    def areas(self) -> NDArray[np.int64]:
        """(P,) pixels of each object."""
        return counted(self.instance_map, len(self.classes) + 1)[1:]


def counted(values: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """(count,) pixels of each value from 0 in a map (H, W), some rows at a time, since counting widens them."""
    found = np.zeros(count, np.int64)
    step = max(1, _AT_A_TIME // max(1, values.shape[1]))
    for top in range(0, len(values), step):
        found += np.bincount(values[top : top + step].reshape(-1), minlength=count)
    return found

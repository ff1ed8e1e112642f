"""True and predicted objects at random, as maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pixelwise.metrics import ObjectCounts, count_objects
from pixelwise.types import IGNORE_INDEX, Label


@dataclass(frozen=True)
class Scene:
    """Classes 1 and 2 are things, 0 is background; predictions are the truth moved, lost, split and made up."""

    classes: NDArray[np.uint8]
    instances: NDArray[np.int32]
    crowd: NDArray[np.uint8]
    found: NDArray[np.int32]
    found_class: NDArray[np.int64]
    scores: NDArray[np.float64]

    def counts(self) -> ObjectCounts:
        return count_objects(
            self.classes, self.instances, self.crowd > 0, self.found, self.found_class, self.scores
        )


def scene(seed: int, size: int = 160, count: int = 14) -> Scene:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    classes, instances = np.zeros((size, size), np.uint8), np.zeros((size, size), np.int32)
    crowd = np.zeros((size, size), np.uint8)
    for number in range(1, count + 1):
        centre, radius = rng.uniform(0, size, 2), rng.uniform(3, rng.choice([8, 50]))
        disc = np.hypot(y - centre[0], x - centre[1]) < radius
        instances[disc], classes[disc] = number, rng.integers(1, 3)
        crowd[disc] = number == 1
    shifted = ndimage.shift(instances, rng.integers(-3, 4, 2), order=0)
    kept = np.flatnonzero(rng.random(count + 1) > 0.15)
    found = np.zeros((size, size), np.int32)
    found_class = []
    for number in kept[kept > 0]:
        mask = shifted == number
        if rng.random() < 0.3:
            mask &= x > np.median(x[mask]) - rng.uniform(0, 8) if mask.any() else False
        if rng.random() < 0.3:
            mask = ndimage.binary_dilation(mask, iterations=int(rng.integers(1, 4)))
        if not mask.any():
            continue
        found_class.append(int(np.bincount(classes[mask], minlength=3)[1:].argmax()) + 1)
        if rng.random() < 0.1:
            found_class[-1] = 3 - found_class[-1]
        found[mask] = len(found_class)
    numbers = np.unique(found[found > 0])  # some may have been covered
    renumbered = np.searchsorted(numbers, found) + 1
    found = np.where(found > 0, renumbered, 0).astype(np.int32)
    stripe = slice(0, int(rng.integers(1, 20)))
    classes[stripe], instances[stripe], crowd[stripe] = IGNORE_INDEX, 0, 0
    of_class = np.array(found_class, np.int64)[numbers - 1]
    return Scene(classes, instances, crowd, found, of_class, rng.random(len(numbers)).round(2))


def mistaken(label: Label, seed: int) -> Scene:
    """Real objects as a model might find them: moved, grown, cut, joined with others, missed, and some made up."""
    rng = np.random.default_rng(seed)
    classes, instances = label.class_map, label.instance_map
    found = np.zeros(instances.shape, np.int32)
    for number in np.unique(instances[instances > 0]).tolist():
        mask = ndimage.shift(instances == number, rng.integers(-2, 3, 2), order=0)
        kind = rng.random()
        if kind < 0.15:
            continue
        if kind < 0.35:
            mask = ndimage.binary_dilation(mask, iterations=int(rng.integers(1, 5)))
        elif kind < 0.5 and mask.any():
            mask[: int(np.nonzero(mask)[0].mean())] = False
        found[mask] = max(1, int(found.max())) if kind > 0.9 else int(found.max()) + 1
    y, x = rng.integers(0, np.array(instances.shape) - 12)
    found[y : y + 12, x : x + 12] = found.max() + 1
    numbers, places = np.unique(found, return_inverse=True)
    places = places.reshape(found.shape) + (numbers[0] != 0)
    count = int(places.max())
    return Scene(
        classes,
        instances,
        np.zeros(instances.shape, np.uint8),
        places.astype(np.int32),
        np.ones(count, np.int64),
        rng.random(count).round(2),
    )

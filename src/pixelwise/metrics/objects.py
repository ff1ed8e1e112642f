"""What all scores of objects derive from: areas, shared pixels and scores, counted once per image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import IGNORE_INDEX, Json

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ObjectCounts:
    """The match record of one image: T true objects, P predicted ones, M pairs that share pixels.

    Attributes:
        true_class: (T,) class ids.
        true_area: (T,) pixels.
        is_crowd: (T,) bool: regions of objects that nobody told apart.
        found_class: (P,) class ids.
        found_area: (P,) pixels.
        unlabelled: (P,) pixels of each that nobody labelled.
        score: (P,) 0–1.
        pairs: (M, 3) place of the true object, of the predicted one, and the pixels that they share.
    """

    true_class: Ints
    true_area: Ints
    is_crowd: NDArray[np.bool_]
    found_class: Ints
    found_area: Ints
    unlabelled: Ints
    score: Floats
    pairs: Ints

    def of_class(self, class_id: int) -> ObjectCounts:
        """The true and the predicted objects of one class."""
        return self._of(self.true_class == class_id, self.found_class == class_id)

    def with_unlabelled_as_crowd(self) -> ObjectCounts:
        """The same with one more true object, a crowd: all that nobody labelled. For records of one class."""
        place = len(self.true_class)
        found = np.flatnonzero(self.unlabelled)
        pairs = np.stack([np.full_like(found, place), found, self.unlabelled[found]], axis=1)
        return replace(
            self,
            true_class=np.append(self.true_class, IGNORE_INDEX),
            true_area=np.append(self.true_area, self.unlabelled.sum()),
            is_crowd=np.append(self.is_crowd, True),
            pairs=np.concatenate([self.pairs, pairs]),
        )

    def no_smaller(self, area: float) -> ObjectCounts:
        """The true objects, and the predicted ones of so many pixels or more."""
        return self._of(np.ones(len(self.true_class), bool), self.found_area >= area)

    def _of(self, true: NDArray[np.bool_], found: NDArray[np.bool_]) -> ObjectCounts:
        """Some of the true objects (T,) and some of the predicted ones (P,)."""
        true_place, found_place = np.cumsum(true) - 1, np.cumsum(found) - 1
        kept = self.pairs[true[self.pairs[:, 0]] & found[self.pairs[:, 1]]]
        pairs = np.stack([true_place[kept[:, 0]], found_place[kept[:, 1]], kept[:, 2]], axis=1)
        return ObjectCounts(
            self.true_class[true],
            self.true_area[true],
            self.is_crowd[true],
            self.found_class[found],
            self.found_area[found],
            self.unlabelled[found],
            self.score[found],
            pairs,
        )

    def to_json(self) -> Json:
        """Plain JSON values; scores to 6 digits."""
        return {
            "true_class": self.true_class.tolist(),
            "true_area": self.true_area.tolist(),
            "is_crowd": self.is_crowd.tolist(),
            "found_class": self.found_class.tolist(),
            "found_area": self.found_area.tolist(),
            "unlabelled": self.unlabelled.tolist(),
            "score": self.score.round(6).tolist(),
            "pairs": self.pairs.tolist(),
        }


def count_objects(
    classes: NDArray[np.uint8],
    instances: NDArray[np.int32],
    crowd: NDArray[np.bool_] | None,
    found: NDArray[np.int32],
    found_class: Ints,
    score: Floats,
) -> ObjectCounts:
    """Count the objects of an image, in a time that grows with its pixels.

    Args:
        classes: (H, W) true class ids; ``IGNORE_INDEX`` where nobody labelled.
        instances: (H, W) true ids of objects, 0 where there is none; an object's class is that of most of its pixels.
        crowd: (H, W) true on objects that are crowds; None where there can be none.
        found: (H, W) predicted objects, numbered from 1; 0 where there is none.
        found_class: (P,) class of each number from 1.
        score: (P,) 0–1 likewise.
    """
    true_ids, true_at = np.unique(instances, return_inverse=True)
    true_at = true_at.reshape(-1)
    if not (len(true_ids) and true_ids[0] == 0):  # no background at all
        true_ids, true_at = np.concatenate([[0], true_ids]), true_at + 1
    count, found_count, flat = len(true_ids), len(found_class) + 1, found.reshape(-1).astype(np.int64)
    by_class = np.bincount(true_at * 256 + classes.reshape(-1), minlength=count * 256).reshape(count, 256)
    by_class[:, IGNORE_INDEX] = 0  # an object has some class
    crowds = np.zeros(count, np.int64)
    if crowd is not None:
        crowds = np.bincount(true_at, weights=crowd.reshape(-1), minlength=count).astype(np.int64)
    keys, shared = np.unique(true_at * found_count + flat, return_counts=True)
    pairs = np.stack([keys // found_count - 1, keys % found_count - 1, shared], axis=1).astype(np.int64)
    unlabelled = (classes.reshape(-1) == IGNORE_INDEX) & (true_at == 0)
    return ObjectCounts(
        true_class=by_class[1:].argmax(axis=1).astype(np.int64),
        true_area=np.bincount(true_at, minlength=count)[1:].astype(np.int64),
        is_crowd=crowds[1:] > 0,
        found_class=np.asarray(found_class, np.int64),
        found_area=np.bincount(flat, minlength=found_count)[1:].astype(np.int64),
        unlabelled=np.bincount(flat[unlabelled], minlength=found_count)[1:].astype(np.int64),
        score=np.asarray(score, np.float64),
        pairs=pairs[(pairs[:, 0] >= 0) & (pairs[:, 1] >= 0)],
    )

"""Average precision and recall of ranked objects as COCO counts them (Lin 2014), from match records of images.

One difference: all objects of an image count, where COCO's scripts leave out what ranks below its 100 best of a class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics.objects import Floats, Ints, ObjectCounts
from pixelwise.metrics.ratio import mean_of_defined

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Intersections over union from which on an object counts as found."""
RECALLS = np.linspace(0, 1, 101)
AREAS = {
    "": (0.0, np.inf),
    "_small": (0.0, 32.0**2),
    "_medium": (32.0**2, 96.0**2),
    "_large": (96.0**2, np.inf),
}
"""Of the true object in pixels, by the ending of the score's name."""
_AT_ONCE = 2_000_000
"""Numbers that are worked out together where many resamples are: more would only need more memory."""


@dataclass(frozen=True)
class Ranking:
    """The predicted objects of one class over all images, best first.

    Attributes:
        image: (D,) place of the image.
        is_true: (10, D) bool by ``THRESHOLDS``.
        is_false: (10, D) bool; what is neither does not count.
        n_true: (N,) true objects of each image.
    """

    image: Ints
    is_true: NDArray[np.bool_]
    is_false: NDArray[np.bool_]
    n_true: Ints

    @classmethod
    def of(cls, images: Sequence[ObjectCounts], area: tuple[float, float]) -> Ranking:
        """From the records of images, all of one class, of true objects with an area in this range."""
        matched = [_match(counts, area) for counts in images]
        image = np.repeat(np.arange(len(images)), [len(one[0]) for one in matched])
        order = np.argsort(-np.concatenate([one[0] for one in matched]), kind="stable")
        is_true, is_false = (np.concatenate([one[at] for one in matched], axis=1)[:, order] for at in (1, 2))
        return cls(image[order], is_true, is_false, np.array([one[3] for one in matched], np.int64))

    def scores(self, counts: Floats) -> tuple[Floats, Floats]:
        """Average precision and greatest recall (R, 10) by threshold; NaN where nothing was to be found.

        Args:
            counts: (R, N) how often each image counts, in each of R resamples.
        """
        total = (counts @ self.n_true)[:, None]
        weight = counts[:, None, self.image]
        true, false = (
            np.cumsum(weight * one, axis=-1) for one in (self.is_true, self.is_false)
        )  # (R, 10, D)
        recall = true / np.where(total > 0, total, 1.0)[..., None]
        precision = _interpolated(recall, true / np.maximum(true + false, 1e-12))
        greatest = recall[..., -1] if recall.shape[-1] else np.zeros(recall.shape[:-1])
        return np.where(total > 0, precision, np.nan), np.where(total > 0, greatest, np.nan)


NAMES = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar")


class AveragePrecision:
    """Scores of images together, each the mean over the classes that have it.

    Args:
        images: match records of N images.
        classes: ids of the K classes of things.
        areas: those that are asked for, of ``AREAS``; a call needs all.
    """

    def __init__(
        self,
        images: Sequence[ObjectCounts],
        classes: Sequence[int],
        areas: Mapping[str, tuple[float, float]] = AREAS,
    ) -> None:
        by_class = [[counts.of_class(class_id) for counts in images] for class_id in classes]
        self.rankings = {
            ending: [Ranking.of(of_class, area) for of_class in by_class] for ending, area in areas.items()
        }

    @property
    def n_images(self) -> Ints:
        """(K,) how many images hold something of each class that was to be found."""
        return np.array([(one.n_true > 0).sum() for one in self.rankings[""]], np.int64)

    def by_class(self, draws: Floats) -> Floats:
        """``ap`` of each class (R, K), by how often each image counts (R, N); NaN where a class has none."""
        return np.stack([_over_draws(one, draws) for one in self.rankings[""]], axis=1)

    def __call__(self, counts: Floats) -> tuple[float, ...]:
        """``NAMES`` in order, by how often each image counts (N,); NaN where no class has the score.

        ``ap`` is the mean over ``THRESHOLDS``, ``ar`` the mean recall where all predicted objects count.
        """
        found: dict[str, float] = {}
        for ending, rankings in self.rankings.items():
            both = np.array([one.scores(counts[None]) for one in rankings]).reshape(len(rankings), 2, -1)
            precision, recall = mean_of_defined(both.transpose(1, 2, 0))  # (10,) each
            found[f"ap{ending}"] = float(precision.mean())
            if not ending:
                found |= {
                    "ap50": float(precision[0]),
                    "ap75": float(precision[5]),
                    "ar": float(recall.mean()),
                }
        return tuple(found[name] for name in NAMES)


def _over_draws(ranking: Ranking, draws: Floats) -> Floats:
    """``ap`` (R,) of one class, by how often each image counts (R, N)."""
    together = max(1, _AT_ONCE // ranking.is_true.size) if ranking.is_true.size else len(draws)
    parts = [
        ranking.scores(draws[begin : begin + together])[0].mean(axis=1)
        for begin in range(0, len(draws), together)
    ]
    return np.concatenate(parts)


def _interpolated(recall: Floats, precision: Floats) -> Floats:
    """(…,) means of the best precision (…, D) at or beyond each of ``RECALLS``; 0 beyond the greatest recall."""
    *rows, count = recall.shape
    if not count:
        return np.zeros(rows)
    best = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    places = np.stack([np.searchsorted(one, RECALLS) for one in recall.reshape(-1, count)])
    places = places.reshape(*rows, -1)
    sampled = np.take_along_axis(best, np.minimum(places, count - 1), axis=-1)
    means: Floats = np.where(places < count, sampled, 0.0).mean(axis=-1)
    return means


def _match(
    counts: ObjectCounts, area: tuple[float, float]
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_], int]:
    """Scores (P,), true and false (10, P) of an image's objects of one class, best first, and the number to be found.

    Each takes the true object of the highest overlap that is still free, one of the right area before another; a crowd
    is never taken and what lies on it does not count. What nobody labelled is such a crowd.
    """
    counts = counts.with_unlabelled_as_crowd()
    low, high = area
    ignored = counts.is_crowd | (counts.true_area < low) | (counts.true_area > high)
    order = np.argsort(-counts.score, kind="stable")
    outside = (counts.found_area < low) | (counts.found_area > high)
    candidates = _candidates(counts)
    is_true = np.zeros((len(THRESHOLDS), len(order)), bool)
    is_false = np.zeros_like(is_true)
    for at, threshold in enumerate(THRESHOLDS):
        taken: set[int] = set()
        for rank, found in enumerate(order.tolist()):
            free = [
                (not ignored[true], overlap, true)
                for true, overlap in candidates.get(found, ())
                if overlap >= threshold and (true not in taken or counts.is_crowd[true])
            ]
            if free:
                counted, _, true = max(free, key=lambda one: one[:2])
                taken.add(true)
                is_true[at, rank] = counted
            else:
                is_false[at, rank] = not outside[found]
    return counts.score[order], is_true, is_false, int((~ignored).sum())


def _candidates(counts: ObjectCounts) -> dict[int, list[tuple[int, float]]]:
    """By predicted object, the true ones that it overlaps enough, with their overlaps.

    Of a crowd the overlap is the share of the predicted object that lies on it.
    """
    true, found, shared = counts.pairs.T
    union = counts.found_area[found] + np.where(counts.is_crowd[true], 0, counts.true_area[true] - shared)
    overlap = shared / np.maximum(union, 1)
    by_found: dict[int, list[tuple[int, float]]] = {}
    for place in np.flatnonzero(overlap >= THRESHOLDS[0]).tolist():
        by_found.setdefault(int(found[place]), []).append((int(true[place]), float(overlap[place])))
    return by_found

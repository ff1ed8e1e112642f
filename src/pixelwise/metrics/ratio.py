"""Scores as ratios of sums: what is added up over images, classes and resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """Part and whole of a score: (..., K) float64 each, by image and class.

    Where the whole is 0 the score does not exist. The ratio of the sums over images is the pooled score.
    """

    part: Scores
    whole: Scores

    @classmethod
    def of(cls, part: ArrayLike, whole: ArrayLike) -> Ratio:
        """From numbers of any type."""
        return cls(np.asarray(part, np.float64), np.asarray(whole, np.float64))

    def by_class(self) -> Scores:
        """(..., K) scores; NaN where there is none."""
        ratio: Scores = np.divide(
            self.part, self.whole, out=np.full(self.whole.shape, np.nan), where=self.whole > 0
        )
        return ratio

    def by_image(self) -> Scores:
        """(...) scores, each the mean over the classes that have one; NaN where none has."""
        return mean_of_defined(self.by_class())

    def pooled(self) -> float:
        """One score of all N images, (N, K): by class from the sums, then the mean over the classes that have one."""
        return float(Ratio(self.part.sum(axis=0), self.whole.sum(axis=0)).by_image())

    def one_class(self, index: int) -> Ratio:
        """(..., 1): that of one class."""
        return Ratio(self.part[..., [index]], self.whole[..., [index]])

    def together(self) -> Ratio:
        """(..., 1): all classes counted together, so that what is more frequent counts more."""
        return Ratio(self.part.sum(axis=-1, keepdims=True), self.whole.sum(axis=-1, keepdims=True))

    def of_images(self) -> Ratio:
        """(N, 1): images as parts of their number, so that pooling gives the mean of the scores of images."""
        scores = self.by_image()[:, None]
        defined = ~np.isnan(scores)
        return Ratio(np.where(defined, scores, 0.0), defined.astype(np.float64))


def mean_of_defined(scores: Scores) -> Scores:
    """Mean over the last axis of what is not NaN; NaN where nothing is."""
    # nanmean would warn there.
    present = ~np.isnan(scores)
    count = present.sum(axis=-1)
    total = np.where(present, scores, 0).sum(axis=-1)
    mean: Scores = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean

"""How far an image lies from those of training, by what the encoder makes of it.

The Mahalanobis distance of Lee 2018, of the mean features of a stage of the encoder; the covariance is drawn towards a
sphere (Ledoit and Wolf 2004), since there are seldom more training images than features. Its limit is the quantile of
validation images by which a new image like them exceeds it with a known probability (conformal prediction, Vovk 2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.confidence.stored import Unlike

Features = NDArray[np.float32]
"""(N, D), a row for each image or tile."""
Values = NDArray[np.float64]

SHRINKAGE = 0.1
"""Share of the sphere in the covariance."""
FALSE_ALARMS = 0.05


@dataclass(frozen=True)
class Usual:
    """Where training images lie: their mean (D,), and what makes their spread a unit sphere, (D, D)."""

    mean: Values
    whitening: Values

    @classmethod
    def of(cls, references: Features) -> Usual:
        """From the features (N, D) of training images."""
        values = references.astype(np.float64)
        mean = values.mean(axis=0)
        covariance = (values - mean).T @ (values - mean) / len(values)
        sphere = max(float(np.trace(covariance)) / len(covariance), 1e-12)
        drawn = (1 - SHRINKAGE) * covariance + SHRINKAGE * sphere * np.eye(len(covariance))
        return cls(mean, np.linalg.inv(np.linalg.cholesky(drawn)))

    def distances(self, features: Features) -> Values:
        """(N,) Mahalanobis distances of rows (N, D)."""
        found: Values = np.linalg.norm((features - self.mean) @ self.whitening.T, axis=1)
        return found


def fit_unlike(validation: Values) -> Unlike | None:
    """The limit from distances (N,) of images that are like those of training, and were not learned from.

    Of n such images a new one is farther off than the k-th nearest with a probability of 1 - k / (n + 1). Of fewer than
    19 even the farthest does not keep that below ``FALSE_ALARMS``: it is the limit then, and how often is said. None of
    none.
    """
    known = np.sort(validation[np.isfinite(validation)])
    if not known.size or known[-1] <= 0:
        return None
    rank = min(math.ceil((known.size + 1) * (1 - FALSE_ALARMS)), known.size)
    return Unlike(limit=float(known[rank - 1]), false_alarms=1 - rank / (known.size + 1))

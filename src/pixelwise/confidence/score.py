"""The score that a prediction can be expected to reach, without the truth.

Two things tell it: how far the outline moves when the probability from which a pixel counts is moved, and how much the
prediction of the image differs from that of its mirror image. Both are overlaps, so that leaving them as they are is a
fair guess at the Dice; a linear model of few parameters, fitted on validation images and held close to their mean, puts
it right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.confidence.stored import ScoreModel

Values = NDArray[np.float64]

FLOOR = 0.005
"""Added to an error before its logarithm is taken, so that a perfect image is no outlier."""
STIFFNESS = 20.0
"""Images' worth of belief that the score is in the middle of the traits: as many as there are to fit on, as a rule."""
SURE = 0.75
"""A pixel is surely of a class from this probability on, and possibly from 1 less it."""


@dataclass(frozen=True)
class Traits:
    """What is seen of an image without its truth; NaN where no scored class was found in it.

    Attributes:
        stability: Dice of where a class surely is and where it possibly is, 0–1, the mean over classes found.
        agreement: the same of the probabilities in the image and in its mirror image: twice what both have over the
            sum of both.
    """

    stability: float
    agreement: float


TRAITS = ("stability", "agreement")


def traits_of(mean: Tensor, views: tuple[Tensor, Tensor], found: Tensor) -> Traits:
    """Traits of an image.

    Args:
        mean: (K, H, W) probabilities of the scored classes.
        views: the same of the image and of its mirror image.
        found: (K, H, W) bool, where the result has each class.
    """
    return traits_from(trait_sums(mean, views, found))


def trait_sums(mean: Tensor, views: tuple[Tensor, Tensor], found: Tensor) -> Tensor:
    """What traits follow from, of a part of an image or all of it; parts add up.

    Args:
        mean, views, found: as for :func:`traits_of`.

    Returns:
        (5, K) float64: pixels found, surely and possibly of each class; what both views have, and the sum of both.
    """
    one, other = views
    shared, both = _sum(torch.minimum(one, other)), _sum(one) + _sum(other)
    return torch.stack([_sum(found), _sum(mean >= SURE), _sum(mean > 1 - SURE), shared, both])


def traits_from(sums: Tensor) -> Traits:
    """Traits from the (5, K) sums over an image."""
    pixels, surely, possibly, shared, both = sums
    present = pixels > 0
    if not bool(present.any()):
        return Traits(math.nan, math.nan)
    agreement = 2 * shared / both.clamp(min=1e-9)
    stability = 2 * surely / (surely + possibly).clamp(min=1)
    return Traits(float(stability[present].mean()), float(agreement[present].mean()))


def _sum(values: Tensor) -> Tensor:
    """(K, H, W) to (K,) float64."""
    return values.flatten(1).sum(dim=1, dtype=torch.float64)


def fit_score(traits: Sequence[Traits], scores: Sequence[float]) -> ScoreModel | None:
    """Ridge regression of the logarithm of what is missing from 1, towards the middle of the traits.

    Args:
        traits, scores: of the same images; those with a NaN are left out.

    Returns:
        None of fewer than 5 images.
    """
    inputs, target = _rows(traits), _error(np.array(scores, np.float64))
    known = np.isfinite(inputs).all(axis=1) & np.isfinite(target)
    inputs, target = inputs[known], target[known]
    if len(target) < 5:
        return None
    intercept, coefficients = _ridge(inputs, target)
    apart = []
    for index in range(len(target)):
        others = np.arange(len(target)) != index
        parts = _ridge(inputs[others], target[others])
        apart.append((_score(parts[0] + inputs[index] @ parts[1]), _score(target[index])))
    return ScoreModel(
        intercept=intercept, coefficients=tuple(map(float, coefficients)), left_out=tuple(apart)
    )


def left_out(model: ScoreModel) -> tuple[Values, Values]:
    """Scores of the images fitted on, (N,) each: predicted by fits to all but the image, and true."""
    pairs = np.array(model.left_out, np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def predicted_score(model: ScoreModel, traits: Traits) -> float:
    """The score of an image, 0–1; NaN where nothing was found."""
    [row] = _rows([traits])
    if not np.isfinite(row).all():
        return math.nan
    return _score(model.intercept + float(row @ np.array(model.coefficients)))


def _rows(traits: Sequence[Traits]) -> Values:
    """(N, 2): logarithms of what is missing from 1."""
    return _error(np.array([astuple(one) for one in traits], np.float64).reshape(-1, len(TRAITS)))


def _error(scores: Values) -> Values:
    error: Values = np.log(1 - scores + FLOOR)
    return error


def _score(log_error: float) -> float:
    return float(min(max(1 + FLOOR - math.exp(log_error), 0.0), 1.0))


def _ridge(inputs: Values, target: Values) -> tuple[float, Values]:
    centre = np.array([0.5, 0.5])
    means, mean = inputs.mean(axis=0), target.mean()
    spread = inputs.std(axis=0) + 1e-6
    scaled = (inputs - means) / spread
    rest = target - mean - (inputs - means) @ centre
    gram = scaled.T @ scaled + STIFFNESS * np.eye(len(centre))
    coefficients = centre + np.linalg.solve(gram, scaled.T @ rest) / spread
    return float(mean - means @ coefficients), coefficients

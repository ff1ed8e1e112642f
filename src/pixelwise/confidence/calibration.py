"""Temperature scaling (Guo 2017); where there are two classes beta calibration (Kull 2017), which has three parameters.

Both keep every pixel's decision: of several classes the highest stays the highest, and of two the threshold moves along
(:func:`moved_probability`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from pixelwise.confidence.stored import Calibration
from pixelwise.types import Probs

Values = NDArray[np.float64]
Sampled = tuple[NDArray[np.float32], NDArray[np.uint8]]
"""Of some pixels of one image: logits (C, n), and class ids (n,); C is 1 where there are two classes."""

SCALES = (0.05, 20.0)
BIASES = (-10.0, 10.0)
PULL = 1e-3
"""Towards no change, in nats: where the pixels are told apart without a mistake, nothing else would end the fit."""
FARTHEST, STEP = 60.0, 0.005
"""Logits between which a calibration is inverted, and how far apart; beyond, probabilities are 0 or 1."""
SMALLEST = 1e-7
"""Probabilities nearer to 0 or 1 are those of float32 that was rounded."""


def apply(logits: Tensor, calibration: Calibration) -> Tensor:
    """Logits (C, …) calibrated; those themselves where nothing is to be done."""
    below = calibration.scale_below
    if below is not None:
        return calibration.scale * F.softplus(logits) - below * F.softplus(-logits) + calibration.bias
    if calibration.scale == 1 and calibration.bias == 0:
        return logits
    return logits * calibration.scale + calibration.bias


def moved_probability(probability: float, calibration: Calibration) -> float:
    """What a probability of the second of two classes, strictly between 0 and 1, becomes: so does a threshold."""
    logit = np.array([math.log(probability / (1 - probability))])
    return float(1 / (1 + np.exp(-_moved(logit, calibration)[0])))


def _moved(logits: Values, calibration: Calibration) -> Values:
    """Logits (N,) of the second of two classes, calibrated."""
    below = calibration.scale if calibration.scale_below is None else calibration.scale_below
    moved: Values = calibration.scale * np.logaddexp(0, logits) - below * np.logaddexp(0, -logits)
    return moved + calibration.bias


def probabilities(logits: NDArray[np.float32]) -> Values:
    """(C, n) by class from logits (C, n); two rows from one."""
    values = logits.astype(np.float64)
    if len(values) == 1:
        values = np.concatenate([np.zeros_like(values), values])
    values = np.exp(values - values.max(axis=0))
    return values / values.sum(axis=0)  # type: ignore[no-any-return]


def raw_probs(probs: Probs, calibration: Calibration) -> Probs:
    """(C, …) as they were before calibration, from those after it."""
    if calibration.scale_below is not None:
        grid = np.arange(-FARTHEST, FARTHEST + STEP / 2, STEP)
        after = np.log(np.clip(probs[1], SMALLEST, 1)) - np.log(np.clip(probs[0], SMALLEST, 1))
        second = 1 / (1 + np.exp(-np.interp(after, _moved(grid, calibration), grid)))
        return np.stack([1 - second, second]).astype(probs.dtype)
    logs = np.log(np.clip(probs, SMALLEST, 1))
    logs[-1] -= calibration.bias if len(probs) == 2 else 0
    logs /= calibration.scale
    logs = np.exp(logs - logs.max(axis=0))
    return logs / logs.sum(axis=0)  # type: ignore[no-any-return]


def fit_calibration(samples: Sequence[Sampled]) -> Calibration:
    """The scale of the least mean negative log likelihood, of two classes both scales and the bias; every image counts
    the same.

    Args:
        samples: of each image, some pixels; images without any are passed over. Of none, nothing is changed.
    """
    used = [(logits.astype(np.float64), truth) for logits, truth in samples if truth.size]
    if not used:
        return Calibration()
    logits = np.concatenate([one for one, _ in used], axis=1)
    truth = np.concatenate([one for _, one in used]).astype(np.intp)
    weight = np.concatenate([np.full(one.size, 1 / (one.size * len(used))) for _, one in used])
    if len(logits) == 1:
        return _fit_two(logits[0], truth, weight)
    shifted = logits - logits.max(axis=0)

    def loss(parameters: Values) -> tuple[float, Values]:
        value, slope = _several(shifted, truth, weight, float(parameters[0]))
        off = parameters - 1
        return value + PULL * float(off @ off) / 2, slope + PULL * off

    found = minimize(loss, np.ones(1), jac=True, method="L-BFGS-B", bounds=[SCALES])
    return Calibration(scale=float(found.x[0]))


def _fit_two(logits: Values, truth: NDArray[np.intp], weight: Values) -> Calibration:
    """Of two classes, from the logits (n,) of the second: logistic regression on what each parameter is a factor of."""
    factors = np.stack([np.logaddexp(0, logits), -np.logaddexp(0, -logits), np.ones_like(logits)])
    start = np.array([1.0, 1.0, 0.0])

    def loss(parameters: Values) -> tuple[float, Values]:
        moved, off = parameters @ factors, parameters - start
        value = weight @ (np.logaddexp(0, moved) - truth * moved)
        slopes = factors @ (weight * (1 / (1 + np.exp(-moved)) - truth))
        return float(value + PULL * (off @ off) / 2), slopes + PULL * off

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[SCALES, SCALES, BIASES])
    above, below, bias = map(float, found.x)
    return Calibration(scale=above, scale_below=below, bias=bias)


def _several(shifted: Values, truth: NDArray[np.intp], weight: Values, scale: float) -> tuple[float, Values]:
    """Mean negative log likelihood of several classes, and its slope by scale; the highest logit of each pixel is 0."""
    moved = scale * shifted
    exponents = np.exp(moved)
    total = exponents.sum(axis=0)
    at = np.arange(truth.size)
    value = weight @ (np.log(total) - moved[truth, at])
    slope = weight @ ((exponents * shifted).sum(axis=0) / total - shifted[truth, at])
    return float(value), np.array([float(slope)])

"""Temperature scaling (Guo 2017), with a bias where there are two classes (Platt 1999).

Both keep every pixel's decision: of several classes the highest stays the highest, and of two the threshold moves along
(:func:`moved_probability`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
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
SMALLEST = 1e-7
"""Probabilities nearer to 0 or 1 are those of float32 that was rounded."""


def apply(logits: Tensor, calibration: Calibration) -> Tensor:
    """Logits (C, …) calibrated; those themselves where nothing is to be done."""
    if calibration.scale == 1 and calibration.bias == 0:
        return logits
    return logits * calibration.scale + calibration.bias


def moved_probability(probability: float, calibration: Calibration) -> float:
    """What a probability of the second of two classes, strictly between 0 and 1, becomes: so does a threshold."""
    logit = math.log(probability / (1 - probability))
    return 1 / (1 + math.exp(-(calibration.scale * logit + calibration.bias)))


def probabilities(logits: NDArray[np.float32]) -> Values:
    """(C, n) by class from logits (C, n); two rows from one."""
    values = logits.astype(np.float64)
    if len(values) == 1:
        values = np.concatenate([np.zeros_like(values), values])
    values = np.exp(values - values.max(axis=0))
    return values / values.sum(axis=0)  # type: ignore[no-any-return]


def raw_probs(probs: Probs, calibration: Calibration) -> Probs:
    """(C, …) as they were before calibration, from those after it."""
    logs = np.log(np.clip(probs, SMALLEST, 1))
    logs[-1] -= calibration.bias if len(probs) == 2 else 0
    logs /= calibration.scale
    logs = np.exp(logs - logs.max(axis=0))
    return logs / logs.sum(axis=0)  # type: ignore[no-any-return]


def fit_calibration(samples: Sequence[Sampled]) -> Calibration:
    """The scale, and of two classes the bias, of the least mean negative log likelihood; every image counts the same.

    Args:
        samples: of each image, some pixels; images without any are passed over. Of none, nothing is changed.
    """
    used = [(logits.astype(np.float64), truth) for logits, truth in samples if truth.size]
    if not used:
        return Calibration()
    logits = np.concatenate([one for one, _ in used], axis=1)
    truth = np.concatenate([one for _, one in used]).astype(np.intp)
    weight = np.concatenate([np.full(one.size, 1 / (one.size * len(used))) for _, one in used])
    two = len(logits) == 1

    def loss(parameters: Values) -> tuple[float, Values]:
        scale, bias = (parameters[0], parameters[1]) if two else (parameters[0], 0.0)
        value, slope_scale, slope_bias = (_two if two else _several)(logits, truth, weight, scale, bias)
        value += PULL * ((scale - 1) ** 2 + bias**2) / 2
        slopes = np.array([slope_scale + PULL * (scale - 1), slope_bias + PULL * bias])
        return value, slopes[: len(parameters)]

    start = np.array([1.0, 0.0][: 1 + two])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[SCALES, BIASES][: 1 + two])
    scale, bias = (float(value) for value in (*found.x, 0.0)[:2])
    return Calibration(scale=scale, bias=bias)


def _two(
    logits: Values, truth: NDArray[np.intp], weight: Values, scale: float, bias: float
) -> tuple[float, float, float]:
    """Mean negative log likelihood of two classes, and its slopes by scale and bias."""
    moved = scale * logits[0] + bias
    off = 1 / (1 + np.exp(-moved)) - truth
    value = weight @ (np.logaddexp(0, moved) - truth * moved)
    return float(value), float(weight @ (off * logits[0])), float(weight @ off)


def _several(
    logits: Values, truth: NDArray[np.intp], weight: Values, scale: float, _bias: float
) -> tuple[float, float, float]:
    moved = scale * (logits - logits.max(axis=0))
    shifted = logits - logits.max(axis=0)
    exponents = np.exp(moved)
    total = exponents.sum(axis=0)
    at = np.arange(truth.size)
    value = weight @ (np.log(total) - moved[truth, at])
    slope = weight @ ((exponents * shifted).sum(axis=0) / total - shifted[truth, at])
    return float(value), float(slope), 0.0

"""Scores of objects: the overlap with a true object that is to be expected, learned on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics import ObjectCounts

Floats = NDArray[np.float64]
WEIGHTS = ("score_constant", "score_centre", "score_probability", "score_spread")
"""Settings that hold the weights."""
BEFORE = (2.0, 1.0, 3.0, -3.0)
"""Weights before any are learned: sure, well-marked objects whose votes agree rank first."""
TRUST = 4.0
"""How firmly the weights before learning are held to: some twenty objects move them half of the way."""


def default_weights() -> dict[str, float]:
    """Settings before tuning."""
    return dict(zip(WEIGHTS, BEFORE, strict=True))


def object_scores(features: Floats, settings: Mapping[str, float]) -> Floats:
    """Scores (P,) in 0–1 of objects by their features (P, 3), by weights: a logistic function of a sum."""
    weights = np.array([settings[name] for name in WEIGHTS])
    return _logistic(_terms(features) @ weights)


def learn_weights(features: Floats, overlaps: Floats) -> dict[str, float]:
    """The weights by which scores are nearest to the overlaps that objects had (logistic regression, Newton's method).

    Those before learning are a prior: without objects they stay, and few objects move them little.

    Args:
        features: (P, 3) of predicted objects.
        overlaps: (P,) intersection over union with the best true object of the class.
    """
    terms, start = _terms(features), np.array(BEFORE)
    weights = start.copy()
    for _ in range(30):
        expected = _logistic(terms @ weights)
        slope = terms.T @ (overlaps - expected) - TRUST * (weights - start)
        bend = (terms * (expected * (1 - expected))[:, None]).T @ terms + TRUST * np.eye(len(start))
        step = np.linalg.solve(bend, slope)
        weights = weights + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
    return {name: round(float(weight), 4) for name, weight in zip(WEIGHTS, weights, strict=True)}


def best_overlaps(counts: ObjectCounts) -> Floats:
    """(P,) intersection over union of each predicted object with the true object of its class that it overlaps most."""
    true, found, shared = counts.pairs.T
    alike = (counts.true_class[true] == counts.found_class[found]) & ~counts.is_crowd[true]
    union = counts.true_area[true] + counts.found_area[found] - shared - counts.unlabelled[found]
    best = np.zeros(len(counts.found_area))
    np.maximum.at(best, found[alike], (shared / np.maximum(union, 1))[alike])
    return best


def joined(parts: Sequence[Floats], width: int) -> Floats:
    """Rows of several images below each other."""
    return np.concatenate(parts) if parts else np.zeros((0, width))


def _terms(features: Floats) -> Floats:
    """(P, 4): one, logarithms of peak and probability, and the spread held to at most 1."""
    peak, probability, spread = features.T
    least = 1e-3
    logs = np.log(np.maximum(peak, least)), np.log(np.maximum(probability, least))
    return np.stack([np.ones(len(features)), *logs, np.minimum(spread, 1.0)], axis=1)


def _logistic(values: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return found

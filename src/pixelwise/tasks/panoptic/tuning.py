"""Decision settings, chosen on validation images."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from pixelwise.labels import Labels
from pixelwise.tasks.base import FieldValues
from pixelwise.tasks.panoptic.decoding import CENTRE, SMALLEST, SMOOTHING, THRESHOLD, decode
from pixelwise.tasks.panoptic.rows import count_row, row_ratios
from pixelwise.tasks.panoptic.scores import best_overlaps, default_weights, joined, learn_weights
from pixelwise.types import INSTANCES, Label

CENTRE_CHOICES = (0.1, 0.05, 0.2, 0.4)
SMOOTHING_CHOICES = (2.0, 1.0, 4.0, 8.0)
THRESHOLD_CHOICES = (0.5, 0.4, 0.6)
"""The first of each is the default, which stays where none is better."""
SMALLEST_SHARE = 0.25
"""Of the smallest true object's area, below which a predicted one is left out."""


def default_settings(labels: Labels) -> dict[str, float]:
    """Settings before tuning; with a threshold where two classes are told apart."""
    threshold = {THRESHOLD: THRESHOLD_CHOICES[0]} if labels.is_binary else {}
    peaks = {CENTRE: CENTRE_CHOICES[0], SMOOTHING: SMOOTHING_CHOICES[0]}
    return {**peaks, **threshold, SMALLEST: 1.0, **default_weights()}


def tune(pairs: Iterable[tuple[FieldValues, Label]], labels: Labels) -> dict[str, float]:
    """The settings of the best mean PQ over images, then weights of scores for objects that these settings give.

    Smoothing and height of peaks are tried together, the threshold of two classes beside them with their defaults.
    """
    default = default_settings(labels)
    peaks = [{CENTRE: c, SMOOTHING: s} for s, c in product(SMOOTHING_CHOICES, CENTRE_CHOICES)]
    others = [{THRESHOLD: one} for one in THRESHOLD_CHOICES[1:]] if labels.is_binary else []
    choices = [{**default, **changed} for changed in (*peaks, *others)]
    qualities, features, overlaps = [], [], []
    least = np.inf
    for values, label in pairs:
        decoded = [decode(values, choice, labels) for choice in choices]
        rows = [count_row(result, label, labels) for result in decoded]
        qualities.append(row_ratios(rows, labels)["pq"].by_image())
        features.append([result.features for result in decoded])
        overlaps.append([best_overlaps(row.objects) for row in rows])
        least = min(least, _smallest(label))
    if not qualities:
        return default
    known = np.array(qualities)
    known = known[~np.isnan(known).any(axis=1)]
    mean = known.mean(axis=0) if len(known) else np.zeros(len(choices))
    best, other = int(mean[: len(peaks)].argmax()), int(np.append(mean[0], mean[len(peaks) :]).argmax())
    threshold = {THRESHOLD: THRESHOLD_CHOICES[other]} if labels.is_binary else {}
    weights = learn_weights(
        joined([of[best] for of in features], 3), np.concatenate([of[best] for of in overlaps])
    )
    smallest = max(1.0, float(np.floor(least * SMALLEST_SHARE))) if np.isfinite(least) else 1.0
    return {**choices[best], **threshold, SMALLEST: smallest, **weights}


def _smallest(label: Label) -> float:
    """Pixels of the smallest true object; inf where there is none."""
    areas = np.unique(label.maps[INSTANCES][label.maps[INSTANCES] > 0], return_counts=True)[1]
    return float(areas.min()) if len(areas) else np.inf

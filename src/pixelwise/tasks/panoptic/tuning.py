"""Decision settings, chosen on validation images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.tasks.base import FieldValues
from pixelwise.tasks.panoptic.decoding import CENTRE, SMALLEST, SMOOTHING, THRESHOLD, decode
from pixelwise.tasks.panoptic.rows import PanopticRow, count_row, row_ratios
from pixelwise.tasks.panoptic.scores import best_overlaps, default_weights, joined, learn_weights
from pixelwise.types import INSTANCES, Label

CENTRE_CHOICES = (0.1, 0.05, 0.2, 0.4)
SMOOTHING_CHOICES = (2.0, 1.0, 0.5, 4.0, 8.0)
THRESHOLD_CHOICES = (0.5, 0.4, 0.6)
"""The first of each is the default, which stays where none is better."""
SMALLEST_SHARES = (0.25, 0.5, 0.75)
"""Of the smallest true object's area, below which a predicted one is left out; the first where none is better."""


def default_settings(labels: Labels) -> dict[str, float]:
    """Settings before tuning; with a threshold where two classes are told apart."""
    threshold = {THRESHOLD: THRESHOLD_CHOICES[0]} if labels.is_binary else {}
    peaks = {CENTRE: CENTRE_CHOICES[0], SMOOTHING: SMOOTHING_CHOICES[0]}
    return {**peaks, **threshold, SMALLEST: 1.0, **default_weights()}


def tune(pairs: Iterable[tuple[FieldValues, Label]], labels: Labels) -> dict[str, float]:
    """The settings of the best mean PQ over images, then weights of scores for objects that these settings give.

    Smoothing and height of peaks are tried together, the threshold of two classes beside them with their defaults, and
    with the best the size under which objects are left out.
    """
    default = default_settings(labels)
    peaks = [{CENTRE: c, SMOOTHING: s} for s, c in product(SMOOTHING_CHOICES, CENTRE_CHOICES)]
    others = [{THRESHOLD: one} for one in THRESHOLD_CHOICES[1:]] if labels.is_binary else []
    choices = [{**default, **changed} for changed in (*peaks, *others)]
    counted, features = [], []
    least = np.inf
    for values, label in pairs:
        decoded = [decode(values, choice, labels) for choice in choices]
        counted.append([count_row(result, label, labels) for result in decoded])
        features.append([result.features for result in decoded])
        least = min(least, _smallest(label))
    if not counted:
        return default
    mean = _mean_quality(counted, labels)
    best, other = int(mean[: len(peaks)].argmax()), int(np.append(mean[0], mean[len(peaks) :]).argmax())
    threshold = {THRESHOLD: THRESHOLD_CHOICES[other]} if labels.is_binary else {}
    weights = learn_weights(
        joined([of[best] for of in features], 3),
        np.concatenate([best_overlaps(rows[best].objects) for rows in counted]),
    )
    smallest = _least_area([rows[best] for rows in counted], least, labels)
    return {**choices[best], **threshold, SMALLEST: smallest, **weights}


def _mean_quality(counted: Sequence[Sequence[PanopticRow]], labels: Labels) -> NDArray[np.float64]:
    """Mean PQ over images, by choice, of rows of each image by choice; images without a PQ of all are left out."""
    qualities = np.array([row_ratios(rows, labels)["pq"].by_image() for rows in counted])
    known = qualities[~np.isnan(qualities).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.zeros(qualities.shape[1])


def _least_area(rows: Sequence[PanopticRow], least: float, labels: Labels) -> float:
    """Pixels under which objects are best left out, where the smallest true one has ``least``; at least 1."""
    if not np.isfinite(least):
        return 1.0
    areas = [max(1.0, float(np.floor(least * share))) for share in SMALLEST_SHARES]
    counted = [[replace(row, objects=row.objects.no_smaller(area)) for area in areas] for row in rows]
    return areas[int(_mean_quality(counted, labels).argmax())]


def _smallest(label: Label) -> float:
    """Pixels of the smallest true object; inf where there is none."""
    areas = np.unique(label.maps[INSTANCES][label.maps[INSTANCES] > 0], return_counts=True)[1]
    return float(areas.min()) if len(areas) else np.inf

"""From the fields of one image to its objects and stuff."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.tasks.base import FieldValues
from pixelwise.tasks.panoptic.grouping import group
from pixelwise.tasks.panoptic.result import FEATURES, PanopticResult
from pixelwise.tasks.panoptic.scores import object_scores
from pixelwise.tasks.panoptic.targets import UNIT
from pixelwise.types import CLASSES, Probs, Settings

CENTRES, OFFSETS = "centres", "offsets"
CENTRE, SMOOTHING, THRESHOLD, SMALLEST = "centre", "smoothing", "threshold", "smallest"
"""Settings: height of a peak that is a centre, pixels by which the heat map is blurred before, probability of a thing
where two classes are told apart, and pixels of an object."""


def decode(values: FieldValues, settings: Settings, labels: Labels) -> PanopticResult:
    """Group the pixels of things, give each object its class and score, and leave out what is too small."""
    probs = values[CLASSES]
    classes = _class_map(probs, settings)
    is_thing = np.isin(classes, labels.things)
    offsets = values[OFFSETS] * np.float32(UNIT)
    grouped = group(is_thing, values[CENTRES][0], offsets, settings[CENTRE], settings[SMOOTHING])
    objects = grouped.instance_map
    count = len(grouped.peaks) + 1
    flat = objects.reshape(-1).astype(np.int64)
    votes = np.bincount(flat * 256 + classes.reshape(-1), minlength=count * 256).reshape(count, 256)
    area = votes.sum(axis=1)
    of_object = votes.argmax(axis=1)
    of_object[0] = labels.background or 0
    sure = np.bincount(flat, weights=_of_class(probs, of_object[objects]).reshape(-1), minlength=count)
    features = np.stack([grouped.peaks, sure[1:] / np.maximum(area[1:], 1), grouped.spreads], axis=1)
    others = [i for i in range(labels.num_classes) if i not in labels.things]
    kept = (area >= settings[SMALLEST]) | (not others)
    kept[0] = False
    classes = np.where(kept[objects], of_object[objects], classes).astype(np.uint8)
    lost = is_thing & ~kept[objects]
    if lost.any():
        classes[lost] = _best_of(probs, lost, others)
    number = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    features = features[kept[1:]].reshape(-1, len(FEATURES))
    scores = object_scores(features, settings)
    return PanopticResult(classes, number[objects], of_object[kept].astype(np.int64), scores, features)


def _class_map(probs: Probs, settings: Settings) -> NDArray[np.uint8]:
    chosen = probs[0] >= settings[THRESHOLD] if len(probs) == 1 else probs.argmax(axis=0)
    return np.asarray(chosen, np.uint8)


def _of_class(probs: Probs, classes: NDArray[np.int64]) -> Probs:
    """(H, W) probability of the class asked for at each pixel (H, W)."""
    if len(probs) == 1:
        return np.asarray(np.where(classes == 1, probs[0], 1 - probs[0]), np.float32)
    return np.asarray(np.take_along_axis(probs, classes[None], axis=0)[0], np.float32)


def _best_of(probs: Probs, where: NDArray[np.bool_], classes: list[int]) -> NDArray[np.uint8]:
    """The likeliest of some classes at some pixels."""
    if len(probs) == 1:
        return np.zeros(int(where.sum()), np.uint8)
    return np.asarray(np.array(classes)[probs[classes][:, where].argmax(axis=0)], np.uint8)

"""What sort of mask a sample has, so that splits can be drawn in which every sort has its share."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pixelwise.checks.subject import Subject
from pixelwise.checks.values import class_pixels
from pixelwise.types import IGNORE_INDEX

SIZES = ("small", "medium", "large")


def kinds_of_masks(subject: Subject) -> dict[str, str]:
    """By sample name: with two classes the third that the object's share of the image is in, else its rarest class."""
    pixels = {
        one.sample.name: class_pixels(subject, content)
        for one, _, content in subject.masks
        if content.look == "clean"
    }
    for found in pixels.values():
        found.pop(IGNORE_INDEX, None)
    pixels = {name: found for name, found in pixels.items() if found}
    if not pixels:
        return {}
    if not subject.is_binary:
        total = sum((Counter(found) for found in pixels.values()), Counter[int]())
        return {name: str(min(found, key=lambda i: (total[i], i))) for name, found in pixels.items()}
    shares = {name: found.get(1, 0) / sum(found.values()) for name, found in pixels.items()}
    limits = np.quantile(list(shares.values()), [1 / 3, 2 / 3])
    return {name: SIZES[int(np.searchsorted(limits, share))] for name, share in shares.items()}

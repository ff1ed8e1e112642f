"""Pictures that show nothing, and objects of unusual size or on the wrong side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.checks.examine import Examined
from pixelwise.checks.finding import Found
from pixelwise.checks.maskfacts import MaskContent
from pixelwise.checks.subject import Subject

FLAT = 2.0
"""Grey levels of deviation below which an image shows nothing."""
DARK, BRIGHT = 12.0, 243.0
"""Mean grey levels beyond which nothing can be seen, whatever the others are."""
FEWEST = 10
"""Below so many images nothing is called unusual."""


def find(subject: Subject) -> Iterator[Found]:
    """Unusual images and masks, compared with the others."""
    yield from _flat_and_exposure(subject)
    yield from _repeated(subject)
    if subject.is_binary:
        yield from _inverted(subject)
        yield from _areas(subject)


def _flat_and_exposure(subject: Subject) -> Iterator[Found]:
    images = [one.image for one in subject.examined if one.image.file.fault is None]
    means = np.array([image.mean for image in images])
    for image in images:
        if image.spread < FLAT:
            yield "image-flat", subject.place(image.file.path)
        elif not DARK < image.mean < BRIGHT or (
            len(images) >= FEWEST and abs(image.mean - np.median(means)) > _far(means, 5.0, 40.0)
        ):
            detail = f"Its brightness is {image.mean:.0f}, usual is {np.median(means):.0f} of 255."
            yield "image-exposure", subject.place(image.file.path, detail=detail)


def _repeated(subject: Subject) -> Iterator[Found]:
    """The very same mask, not of a single value, at images that differ."""
    by_mask: dict[str, dict[str, Path]] = defaultdict(dict)
    for one, mask, content in subject.masks:
        if len(content.counts) > 1:
            by_mask[content.digest][one.sample.name] = mask.file.path
    for same in by_mask.values():
        # Near-duplicates have one mask by right.
        if len(same) > 1 and not any(set(same) <= alike for alike in subject.together):
            yield "mask-repeated", subject.place(*same.values())


def _inverted(subject: Subject) -> Iterator[Found]:
    """Masks whose rim is object where the others' is background, and whose brightness tells the same."""
    known = [(one, mask, content) for one, mask, content in subject.pairs if content.look == "clean"]
    if not known:
        return
    rims = np.array([_share_of_object(subject, content.border) for _, _, content in known])
    contrasts = np.array([contrast(subject, one, content) for one, _, content in known])
    usual = np.sign(np.nanmedian(contrasts)) if np.isfinite(contrasts).any() else 0.0
    steady = usual != 0 and np.nanmean(np.sign(contrasts) == usual) > 0.8
    everywhere = np.median(rims) > 0.95
    for (_, mask, content), rim, side in zip(known, rims, contrasts, strict=True):
        if not 0 < _share_of_object(subject, content.counts) < 1:
            continue
        against = side * usual < 0 if steady else True
        if everywhere or (rim > 0.8 and np.median(rims) < 0.4 and against):
            yield "mask-inverted", subject.place(mask.file.path)


def contrast(subject: Subject, one: Examined, content: MaskContent) -> float:
    """Mean brightness in the object less that outside, 0–255; NaN where one of them is not there."""
    grey = one.image.grey
    inside = object_map(subject, content)
    if inside.shape != grey.shape or inside.all() or not inside.any():
        return float("nan")
    return float(grey[inside].mean() - grey[~inside].mean())


def object_map(subject: Subject, content: MaskContent) -> NDArray[np.bool_]:
    """(h, w) bool: where the small mask, one of two classes, holds the object."""
    return np.isin(content.small, subject.objects.get(1, []))


def _areas(subject: Subject) -> Iterator[Found]:
    known = [
        (mask.file.path, _share_of_object(subject, content.counts))
        for _, mask, content in subject.masks
        if content.look == "clean"
    ]
    sized = [(path, share) for path, share in known if 0 < share < 1]
    if len(sized) < FEWEST:
        return
    odds = np.log([share / (1 - share) for _, share in sized])
    for (path, share), odd in zip(sized, odds, strict=True):
        if abs(odd - np.median(odds)) > _far(odds, 4.0, 1.5):
            usual = 1 / (1 + np.exp(-np.median(odds)))
            yield "mask-area", subject.place(path, detail=f"{share:.1%} of the image; usual is {usual:.0%}.")


def _share_of_object(subject: Subject, counts: Mapping[int, int]) -> float:
    inside = sum(n for value, n in counts.items() if subject.coding.ids.get(value, 0) == 1)
    return inside / max(1, sum(counts.values()))


def _far(values: NDArray[np.floating[Any]], times: float, least: float) -> float:
    """How far from the median is unusual: so many times the median deviation, at least ``least``."""
    spread = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    return max(times * spread, least)

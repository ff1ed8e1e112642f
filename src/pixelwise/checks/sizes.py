"""Masks that are not of their image's size, and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pixelwise.checks.examine import Examined, MaskFacts
from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Subject
from pixelwise.types import Size

FAR = 3.0
"""Times that the area, or the aspect, of an image is from the median's to be far from it."""

_MOST_SCALED = 16.0  # times, in or out: of a picture smaller than that nothing is left
_MOST_SLACK = 0.1  # of the aspect, where a pixel is a large part of the smaller picture


def find(subject: Subject) -> Iterator[Found]:
    """Sizes that differ between image and mask, and images of unusual size."""
    for one, mask, content in subject.masks:
        image = one.image.file
        if image.fault is None and image.size != content.size:
            kind = difference(one, mask, content.size)
            detail = f"The image is {_text(image.size)}, the mask {_text(content.size)}."
            yield kind, subject.place(image.path, mask.file.path, detail=detail)
    yield from _outliers(subject)


def difference(one: Examined, mask: MaskFacts, size: Size) -> str:
    """The kind of finding for a mask of ``size`` that is not its image's."""
    image = one.image.file
    if size == image.stored and image.orientation != 1 and mask.file.orientation == 1:
        return "size-exif"
    if size == image.size[::-1]:
        return "size-transposed"
    factors = [side / other for side, other in zip(size, image.size, strict=True)]
    # A mask scaled to whole pixels is off by up to half a pixel of the smaller one.
    slack = min(_MOST_SLACK, 1.0 / min(*size, *image.size))
    is_near = 1 / _MOST_SCALED < factors[0] < _MOST_SCALED
    scaled = is_near and abs(factors[0] / factors[1] - 1) <= slack and abs(factors[0] - 1) > 0.05
    return "size-factor" if scaled else "size-differs"


def _outliers(subject: Subject) -> Iterator[Found]:
    files = [one.image.file for one in subject.examined if one.image.file.fault is None]
    if len(files) < 10:
        return
    areas = np.log([facts.size[0] * facts.size[1] for facts in files])
    aspects = np.log([facts.size[1] / facts.size[0] for facts in files])
    for facts, area, aspect in zip(files, areas, aspects, strict=True):
        # Portrait among landscape is common: only the elongation counts.
        stretched = abs(abs(aspect) - np.median(np.abs(aspects))) > np.log(FAR) / 2
        if abs(area - np.median(areas)) > np.log(FAR) * 2 or stretched:
            yield "size-outlier", subject.place(facts.path, detail=f"{_text(facts.size)} pixels.")


def _text(size: Size) -> str:
    return f"{size[1]} × {size[0]}"

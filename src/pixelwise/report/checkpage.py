"""The page of a check: every finding with pictures of some of its places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.checks import MOST_RANKED, RANKED, Finding, Place, Subject
from pixelwise.checks.examine import Examined, mask_thumbnail, thumbnail
from pixelwise.checks.maskfacts import MaskContent, rgb
from pixelwise.checks.objects import where
from pixelwise.data.masks import MaskCoding, Stored
from pixelwise.errors import DataError, one_line
from pixelwise.report.templates import jpeg, template
from pixelwise.tasks.drawing import PALETTE
from pixelwise.types import INSTANCES, Image, LabelMap

MOST_PICTURES = 6
"""Places of a finding that are shown; the others are listed."""
MOST_LISTED = 500
HEIGHT = 220
"""Pixels of an image or mask."""
GAP = 6
MOST_EDGE = 0.25
"""Share of an image that outlines may cover: those of a photograph taken for a mask would hide it."""
OUTLINE = np.array([255, 210, 31], np.uint8)
PREDICTED = np.array([0, 229, 255], np.uint8)


@dataclass(frozen=True)
class _Picture:
    place: Place
    jpeg: str
    width: int
    height: int
    alt: str


def write_check(
    path: Path,
    title: str,
    summary: str,
    description: str,
    subject: Subject,
    findings: Sequence[Finding],
    predictions: Mapping[str, LabelMap] = MappingProxyType({}),
) -> None:
    """Write the page, whole or not at all.

    Args:
        title: the data set.
        summary: a sentence that says how many findings there are.
        description: what was looked at.
        predictions: (H, W) class ids to outline beside the label's, at places of ``RANKED`` kinds, by file.
    """
    by_name = _by_file(subject)

    def predicted(finding: Finding, place: Place) -> LabelMap | None:
        return predictions.get(place.files[0]) if finding.kind in RANKED else None

    pictures = {
        finding.kind: [
            picture
            for place in finding.places[: MOST_RANKED if finding.kind in RANKED else MOST_PICTURES]
            if (picture := _picture(place, by_name, subject, predicted(finding, place))) is not None
        ]
        for finding in findings
    }
    # Places without a picture come after those with one, so that the page lists each once.
    shown = [
        finding.model_copy(update={"places": _pictured_first(finding.places, pictures[finding.kind])})
        for finding in findings
    ]
    page = template("check.html.jinja").render(
        title=title,
        summary=summary,
        description=description,
        findings=shown,
        pictures=pictures,
        most=MOST_LISTED,
        ranked=RANKED if predictions else (),
        objects=subject.dataset.source is not None,
        version=__version__,
    )
    files.write_text(path, page)


def _pictured_first(places: tuple[Place, ...], pictures: Sequence[_Picture]) -> tuple[Place, ...]:
    shown = [picture.place for picture in pictures]
    return (*shown, *(place for place in places if place not in shown))


def _by_file(subject: Subject) -> dict[str, Examined]:
    found = {}
    for one in subject.examined:
        found[subject.name(one.sample.image)] = found[subject.name(where(one.sample))] = one
        if one.mask is not None:
            found[subject.name(one.mask.file.path)] = one
    return found


def _picture(
    place: Place, by_name: Mapping[str, Examined], subject: Subject, predicted: LabelMap | None
) -> _Picture | None:
    """The samples of a place, one below the other, each with its mask beside it; None where nothing can be shown."""
    samples = {id(by_name[name]): by_name[name] for name in place.files[:2] if name in by_name}
    rows = [
        row
        for one in samples.values()
        if (row := _row(_panels(one, subject.coding, predicted) + _objects(one, subject))) is not None
    ]
    if not rows:
        return None
    width = max(row.shape[1] for row in rows)
    gap = np.full((GAP, width, 3), 255, np.uint8)
    filled = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    joined = np.concatenate([part for row in filled for part in (row, gap)][:-1], axis=0)
    names = " and ".join(one_line(one.sample.name) for one in samples.values())
    return _Picture(place, jpeg(joined, 900), width, joined.shape[0], f"{names}, image and mask")


def _row(panels: Sequence[Image]) -> Image | None:
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    return np.concatenate([part for one in panels for part in (one, gap)][:-1], axis=1) if panels else None


def _panels(one: Examined, coding: MaskCoding, predicted: LabelMap | None) -> list[Image]:
    panels = []
    content = None if one.mask is None else one.mask.content
    stored = None if one.mask is None or content is None else mask_thumbnail(one.mask.file.path, coding)
    if one.image.file.fault is None:
        image = _scaled(thumbnail(one.sample.image), PIL.Image.Resampling.BICUBIC)
        if content is not None and stored is not None:
            image = _outlined(image, _meant(stored, content), OUTLINE, thick=predicted is not None)
        if predicted is not None:
            image = _outlined(image, predicted, PREDICTED, thick=True)
        panels.append(image)
    if content is not None and stored is not None:
        panels.append(_scaled(_visible(stored, content), PIL.Image.Resampling.NEAREST))
    return panels


def _objects(one: Examined, subject: Subject) -> list[Image]:
    """The image with the outlines of its objects, each in a colour; nothing where there are none that can be read."""
    if subject.dataset.source is None or one.sample.name not in subject.told_apart:
        return []
    try:
        numbers = subject.dataset.read(one.sample)[1].maps.get(INSTANCES)
    except DataError:  # which is what the finding says
        return []
    if numbers is None:
        return []
    image = _scaled(thumbnail(one.sample.image), PIL.Image.Resampling.BICUBIC)
    rows, columns = (
        ((np.arange(side) + 0.5) * other / side).astype(int)
        for side, other in zip(image.shape[:2], numbers.shape, strict=True)
    )
    fitted = numbers[np.ix_(rows, columns)]
    colours = PALETTE[(fitted - 1) % len(PALETTE)]
    blended = np.where(fitted[..., None] > 0, image // 3 + colours // 3 * 2, image).astype(np.uint8)
    return [_outlined(blended, fitted.astype(np.uint32), OUTLINE, thick=False)]


def _meant(stored: Stored, content: MaskContent) -> Stored:
    """The mask with shades between two values taken for the nearer one, so that it has an outline."""
    if content.coloured or content.look not in {"smoothed", "soft", "jpeg"}:
        return stored
    return (stored > np.mean(content.chosen)).astype(np.uint8)


def _scaled(values: NDArray[np.uint8], how: PIL.Image.Resampling) -> Image:
    """In RGB at the height of all pictures; what is very wide is squeezed."""
    width = max(1, min(3 * HEIGHT, round(values.shape[1] * HEIGHT / values.shape[0])))
    return np.asarray(PIL.Image.fromarray(values).convert("RGB").resize((width, HEIGHT), how))


def _outlined(image: Image, mask: Stored, colour: NDArray[np.uint8], *, thick: bool) -> Image:
    """The image with a line of one pixel, or two, where the mask's values meet; without, where they do everywhere."""
    rows, columns = (
        ((np.arange(side) + 0.5) * other / side).astype(int)
        for side, other in zip(image.shape[:2], mask.shape, strict=True)
    )
    fitted = mask[np.ix_(rows, columns)]
    edge = np.zeros(fitted.shape, bool)
    edge[1:] |= fitted[1:] != fitted[:-1]
    edge[:, 1:] |= fitted[:, 1:] != fitted[:, :-1]
    if edge.mean() > MOST_EDGE:
        return image
    if thick:
        edge[:-1] |= edge[1:].copy()
        edge[:, :-1] |= edge[:, 1:].copy()
    drawn = image.copy()
    drawn[edge] = colour
    return drawn


def _visible(mask: Stored, content: MaskContent) -> NDArray[np.uint8]:
    """Colours as they are, grey levels spread over black to white."""
    if content.coloured:
        return rgb(mask.astype(np.int64)).astype(np.uint8)
    _, ranks = np.unique(mask, return_inverse=True)
    ranks = ranks.reshape(mask.shape)
    levels: NDArray[np.uint8] = (ranks * (255 / max(1, int(ranks.max())))).astype(np.uint8)
    return levels

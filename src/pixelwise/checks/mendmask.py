"""A mask as it should have been saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.checks.examine import Examined
from pixelwise.checks.fitting import TURNS, best_turn
from pixelwise.checks.maskfacts import NEAR, NEAR_COLOUR, MaskContent, nearest_colours, off_mixtures, small_of
from pixelwise.checks.subject import Subject
from pixelwise.data.masks import Stored, stored_in
from pixelwise.data.pictures import opened, raw_mode, turned
from pixelwise.errors import DataError
from pixelwise.types import LabelMap


def mended_mask(subject: Subject, one: Examined, kinds: Sequence[str]) -> tuple[LabelMap, list[str]]:
    """Class ids (H, W) uint8 of a sample's mask with these kinds of fault mended, and what was done, in words.

    Raises:
        DataError: it cannot be told what the mask should hold.
    """
    assert one.mask is not None
    assert one.mask.content is not None
    ids, done = _ids(subject, one.mask.file.path, one.mask.content)
    for kind, step in _STEPS.items():
        if kind in kinds:
            ids, words = step(one, ids)
            done.append(words)
    return ids, done


def _ids(subject: Subject, path: Path, content: MaskContent) -> tuple[LabelMap, list[str]]:
    coding = subject.coding
    stored = _read(path, coloured=coding.coloured)
    if content.look == "clean":
        return coding.decode(stored, path), []
    chosen = np.array(content.chosen)
    known = np.array([value for value in coding.ids if not (coding.either and value == 1)])
    if coding.coloured:
        if nearest_colours(chosen, known)[0].max() > NEAR_COLOUR:
            raise DataError(f"{path} holds shades of colours that the legend does not name.")
        values, places = np.unique(stored, return_inverse=True)
        apart, colours = nearest_colours(values.astype(np.int64), known)
        far = values[apart > NEAR_COLOUR].astype(np.int64)
        foreign = far[off_mixtures(far, known) > NEAR_COLOUR]
        if foreign.size:
            raise DataError(f"{path} holds #{foreign[0]:06x}, no shade of a colour that the legend names.")
        ids = coding.decode(colours.astype(np.uint32)[places].reshape(stored.shape), path)
        return ids, ["shades taken for the nearest colour of the legend"]
    if content.coloured:
        raise DataError(f"{path} holds shades of colours that no legend names.")
    ends = known[np.abs(chosen[:, None] - known).argmin(axis=1)]
    low, high = (coding.ids[int(value)] for value in ends)
    if len(known) > 2 or np.abs(chosen - ends).max() > NEAR or low == high:
        raise DataError(f"{path} holds shades, and it is not clear of which classes.")
    ids = np.where(stored > chosen.mean(), np.uint8(high), np.uint8(low))
    return ids, [f"cut at half between {chosen[0]} and {chosen[1]}"]


def _read(path: Path, *, coloured: bool) -> Stored:
    with opened(path, load=False) as picture:
        raw = raw_mode(picture)
        picture.load()
        return stored_in(picture, raw, coloured=coloured)[0]


def _turned_as_image(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    return np.asarray(turned(PIL.Image.fromarray(ids), one.image.file.orientation)), "turned as the image is"


def _scaled(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    height, width = one.image.file.size
    scaled = PIL.Image.fromarray(ids).resize((width, height), PIL.Image.Resampling.NEAREST)
    return np.asarray(scaled), f"scaled to {width} × {height}"


def _turned_to_fit(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    name = best_turn(one.image.grey, small_of(ids).astype(np.uint8))
    if name is None:
        raise DataError(f"{one.sample.image} does not tell which way its mask is turned.")
    return np.ascontiguousarray(TURNS[name](ids)), name


def _inverted(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    return np.where(ids <= 1, 1 - ids, ids).astype(np.uint8), "inverted"


_STEPS: dict[str, Callable[[Examined, LabelMap], tuple[LabelMap, str]]] = {
    "size-exif": _turned_as_image,
    "size-factor": _scaled,
    "size-transposed": _turned_to_fit,
    "mask-turned": _turned_to_fit,
    "mask-inverted": _inverted,
}
"""In the order in which they are done."""

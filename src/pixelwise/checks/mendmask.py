"""A mask as it should have been saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.checks.examine import Examined
from pixelwise.checks.fitting import TURNS, best_turn
from pixelwise.checks.maskfacts import MaskContent, rgb, small_of
from pixelwise.checks.subject import Subject
from pixelwise.data.masks import Stored, stored_in
from pixelwise.data.pictures import opened, raw_mode, turned
from pixelwise.types import LabelMap


def mended_mask(subject: Subject, one: Examined, kinds: Sequence[str]) -> tuple[LabelMap, list[str]]:
    """Class ids (H, W) uint8 of a sample's mask with these kinds of fault mended, and what was done, in words.

    Raises:
        DataError: values that stand for no class.
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
    stored = _read(path)
    chosen = np.array(content.chosen)
    if content.look in {"smoothed", "soft", "jpeg"} and not content.coloured:
        high = stored > chosen.mean()
        if subject.is_binary:
            return high.astype(np.uint8), [f"cut at half between {chosen[0]} and {chosen[1]}"]
        stored = np.where(high, chosen[1], chosen[0]).astype(stored.dtype)
        return subject.coding.decode(stored, path), ["cut at half"]
    if content.coloured and content.look != "clean":
        stored = _nearest(stored, chosen)
        return subject.coding.decode(stored, path), [f"shades taken for the nearest of {len(chosen)} colours"]
    return subject.coding.decode(stored, path), []


def _read(path: Path) -> Stored:
    with opened(path, load=False) as picture:
        raw = raw_mode(picture)
        picture.load()
        return stored_in(picture, raw)[0]


def _nearest(stored: Stored, chosen: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Stored:
    values, places = np.unique(stored, return_inverse=True)
    apart = np.linalg.norm(rgb(values.astype(np.int64))[:, None] - rgb(chosen)[None], axis=2)
    nearest: Stored = chosen[apart.argmin(axis=1)].astype(stored.dtype)[places].reshape(stored.shape)
    return nearest


def _turned_as_image(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    return np.asarray(turned(PIL.Image.fromarray(ids), one.image.file.orientation)), "turned as the image is"


def _scaled(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    height, width = one.image.file.size
    scaled = PIL.Image.fromarray(ids).resize((width, height), PIL.Image.Resampling.NEAREST)
    return np.asarray(scaled), f"scaled to {width} × {height}"


def _turned_to_fit(one: Examined, ids: LabelMap) -> tuple[LabelMap, str]:
    name = best_turn(one.image.grey, small_of(ids).astype(np.uint8))
    return (ids, "left as it is") if name is None else (np.ascontiguousarray(TURNS[name](ids)), name)


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

"""Reading mask files: the values that they store, and what those stand for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageFile
from numpy.typing import NDArray

from pixelwise.data.pictures import laid_on, opened, raw_mode, room_for, upright
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, LabelMap

Stored = NDArray[np.unsignedinteger[Any]]
"""(H, W) values as a mask file stores them: grey levels, palette indices, or 0xRRGGBB where read in colour."""


_PLAIN = "name its colours in a file given with --legend, or save it with one value per class"
"""What to do about a mask in colours."""


@dataclass(frozen=True)
class MaskCoding:
    """What the values in mask files stand for.

    Attributes:
        ids: class id, or ``IGNORE_INDEX``, by stored value; by 0xRRGGBB where ``coloured``.
        coloured: masks are read in colour; else a coloured mask is refused.
        either: a file uses 1 or 255 for the same class but never both: together they are something else.
    """

    ids: Mapping[int, int]
    coloured: bool = False
    either: bool = False

    @classmethod
    def of(cls, labels: Labels) -> MaskCoding:
        """The plain coding: for two classes 0 and 1 or 0 and 255, else class ids with ``IGNORE_INDEX``."""
        if labels.is_binary:
            return cls(MappingProxyType({0: 0, 1: 1, 255: 1}), either=True)
        ids = {i: i for i in range(labels.num_classes)}
        return cls(MappingProxyType({**ids, IGNORE_INDEX: IGNORE_INDEX}))

    def ignoring(self, value: int) -> MaskCoding:
        """The same coding, but what is stored as ``value`` is not labelled."""
        return replace(self, ids=MappingProxyType({**self.ids, value: IGNORE_INDEX}))

    def decode(self, stored: Stored, path: Path) -> LabelMap:
        """Class ids (H, W) uint8; :class:`DataError` names ``path`` and the values that mean nothing."""
        present = [int(value) for value in values_in(stored)]
        marked = {0} | {value for value in present if self.ids.get(value) != IGNORE_INDEX}
        if self.either and stored.dtype != np.uint8 and len(marked) > 2:
            raise DataError(
                f"{path} holds {len(present)} values ({self._listed(present)}), as masks do that number objects: to "
                "tell these apart, give --task instance; to make one class of them, --legend with a CSV: name,value "
                "and background,0 and object,1-65535."
            )
        if self.either and not marked <= {0, 1} and not marked <= {0, 255}:
            raise DataError(
                f"{path} holds {len(present)} values ({self._listed(present)}) where a mask holds two, 0 and 255: "
                "save it without smoothing or JPEG compression."
            )
        unknown = [value for value in present if value not in self.ids]
        if unknown:
            raise DataError(
                f"{path} holds values that stand for no class ({self._listed(unknown)}); "
                f"known are {self._listed(sorted(self.ids))}."
            )
        if stored.dtype == np.uint8:
            table = np.zeros(256, np.uint8)
            for value in present:
                table[value] = self.ids[value]
            return table[stored]
        ids = np.array([self.ids[value] for value in present], np.uint8)
        return ids[np.searchsorted(np.array(present, stored.dtype), stored)]

    def identity(self) -> str:
        """A digest of all of it."""
        plain = {"ids": sorted(self.ids.items()), "coloured": self.coloured, "either": self.either}
        return hashlib.blake2b(json.dumps(plain).encode(), digest_size=20).hexdigest()

    def _listed(self, values: list[int]) -> str:
        shown = ", ".join(f"#{value:06x}" if self.coloured else str(value) for value in values[:6])
        return shown + (", …" if len(values) > 6 else "")


def read_mask(path: Path, coding: MaskCoding) -> LabelMap:
    """Read a mask as class ids: (H, W) uint8, ``IGNORE_INDEX`` where not labelled.

    Raises:
        DataError: unreadable, coloured where it should not be, or holding values that stand for nothing.
    """
    return coding.decode(read_stored(path, coloured=coding.coloured), path)


def read_stored(path: Path, *, coloured: bool = False, plain: str = _PLAIN) -> Stored:
    """The values of a mask file as they are stored; palette masks give their indices.

    Two things are taken as they are seen instead: a palette of white and black in this order, which programs that
    reduce colours like to write, gives 1 and 0; and what is transparent is 0.

    Args:
        coloured: give colours as 0xRRGGBB, uint32; else a mask in true colours is refused.
        plain: what to do about such a one.

    Raises:
        DataError: unreadable, or in colours.
    """
    with opened(path, load=False) as picture, room_for(picture.size):
        raw = raw_mode(picture)
        if is_deep_colour(picture):
            told = "save it with one number per class" if plain == _PLAIN else plain
            raise DataError(f"{path} holds more than 8 bits a channel; {told}.")
        picture.load()
        stored, has_hues = stored_in(picture, raw, coloured=coloured)
    if has_hues and not coloured:
        raise DataError(f"{path} is a coloured mask; {plain}.")
    return stored


def stored_values(path: Path) -> list[int]:
    """The values that a mask file holds, in order; raises as :func:`read_stored`."""
    values: list[int] = values_in(read_stored(path)).tolist()
    return values


def stored_in(picture: PIL.Image.Image, raw: str, *, coloured: bool = False) -> tuple[Stored, bool]:
    """The values of a decoded mask, upright, and whether they are colours, as 0xRRGGBB.

    Args:
        raw: the file's :func:`~pixelwise.data.pictures.raw_mode`.
        coloured: give colours whatever the file stores: grey levels and palettes too.
    """
    if coloured:
        return _colours(picture), True
    turned = upright(picture)
    if turned.mode in {"1", "L", "P"} or turned.mode.startswith("I"):
        return _indices(turned, raw), False
    colours = _colours(picture)
    grey = (colours & 255).astype(np.uint8)
    if (colours == grey * np.uint32(0x010101)).all():
        return grey, False
    return colours, True


def is_deep_colour(picture: PIL.ImageFile.ImageFile) -> bool:
    """Whether Pillow would reduce a file's colours to 8 bits, or they are fractions; asked before decoding."""
    return picture.mode == "F" or (";16" in raw_mode(picture) and not picture.mode.startswith("I"))


def _colours(picture: PIL.Image.Image) -> NDArray[np.uint32]:
    channels = np.asarray(laid_on("black", upright(picture)).convert("RGB"))
    colours: NDArray[np.uint32] = channels[..., 0].astype(np.uint32)
    for channel in (1, 2):  # in place: pictures may be large
        colours <<= np.uint32(8)
        colours |= channels[..., channel]
    return colours


def values_in(stored: Stored) -> Stored:
    """The values that occur, in order."""
    if stored.dtype == np.uint8:  # faster than sorting
        return np.flatnonzero(histogram(stored)).astype(np.uint8)
    return np.unique(stored)


_FEW_PIXELS = 1 << 15
"""Of fewer the numbers of pairs take longer to add up than to count."""


def histogram(stored: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(256,) pixels of each value."""
    flat = np.ascontiguousarray(stored).ravel()
    if flat.size < _FEW_PIXELS:
        return np.bincount(flat, minlength=256).astype(np.int64)
    counts = np.bincount(flat[flat.size // 2 * 2 :], minlength=256).astype(np.int64)
    # Two neighbours are counted as one number: twice as fast, and counting makes eight bytes of all that it is given.
    pairs = flat[: flat.size // 2 * 2].view(np.uint16)
    for start in range(0, pairs.size, 1 << 20):
        both = np.bincount(pairs[start : start + (1 << 20)], minlength=1 << 16).reshape(256, 256)
        counts += both.sum(0) + both.sum(1)
    return counts


def _indices(picture: PIL.Image.Image, raw: str) -> Stored:
    values = np.asarray(picture)
    if picture.mode in {"1", "L"}:
        # Pillow stretches grey of 2 and 4 bits over 0-255.
        levels: NDArray[np.uint8] = values.astype(np.uint8) // np.uint8({"L;2": 85, "L;4": 17}.get(raw, 1))
        return levels
    if picture.mode == "P":
        indices = values.astype(np.uint8)
        return 1 - indices if _is_white_and_black(picture, indices) else indices
    return values.astype(np.uint16) if values.max(initial=0) < 1 << 16 else values.astype(np.uint32)


def _is_white_and_black(picture: PIL.Image.Image, indices: NDArray[np.uint8]) -> bool:
    colours = picture.getpalette("RGB")
    if colours is None or indices.max() > 1:
        return False
    return colours[:6] == [255] * 3 + [0] * 3 and colours[6:] in ([], [0] * len(colours[6:]))

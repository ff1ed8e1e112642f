"""What a mask's values tell: clean classes, or smoothed, faded, compressed, photographed."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.masks import Stored, histogram
from pixelwise.types import IGNORE_INDEX, Size

Look = Literal["clean", "numbered", "smoothed", "soft", "jpeg", "near-colours", "photo", "coloured"]

SMALL = 128
"""Longest side of the small mask."""
MOST_KEPT = 1024
"""Values that are counted; of more than that the rarest are left out."""
MOST_CLASSES = 64
"""A mask of more values than that is no class map."""

NEAR = 40
"""Grey levels that a JPEG moves a value."""
NEAR_COLOUR = 60.0
"""Distance in RGB between shades of one colour."""

_CLOSE_COLOUR = 24.0  # distance in RGB that most shades of a colour keep
_RARE = 0.002  # share of the pixels below which a value is not one that somebody chose
_NUMBERED = 0.8  # share of all numbers up to the highest that occur, in more than 8 bits: objects are counted
_SOFT_WIDTH = 4.0  # pixels; smoothing blurs an edge over fewer
_FLAT = 0.8  # share of the shades with their like around them: fields of one number, no edges
_PATCHES = 2.0  # for each number, where objects are counted; shades are scattered


@dataclass(frozen=True)
class MaskContent:
    """What a mask holds.

    Attributes:
        size: (height, width), upright.
        coloured: values are 0xRRGGBB.
        counts: pixels by value.
        border: pixels of the outermost rows and columns by value.
        look: what the values look like as a whole; "coloured" where they are clean colours that nobody named.
        chosen: the values that somebody chose, where others are shades of them.
        digest: of the values.
        small: (h, w) values, at most ``SMALL`` a side, by nearest neighbour.
    """

    size: Size
    coloured: bool
    counts: Mapping[int, int]
    border: Mapping[int, int]
    look: Look
    chosen: tuple[int, ...]
    digest: str
    small: Stored

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.size[0] * self.size[1]

    def knowing(self, known: Container[int], format_name: str) -> MaskContent:
        """The same, seen by one who knows values that stand for a class: a mask that holds no other is clean.

        JPEG makes one known value of another, so that of a mask saved so nothing follows.

        Args:
            format_name: of the file, as Pillow names it.
        """
        is_counted = len(self.counts) < MOST_KEPT
        if format_name == "JPEG" or not is_counted or any(value not in known for value in self.counts):
            return self
        return replace(self, look="clean", chosen=tuple(sorted(self.counts)))


def content_of(stored: Stored, coloured: bool, format_name: str) -> MaskContent:
    """What a mask holds.

    Args:
        stored: (H, W) values as the file stores them, upright.
        coloured: values are 0xRRGGBB.
        format_name: of the file, as Pillow names it.
    """
    stored = np.ascontiguousarray(stored)
    values, counts = _counted(stored)
    look, chosen = _look(stored, values, counts, coloured, format_name == "JPEG")
    most = np.argsort(counts)[::-1][:MOST_KEPT]
    height, width = stored.shape
    rim = np.concatenate([stored[0], stored[-1], stored[:, 0], stored[:, -1]])
    return MaskContent(
        size=(height, width),
        coloured=coloured,
        counts={int(values[i]): int(counts[i]) for i in most},
        border={int(v): int(n) for v, n in zip(*np.unique(rim, return_counts=True), strict=True)},
        look=look,
        chosen=tuple(int(value) for value in chosen),
        digest=_digest(stored),
        small=small_of(stored),
    )


def small_size(size: Size, longest: int = SMALL) -> Size:
    """(height, width) of a picture of ``size`` when it has at most ``longest`` pixels a side."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def small_of(stored: Stored, longest: int = SMALL) -> Stored:
    """(h, w) values by nearest neighbour, at most ``longest`` a side."""
    rows, columns = (
        ((np.arange(small) + 0.5) * side / small).astype(int)
        for small, side in zip(
            small_size((stored.shape[0], stored.shape[1]), longest), stored.shape, strict=True
        )
    )
    return stored[np.ix_(rows, columns)]


def _digest(stored: Stored) -> str:
    """A name for these values in this shape."""
    hashed = hashlib.sha256(str(stored.shape).encode())  # which processors have instructions for
    hashed.update(stored.data)
    return hashed.hexdigest()[:32]


def _counted(stored: Stored) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if stored.dtype == np.uint8:
        counts = histogram(stored)
        values = np.flatnonzero(counts)
        return values, counts[values]
    unique, found = np.unique(stored, return_counts=True)
    return unique.astype(np.int64), found.astype(np.int64)


def _look(
    stored: Stored, values: NDArray[np.int64], counts: NDArray[np.int64], coloured: bool, is_jpeg: bool
) -> tuple[Look, NDArray[np.int64]]:
    """How the values look, and those that somebody chose."""
    if len(values) <= 2:
        return "clean", values
    if coloured:
        return _look_coloured(values, counts, is_jpeg)
    if stored.dtype != np.uint8 and len(values) > max(MOST_CLASSES, _NUMBERED * int(values.max())):
        return "numbered", values
    share = counts[counts >= _RARE * stored.size].sum() / stored.size
    if is_jpeg and len(values) > 8:
        return ("jpeg", _extremes(values)) if _mostly_extreme(values, counts) else ("photo", values)
    # Grey levels in plenty are shades of two values, or a photograph; few or small numbers are class ids.
    if values[values != IGNORE_INDEX].max() <= MOST_CLASSES:
        return "clean", values
    if len(values) <= 8 and share > 0.98:
        if not _between_two(values, counts):
            return "clean", values
    elif not _mostly_extreme(values, counts) and len(values) <= MOST_CLASSES:
        return "clean", values
    low, high = (int(value) for value in _extremes(values))
    between = (stored > low) & (stored < high)
    is_flat = flat_share(stored, between) > _FLAT
    if is_flat and patches(stored, between) <= _PATCHES * (len(values) - 2):
        return "numbered", values
    if not _mostly_extreme(values, counts):
        return "photo", values
    look = _look_grey(stored, values, counts)
    # Flat fields are no edges: to cut them at half would make background of some.
    return ("clean", values) if is_flat and look != "jpeg" else (look, _extremes(values))


def flat_share(stored: Stored, where: NDArray[np.bool_]) -> float:
    """Share of the pixels in ``where``, (H, W) and not empty, that lie in a block of 2 × 2 of one value."""
    block = _blocks(stored)[2]
    inside = np.zeros(stored.shape, np.bool_)
    for rows in (slice(1, None), slice(None, -1)):
        for columns in (slice(1, None), slice(None, -1)):
            inside[rows, columns] |= block
    return float((inside & where).sum() / where.sum())


def patches(stored: Stored, where: NDArray[np.bool_]) -> int:
    """How many patches of one value the pixels in ``where``, (H, W), make, less the holes in them.

    That is Euler's number, pixels less pairs of neighbours plus blocks of four, which counts without search; ``where``
    holds all pixels of a value or none.
    """
    across, down, block = _blocks(stored)
    pairs = (across & where[:, 1:]).sum() + (down & where[1:]).sum()
    return int(where.sum() - pairs + (block & where[1:, 1:]).sum())


def _blocks(stored: Stored) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the left, the upper, and all three neighbours before a pixel are of its value."""
    across, down = stored[:, 1:] == stored[:, :-1], stored[1:] == stored[:-1]
    return across, down, across[1:] & across[:-1] & down[:, 1:]


def _look_grey(stored: Stored, values: NDArray[np.int64], counts: NDArray[np.int64]) -> Look:
    """Of shades between two values: how far from the edge they reach, and whether they keep to the two."""
    low, high = (int(value) for value in _extremes(values))
    between = (values > low) & (values < high)
    n_between = int(counts[between].sum())
    near = between & ((values - low <= NEAR) | (high - values <= NEAR))
    if high - low > 3 * NEAR and counts[near].sum() > 0.8 * n_between:
        return "jpeg"
    inside = stored > (low + high) / 2
    edge = int((inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum())
    # The tails of a blur reach far and say little: its width is that of the middle four fifths.
    tenth = (high - low) / 10
    steep = (values > low + tenth) & (values < high - tenth)
    return "soft" if int(counts[steep].sum()) > _SOFT_WIDTH * max(edge, 1) else "smoothed"


def _extremes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([values.min(), values.max()])


def _mostly_extreme(values: NDArray[np.int64], counts: NDArray[np.int64]) -> bool:
    """Most pixels are near the lowest or the highest value."""
    span = values.max() - values.min()
    near = (values - values.min() <= 0.16 * span) | (values.max() - values <= 0.16 * span)
    return bool(counts[near].sum() > 0.6 * counts.sum())


def _between_two(values: NDArray[np.int64], counts: NDArray[np.int64]) -> bool:
    """A handful of rare levels between 0 and 255: the edge of a smoothed mask of few pixels."""
    outer = (values == 0) | (values == 255)
    return bool(
        values.max() == 255
        and values.min() == 0
        and len(values) > 3
        and counts[~outer].max() < 0.02 * counts.sum()
    )


def _look_coloured(
    values: NDArray[np.int64], counts: NDArray[np.int64], is_jpeg: bool
) -> tuple[Look, NDArray[np.int64]]:
    if len(values) <= MOST_CLASSES and not is_jpeg and (counts >= _RARE * counts.sum()).all():
        return "clean", values  # few colours that all are common: somebody chose them, near each other or not
    if len(values) <= MOST_CLASSES and not is_jpeg and _are_apart(values):
        return "clean", values  # or colours that are no shades of each other, however rare
    chosen = _distinct(values, counts)
    if len(chosen) > MOST_CLASSES:
        return "photo", values
    apart, _ = nearest_colours(values, chosen)
    # Compression moves few colours far; in a photograph they spread.
    if counts[apart <= _CLOSE_COLOUR].sum() < 0.75 * counts.sum():
        return "photo", values
    if len(values) == len(chosen):
        return "clean", np.sort(chosen)
    return ("jpeg" if is_jpeg else "near-colours"), np.sort(chosen)


def _are_apart(values: NDArray[np.int64]) -> bool:
    colours = rgb(values)
    apart = np.linalg.norm(colours[:, None] - colours, axis=2)
    np.fill_diagonal(apart, np.inf)
    return bool(apart.min() > NEAR_COLOUR)


def _distinct(values: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest colour of each crowd of shades, crowds by their size, none a shade of one before it."""
    colours = rgb(values)
    crowds: NDArray[np.int64] = colours.astype(np.int64) // 32 @ np.array([64, 8, 1])
    sizes = np.bincount(crowds, weights=counts, minlength=512)
    kept: list[int] = []
    for crowd in np.argsort(sizes)[::-1]:
        if sizes[crowd] < max(1, _RARE * counts.sum()):
            break
        members = np.flatnonzero(crowds == crowd)
        commonest = members[counts[members].argmax()]
        if all(np.linalg.norm(colours[commonest] - colours[one]) > NEAR_COLOUR for one in kept):
            kept.append(int(commonest))
    return values[kept]


def nearest_colours(
    values: NDArray[np.int64], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Distance (n,) of every colour from the nearest of the chosen ones, and that colour; both 0xRRGGBB."""
    colours = rgb(values)
    apart = np.full(len(values), np.inf, np.float32)
    found = np.zeros(len(values), np.int64)
    for one in chosen:  # not all at once: a photograph has millions of colours
        distance = np.linalg.norm(colours - rgb(one), axis=1)
        found[distance < apart] = one
        apart = np.minimum(apart, distance)
    return apart, found


def off_mixtures(values: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.float32]:
    """Distance (n,) of every colour from the nearest mixture of two of the known ones; both 0xRRGGBB.

    What smoothing makes of an edge is such a mixture, or near one after compression; another colour is not.
    """
    colours, ends = rgb(values), rgb(known)
    apart = np.full(len(values), np.inf, np.float32)
    for number, one in enumerate(ends):
        for other in ends[number:]:
            along = other - one
            share = ((colours - one) @ along / max(1.0, float(along @ along))).clip(0, 1)
            apart = np.minimum(apart, np.linalg.norm(colours - one - share[:, None] * along, axis=1))
    return apart


def rgb(values: NDArray[np.int64]) -> NDArray[np.float32]:
    """Colours (…, 3) of 0xRRGGBB values."""
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1).astype(np.float32)

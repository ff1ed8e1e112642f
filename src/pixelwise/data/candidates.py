"""Which pairs of images are alike when seen small, one of them perhaps turned, mirrored or cut.

An image is described by its lowest cosine frequencies, in which a mirror only changes signs and a transposition
only swaps axes. The same is taken of windows of the image, so that a cut copy, turned or not, meets the window that
it was cut from. Windows are many, pairs of images are more: a few windows for all pairs come first, then more
windows for the best pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pixelwise.data.workers import worked

TURNS = tuple((t, down, across) for t in (False, True) for down in (False, True) for across in (False, True))
"""The eight ways to lay a picture: transposed, then upside down, then left to right."""

SMALLEST = 0.8
"""A cut keeps at least this share of each side."""

_STEP = 0.2 / 3  # between the ends of windows
_ORDER = 7  # cosine frequencies per axis, 0 among them
_KEPT = 16  # partners per image that are looked at again
_TRIED = 8  # partners per image that are laid over it
_WAYS = 6  # in which a pair may be laid over each other
_FIRST_LOOK, _SECOND_LOOK = 0.5, 0.65  # least cosine between descriptions
_NOISE = 1.0  # grey levels: a description weaker than this fades
_ROWS, _COLUMNS, _PAIRS = 16, 128, 1024  # compared at a time: what a processor's cache holds
_STRIP = 256  # images, at least, that one thread compares with all

Interval = tuple[float, float]


@dataclass(frozen=True)
class Pairs:
    """Pairs to be looked at closely: ``inner``, when turned, resembles a window of ``outer``.

    Attributes:
        outer, inner: (P,) int64 places of the images.
        turn: (P,) int64 index into ``TURNS``.
        window: (P, 4) float32 y0, y1, x0, x1 of the window, in shares of the sides.
    """

    outer: Tensor
    inner: Tensor
    turn: Tensor
    window: Tensor


def likely_pairs(greys: Tensor) -> Pairs:
    """Candidates among small pictures (N, S, S); a pair of images may come several times, laid differently."""
    windows, few = _windows()
    cut = _described(greys, windows)
    whole = _turned(_described(greys, windows[:1])[:, 0])
    ways = len(windows) * len(TURNS)
    first, second = _first_look(cut[:, :few], whole)
    there, back = _second_look(cut, whole, first, second), _second_look(cut, whole, second, first)
    score, order = torch.cat([there[0], back[0]], 1).topk(_WAYS)
    way = torch.cat([there[1], back[1] + ways], 1).gather(1, order)
    best = foremost(torch.cat([first, second]), score[:, 0].repeat(2), _TRIED)
    pair, rank = torch.nonzero((best[: len(first)] | best[len(first) :])[:, None] & (score >= _SECOND_LOOK)).T
    way = way[pair, rank]
    swapped, way = way >= ways, way % ways
    return Pairs(
        torch.where(swapped, second[pair], first[pair]),
        torch.where(swapped, first[pair], second[pair]),
        way % len(TURNS),
        torch.tensor([[*y, *x] for y, x in windows])[way // len(TURNS)],
    )


def _windows() -> tuple[list[tuple[Interval, Interval]], int]:
    """Windows (y, x), and how many of the first suffice to see that a picture was cut from another.

    The whole comes first; an interval's ends are no further than ``_STEP`` / 2 from those of any cut.
    """
    count = round((1 - SMALLEST) / _STEP)
    whole = 0.0, 1.0
    cuts = [((i + 0.5) * _STEP, 1 - (j + 0.5) * _STEP) for i in range(count) for j in range(count - i)]
    few = [(whole, whole), *((y, x) for y in cuts for x in cuts)]
    return [*few, *((whole, x) for x in cuts), *((y, whole) for y in cuts)], len(few)


def _described(greys: Tensor, windows: list[tuple[Interval, Interval]]) -> Tensor:
    """(N, W, ORDER²) float32: cosine spectra of windows (y, x), of length 1."""
    intervals = list(dict.fromkeys(interval for window in windows for interval in window))
    basis = torch.cat([_cosines(greys.shape[-1], interval) for interval in intervals])
    frequency = torch.arange(_ORDER, dtype=torch.float32)
    # Pictures have less of what is finer, in inverse proportion; this lets all frequencies count alike. At (0, 0),
    # which is brightness, it is 0.
    weight = torch.hypot(frequency[:, None], frequency)
    rows = torch.tensor([intervals.index(y) for y, _ in windows])
    columns = torch.tensor([intervals.index(x) for _, x in windows])
    parts = []
    for chunk in torch.split(greys, 256):
        spectra = basis @ chunk.float() @ basis.T
        spectra = spectra.view(len(chunk), len(intervals), _ORDER, len(intervals), _ORDER).transpose(2, 3)
        spectra = spectra[:, rows, columns] * weight
        spectra = spectra.flatten(2)
        parts.append(spectra / (spectra.square().sum(2, keepdim=True) + _NOISE**2).sqrt())
    return torch.cat(parts)


def _cosines(side: int, interval: Interval) -> Tensor:
    """(ORDER, side) weights that give the cosine coefficients of the pixels in an interval of 0-1."""
    begin, end = interval
    edges = torch.arange(side + 1, dtype=torch.float64).div(side).clamp(begin, end)
    cover = edges.diff() / (end - begin)
    place = ((edges[1:] + edges[:-1]) / 2 - begin) / (end - begin)
    waves = torch.cos(math.pi * torch.arange(_ORDER)[:, None] * place) * cover
    # Pixels cut by an end would let brightness leak into the frequencies.
    waves[1:] -= cover * waves[1:].sum(1, keepdim=True)
    waves[1:] *= math.sqrt(2)
    return waves.float()


def _turned(spectra: Tensor) -> Tensor:
    """(N, ORDER²) → (N, 8, ORDER²): the spectra of the picture laid in each of ``TURNS``."""
    square = spectra.view(-1, _ORDER, _ORDER)
    sign = (-1.0) ** torch.arange(_ORDER)
    laid = []
    for transposed, down, across in TURNS:
        spectrum = square.transpose(1, 2) if transposed else square
        laid.append((spectrum * (sign[:, None] if down else 1) * (sign if across else 1)).flatten(1))
    return torch.stack(laid, 1)


def _first_look(cut: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs (first < second) of which one is among the best partners of the other.

    Takes the descriptions (N, W, D) of windows and (N, 8, D) of the whole, laid in all ways.
    """
    count = len(cut)
    kept = min(_KEPT, count)
    places = torch.arange(count)

    def strip(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best pairs (row, column) of some rows, and (kept, N) the best rows of each column."""
        columns = torch.full((kept, count), -1.0), torch.zeros((kept, count), dtype=torch.int64)
        found = []
        for part in torch.split(rows, _ROWS):
            block = torch.cat(
                [_compared(cut[part], whole[other]) for other in torch.split(places, _COLUMNS)], 1
            )
            block[torch.arange(len(part)), part] = -1.0
            score, partner = block.topk(kept, 1)
            found.append(_above(score, part[:, None].expand_as(partner), partner))
            columns = _merged([columns, (block, part[:, None].expand_as(block))], kept)
        return torch.cat(found), *columns

    strips = worked(strip, torch.split(places, max(_STRIP, count // 16)))
    score, row = _merged([(score, row) for _, score, row in strips], kept)
    pairs = torch.cat([*(found for found, _, _ in strips), _above(score, row, places.expand_as(row))])
    keys: Tensor = torch.unique(pairs.amin(1) * count + pairs.amax(1))
    return keys // count, keys % count


def _merged(parts: list[tuple[Tensor, Tensor]], kept: int) -> tuple[Tensor, Tensor]:
    """The best ``kept`` scores of each column and their rows, out of several lists (…, N)."""
    scores, rows = (torch.cat(part) for part in zip(*parts, strict=True))
    best, order = scores.topk(kept, 0)
    return best, rows.gather(0, order)


def _above(score: Tensor, row: Tensor, column: Tensor) -> Tensor:
    good = score >= _FIRST_LOOK
    return torch.stack([row[good], column[good]], 1)


def _compared(cut: Tensor, whole: Tensor) -> Tensor:
    """(R, W, D) and (C, 8, D) → (R, C): the best cosine over windows and turns."""
    (rows, windows, _), (columns, turns, _) = cut.shape, whole.shape
    products = cut.transpose(0, 1).flatten(0, 1) @ whole.transpose(0, 1).flatten(0, 1).T
    return products.view(windows, -1).amax(0).view(rows, turns, columns).amax(1)


def _second_look(cut: Tensor, whole: Tensor, outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
    """(P, WAYS) the best cosines of each pair, and their places among windows and turns."""

    def look(batch: Tensor) -> tuple[Tensor, Tensor]:
        products = cut[outer[batch]] @ whole[inner[batch]].transpose(1, 2)
        score, place = products.flatten(1).topk(_WAYS)
        return score, place

    parts = worked(look, torch.split(torch.arange(len(outer)), _PAIRS))
    scores, places = (torch.cat(part) for part in zip(*parts, strict=True))
    return scores, places


def foremost(owner: Tensor, score: Tensor, most: int) -> Tensor:
    """(P,) bool: whether a pair's score is among the ``most`` best of its owner (P,), a number from 0."""
    order = torch.argsort(score, descending=True, stable=True)
    order = order[torch.argsort(owner[order], stable=True)]
    sizes = torch.bincount(owner)
    rank = torch.arange(len(owner)) - (sizes.cumsum(0) - sizes)[owner[order]]
    kept = torch.zeros(len(owner), dtype=torch.bool)
    kept[order[rank < most]] = True
    return kept

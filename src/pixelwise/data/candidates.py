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

TURNS = tuple((t, down, across) for t in (False, True) for down in (False, True) for across in (False, True))
"""The eight ways to lay a picture: transposed, then upside down, then left to right."""

SMALLEST = 0.8
"""A cut keeps at least this share of each side."""

_ORDER = 7  # cosine frequencies per axis, 0 among them
_KEPT = 16  # partners per image after the first look
_TRIED = 8  # and after the second
_FIRST_LOOK, _SECOND_LOOK = 0.5, 0.8  # least cosine between descriptions
_NOISE = 1.0  # grey levels: a description weaker than this fades
_ROWS, _COLUMNS = 32, 512  # images compared at a time: what a processor's cache holds

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
    """Candidates among small pictures (N, S, S); each pair of images at most once."""
    first, second = _first_look(greys)
    windows = _combined(_intervals(0.2 / 3))
    cut = _described(greys, windows)
    whole = _turned(_described(greys, [((0.0, 1.0), (0.0, 1.0))])[:, 0])
    there, back = _best(cut, whole, first, second), _best(cut, whole, second, first)
    # Where both ways are as good (neither is cut) the order decides, not rounding.
    swap = back[0] > there[0] + 1e-3
    score = torch.maximum(there[0], back[0])
    keep = _foremost(torch.cat([first, second]), score.repeat(2), len(greys), _TRIED)
    chosen = (keep[: len(first)] | keep[len(first) :]) & (score >= _SECOND_LOOK)
    window = torch.tensor([[*y, *x] for y, x in windows])
    return Pairs(
        torch.where(swap, second, first)[chosen],
        torch.where(swap, first, second)[chosen],
        torch.where(swap, back[2], there[2])[chosen],
        window[torch.where(swap, back[1], there[1])[chosen]],
    )


def _intervals(step: float) -> list[Interval]:
    """The whole axis, and intervals of ``SMALLEST`` to 1 with no end further than ``step`` / 2 from any other's."""
    count = round((1 - SMALLEST) / step)
    return [(0.0, 1.0)] + [
        ((i + 0.5) * step, 1 - (j + 0.5) * step) for i in range(count) for j in range(count - i)
    ]


def _combined(intervals: list[Interval]) -> list[tuple[Interval, Interval]]:
    return [(y, x) for y in intervals for x in intervals]


def _described(greys: Tensor, windows: list[tuple[Interval, Interval]]) -> Tensor:
    """(N, W, ORDER, ORDER) float32: cosine spectra of windows (y, x), of length 1."""
    intervals = list(dict.fromkeys(interval for window in windows for interval in window))
    basis = torch.cat([_cosines(greys.shape[-1], interval) for interval in intervals])
    frequency = torch.arange(_ORDER, dtype=torch.float32)
    # Pictures have less of what is finer, in inverse proportion; this lets all frequencies count alike. At (0, 0),
    # which is brightness, it is 0.
    weight = torch.hypot(frequency[:, None], frequency)
    rows = torch.tensor([intervals.index(y) for y, _ in windows])
    columns = torch.tensor([intervals.index(x) for _, x in windows])
    parts = []
    for chunk in greys.split(256):
        spectra = basis @ chunk.float() @ basis.T
        spectra = spectra.view(len(chunk), len(intervals), _ORDER, len(intervals), _ORDER).transpose(2, 3)
        spectra = spectra[:, rows, columns] * weight
        parts.append(spectra / (spectra.square().sum((2, 3), keepdim=True) + _NOISE**2).sqrt())
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
    """(N, ORDER, ORDER) → (N, 8, ORDER, ORDER): the spectra of the picture laid in each of ``TURNS``."""
    sign = (-1.0) ** torch.arange(_ORDER)
    laid = []
    for transposed, down, across in TURNS:
        spectrum = spectra.transpose(1, 2) if transposed else spectra
        laid.append(spectrum * (sign[:, None] if down else 1) * (sign if across else 1))
    return torch.stack(laid, 1)


def _first_look(greys: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs (first < second) of which one is among the best partners of the other, by few windows."""
    count = len(greys)
    intervals = _intervals(0.1)
    windows = [(intervals[0], intervals[0]), *_combined(intervals[1:])]
    cut = _described(greys, windows).flatten(2)
    whole = _turned(_described(greys, windows[:1])[:, 0]).flatten(2)
    places = torch.arange(count)
    kept = min(_KEPT, count)
    by_column = torch.full((kept, count), -1.0), torch.zeros((kept, count), dtype=torch.int64)
    found = []
    for rows in places.split(_ROWS):
        block = torch.cat([_compared(cut[rows], whole[columns]) for columns in places.split(_COLUMNS)], 1)
        block[torch.arange(len(rows)), rows] = -1.0
        score, partner = block.topk(kept, 1)
        found.append(_above(score, rows[:, None].expand_as(partner), partner))
        joined = torch.cat([by_column[0], block]), torch.cat([by_column[1], rows[:, None].expand_as(block)])
        score, order = joined[0].topk(kept, 0)
        by_column = score, joined[1].gather(0, order)
    found.append(_above(by_column[0], by_column[1], places.expand_as(by_column[1])))
    pairs = torch.cat(found)
    keys = (pairs.amin(1) * count + pairs.amax(1)).unique()
    return keys // count, keys % count


def _above(score: Tensor, row: Tensor, column: Tensor) -> Tensor:
    good = score >= _FIRST_LOOK
    return torch.stack([row[good], column[good]], 1)


def _compared(cut: Tensor, whole: Tensor) -> Tensor:
    """(R, W, D) and (C, 8, D) → (R, C): the best cosine over windows and turns."""
    (rows, windows, _), (columns, turns, _) = cut.shape, whole.shape
    products = cut.transpose(0, 1).flatten(0, 1) @ whole.transpose(0, 1).flatten(0, 1).T
    return products.view(windows, -1).amax(0).view(rows, turns, columns).amax(1)


def _best(cut: Tensor, whole: Tensor, outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each pair (P,) the best cosine, its window and its turn."""
    parts = [(torch.empty(0), torch.empty(0, dtype=torch.int64))]
    for a, b in zip(outer.split(1024), inner.split(1024), strict=True):
        products = cut[a].flatten(2) @ whole[b].flatten(2).transpose(1, 2)
        score, place = products.flatten(1).max(1)
        parts.append((score, place))
    score, place = (torch.cat(part) for part in zip(*parts, strict=True))
    return score, place // len(TURNS), place % len(TURNS)


def _foremost(owner: Tensor, score: Tensor, count: int, most: int) -> Tensor:
    """(P,) bool: whether a pair is among the ``most`` best of its owner."""
    order = torch.argsort(score, descending=True, stable=True)
    order = order[torch.argsort(owner[order], stable=True)]
    sizes = torch.bincount(owner, minlength=count)
    rank = torch.arange(len(owner)) - (sizes.cumsum(0) - sizes)[owner[order]]
    kept = torch.zeros(len(owner), dtype=torch.bool)
    kept[order[rank < most]] = True
    return kept

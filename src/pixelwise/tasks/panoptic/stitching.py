"""Results of overlapping windows put together: an object that two windows show becomes one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pixelwise.labels import Labels
from pixelwise.tasks.panoptic.result import FEATURES, PanopticResult
from pixelwise.types import Size, Window

AGREEMENT = 0.5
"""Share of the pixels that either covers, where both windows see, from which on two objects are one."""
Part = tuple[PanopticResult, Window]


def stitch(parts: Sequence[Part], size: Size, labels: Labels) -> PanopticResult:
    """Put windows together; where they overlap each gives the half that is nearer to its middle.

    Objects of two windows are one if they agree where both see. What an object is called, and its score, are the means
    of its parts by their areas.
    """
    classes = np.zeros(size, np.uint8)
    objects = np.zeros(size, np.int32)
    first = np.cumsum([0, *(len(result.classes) for result, _ in parts)])
    area = np.zeros(int(first[-1]) + 1)
    for (result, window), before, others in zip(parts, first.tolist(), _neighbours(parts), strict=False):
        rows, columns = _core(window, others)
        inner = (
            slice(rows.start - window.y0, rows.stop - window.y0),
            slice(columns.start - window.x0, columns.stop - window.x0),
        )
        classes[rows, columns] = result.label_map[inner]
        numbers = result.instance_map[inner]
        objects[rows, columns] = np.where(numbers > 0, numbers + before, 0)
        pixels = np.bincount(numbers.reshape(-1), minlength=len(result.classes) + 1)
        area[before + 1 : before + len(pixels)] = pixels[1:]
    pairs = [pair for one in range(len(parts)) for pair in _same(parts, one, first)]
    return _renumbered(parts, classes, objects, area, np.array(pairs, np.int64).reshape(-1, 2), labels)


def _neighbours(parts: Sequence[Part]) -> list[list[Window]]:
    windows = [window for _, window in parts]
    return [[other for other in windows if other != one and _shared(one, other)] for one in windows]


def _shared(one: Window, other: Window) -> Window | None:
    x0, y0 = max(one.x0, other.x0), max(one.y0, other.y0)
    x1, y1 = min(one.x1, other.x1), min(one.y1, other.y1)
    return Window(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _core(window: Window, others: Sequence[Window]) -> tuple[slice, slice]:
    """Rows and columns that a window gives: up to the middle of what it shares with windows beside, above, below."""
    left = max([window.x0, *((o.x1 + window.x0) // 2 for o in others if o.x0 < window.x0)])
    right = min([window.x1, *((window.x1 + o.x0) // 2 for o in others if o.x0 > window.x0)])
    top = max([window.y0, *((o.y1 + window.y0) // 2 for o in others if o.y0 < window.y0)])
    bottom = min([window.y1, *((window.y1 + o.y0) // 2 for o in others if o.y0 > window.y0)])
    return slice(top, bottom), slice(left, right)


def _same(parts: Sequence[Part], one: int, first: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of objects, numbered over all windows, of this and a later window that are one."""
    result, window = parts[one]
    found = []
    for other in range(one + 1, len(parts)):
        theirs, their_window = parts[other]
        shared = _shared(window, their_window)
        if shared is None:
            continue
        a, b = _cut(result, window, shared), _cut(theirs, their_window, shared)
        count = len(theirs.classes) + 1
        both = (a > 0) & (b > 0)
        keys, pixels = np.unique(a[both].astype(np.int64) * count + b[both], return_counts=True)
        mine, yours = keys // count, keys % count
        area_a = np.bincount(a.reshape(-1), minlength=len(result.classes) + 1)
        area_b = np.bincount(b.reshape(-1), minlength=count)
        agree = pixels > AGREEMENT * (area_a[mine] + area_b[yours] - pixels)
        found += list(
            zip((mine[agree] + first[one]).tolist(), (yours[agree] + first[other]).tolist(), strict=True)
        )
    return found


def _cut(result: PanopticResult, window: Window, part: Window) -> NDArray[np.int32]:
    return result.instance_map[
        part.y0 - window.y0 : part.y1 - window.y0, part.x0 - window.x0 : part.x1 - window.x0
    ]


def _renumbered(
    parts: Sequence[Part],
    classes: NDArray[np.uint8],
    objects: NDArray[np.int32],
    area: NDArray[np.float64],
    pairs: NDArray[np.int64],
    labels: Labels,
) -> PanopticResult:
    """The result with objects that are one called by one number; the maps are changed where they lie."""
    count = len(area)
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, group = connected_components(links, directed=False)
    of_group = np.bincount(group, weights=area, minlength=number)
    kept = of_group > 0
    kept[group[0]] = False
    place = np.where(kept, np.cumsum(kept), 0).astype(np.int32)[group]
    own = np.concatenate([[0], *(result.classes for result, _ in parts)]).astype(np.int64)
    votes = np.zeros((number, labels.num_classes))
    np.add.at(votes, (group, own), area)
    of_object = votes.argmax(axis=1)[kept]
    called = np.concatenate([[0], of_object]).astype(np.uint8)
    for numbers, names in zip(objects, classes, strict=True):  # row by row: they may be large
        numbers[:] = place[numbers]
        names[:] = np.where(numbers > 0, called[numbers], names)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return (np.bincount(group, weights=values * area, minlength=number) / np.maximum(of_group, 1))[kept]

    scores = mean(np.concatenate([[0.0], *(result.scores for result, _ in parts)]))
    features = np.concatenate([np.zeros((1, len(FEATURES))), *(result.features for result, _ in parts)])
    means = np.stack([mean(features[:, at]) for at in range(len(FEATURES))], axis=1)
    return PanopticResult(classes, objects, of_object.astype(np.int64), scores, means)

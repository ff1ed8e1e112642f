"""From fields to objects: each pixel of a thing goes to the centre nearest to where its offset points.

After Panoptic-DeepLab (Cheng 2020), section 3.3; here the nearest centre is read off a map of the feature transform,
so that the time grows with the pixels and not with pixels times objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

Floats = NDArray[np.float32]
NEIGHBOURS = 8
"""Centres near a vote among which a stronger one is looked for."""


@dataclass(frozen=True)
class Grouped:
    """Objects of an image.

    Attributes:
        instance_map: (H, W) int32 objects, numbered from 1; 0 where there is none.
        peaks: (P,) height of each centre's peak, 0–1.
        spreads: (P,) mean distance of the votes from the centre, in parts of the square root of the area.
    """

    instance_map: NDArray[np.int32]
    peaks: NDArray[np.float64]
    spreads: NDArray[np.float64]


def group(
    is_thing: NDArray[np.bool_], centres: Floats, offsets: Floats, threshold: float, smoothing: float = 0.0
) -> Grouped:
    """Put the pixels of things together.

    Args:
        is_thing: (H, W).
        centres: (H, W) 0–1, with a peak at each object's centre.
        offsets: (2, H, W) x and y from each pixel to its object's centre, in pixels.
        threshold: height of a peak from which on it is a centre.
        smoothing: standard deviation in pixels by which the heat map is blurred first: one unsure hill has many tops.
    """
    if smoothing:
        centres = ndimage.gaussian_filter(centres, smoothing, truncate=3)
    height, width = is_thing.shape
    y, x = np.nonzero(is_thing)
    if not len(y):
        return Grouped(np.zeros(is_thing.shape, np.int32), np.zeros(0), np.zeros(0))
    vote_x, vote_y = x + offsets[0, y, x], y + offsets[1, y, x]
    to_x = np.clip(np.rint(vote_x), 0, width - 1).astype(np.int32)
    to_y = np.clip(np.rint(vote_y), 0, height - 1).astype(np.int32)
    found = _centres(is_thing, centres, offsets, threshold)
    found = np.concatenate([found, _orphans(is_thing, found, x, y, to_x, to_y)])
    if not len(found):  # all is of one object whose parts point at each other
        best = centres[y, x].argmax()
        found = np.array([[y[best], x[best]]])
    owners = _nearest_centre(found, is_thing.shape)[to_y, to_x]
    area = np.bincount(owners, minlength=len(found)).astype(np.float64)
    away = np.hypot(vote_x - found[owners, 1], vote_y - found[owners, 0])
    spread = np.bincount(owners, weights=away, minlength=len(found)) / np.maximum(area, 1) ** 1.5
    kept = area > 0
    number = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    instance_map = np.zeros(is_thing.shape, np.int32)
    instance_map[y, x] = number[owners]
    peaks = centres[found[kept, 0], found[kept, 1]].astype(np.float64)
    return Grouped(instance_map, peaks, spread[kept])


def _centres(
    is_thing: NDArray[np.bool_], centres: Floats, offsets: Floats, threshold: float
) -> NDArray[np.int64]:
    """(K, 2) rows and columns of centres: peaks from which no offset points nearer to a higher one."""
    peaks = (ndimage.maximum_filter(centres, 3) == centres) & (centres >= threshold) & is_thing
    regions, count = ndimage.label(peaks, np.ones((3, 3)))  # a plateau is one peak
    if not count:
        return np.zeros((0, 2), np.int64)
    rows, columns = np.nonzero(peaks)
    _, first = np.unique(regions[rows, columns], return_index=True)
    places = np.stack([rows[first], columns[first]], axis=1).astype(np.int64)
    if len(places) == 1:
        return places
    heights = centres[places[:, 0], places[:, 1]]
    order = np.argsort(-heights, kind="stable")
    places = places[order]
    votes = places + offsets[::-1, places[:, 0], places[:, 1]].T
    distance, near = cKDTree(places).query(votes, k=min(NEIGHBOURS, len(places)))
    own = np.hypot(*(votes - places).T)
    stronger = (near < np.arange(len(places))[:, None]) & (distance < own[:, None])
    kept: NDArray[np.int64] = places[~stronger.any(axis=1)]
    return kept


def _orphans(
    is_thing: NDArray[np.bool_],
    found: NDArray[np.int64],
    x: NDArray[np.int64],
    y: NDArray[np.int64],
    to_x: NDArray[np.int32],
    to_y: NDArray[np.int32],
) -> NDArray[np.int64]:
    """(K, 2) further centres: of connected regions without one whose pixels point, on the whole, into themselves.

    Else a missed object would be put to another one far away; the part of an object beyond what hides its middle points
    elsewhere and has none.
    """
    regions, count = ndimage.label(is_thing)
    own = regions[y, x]
    has = np.zeros(count + 1, bool)
    has[regions[found[:, 0], found[:, 1]]] = True
    stays = np.bincount(own, weights=regions[to_y, to_x] == own, minlength=count + 1)
    area = np.bincount(own, minlength=count + 1)
    lone = ~has & (area > 0) & (2 * stays > area)
    lone[0] = False
    if not lone.any():
        return np.zeros((0, 2), np.int64)
    kept = lone[own] & (regions[to_y, to_x] == own)
    # Where most point to: the pixel of the region that is nearest to the mean vote.
    size = np.maximum(np.bincount(own[kept], minlength=count + 1), 1)
    mean_x = np.bincount(own[kept], weights=to_x[kept], minlength=count + 1) / size
    mean_y = np.bincount(own[kept], weights=to_y[kept], minlength=count + 1) / size
    away = (x - mean_x[own]) ** 2 + (y - mean_y[own]) ** 2
    order = np.lexsort((away, own))
    first = order[np.flatnonzero(np.diff(own[order], prepend=-1))]
    first = first[lone[own[first]]]
    return np.stack([y[first], x[first]], axis=1).astype(np.int64)


def _nearest_centre(places: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int64]:
    """(H, W) place in the list (K, 2), K at least 1, of the centre nearest to each pixel."""
    if len(places) == 1:
        return np.zeros(size, np.int64)
    elsewhere = np.ones(size, bool)
    elsewhere[places[:, 0], places[:, 1]] = False
    number = np.zeros(size, np.int64)
    number[places[:, 0], places[:, 1]] = np.arange(len(places))
    rows, columns = ndimage.distance_transform_edt(elsewhere, return_distances=False, return_indices=True)
    nearest: NDArray[np.int64] = number[rows, columns]
    return nearest

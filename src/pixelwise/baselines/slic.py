"""Superpixels, merged."""

from __future__ import annotations

import heapq

import numpy as np

from pixelwise.baselines.base import Method
from pixelwise.baselines.picture import Mask, Picture, Regions
from pixelwise.baselines.regions import PLANES, brighter_regions, mean_colours, patches

PATCHES = 250


def part(picture: Picture, *, left: float, plane: str) -> Mask:
    """The brighter, in a plane, of ``left`` regions that patches are merged to."""
    return brighter_regions(merged(patches(picture, PATCHES), picture, int(left)), picture.plane(plane))


def merged(regions: Regions, picture: Picture, left: int) -> Regions:
    """Regions after merging the neighbours that it costs least, until so many are left.

    Merging costs n·m / (n + m) · d², d being the distance of mean colours and n and m pixels (Ward 1963).
    """
    counts = np.bincount(regions.ravel()).astype(float)
    colours = mean_colours(regions, picture.lab)
    neighbours = _neighbours(regions, len(counts))
    parent = np.arange(len(counts))
    version = np.zeros(len(counts), int)

    def entry(a: int, b: int) -> tuple[float, int, int, int, int]:
        cost = counts[a] * counts[b] / (counts[a] + counts[b]) * ((colours[a] - colours[b]) ** 2).sum()
        return float(cost), a, b, version[a], version[b]

    heap = [entry(a, b) for a, near in enumerate(neighbours) for b in near if a < b]
    heapq.heapify(heap)
    alive = len(counts)
    while alive > left and heap:
        _, a, b, seen_a, seen_b = heapq.heappop(heap)
        if version[a] != seen_a or version[b] != seen_b:
            continue  # one of them has grown, or is gone
        colours[a] = (counts[a] * colours[a] + counts[b] * colours[b]) / (counts[a] + counts[b])
        counts[a] += counts[b]
        version[a] += 1
        version[b] = -1
        parent[parent == b] = a
        neighbours[a] = (neighbours[a] | neighbours[b]) - {a, b}
        for near in neighbours[a]:
            neighbours[near] = (neighbours[near] - {b}) | {a}
            heapq.heappush(heap, entry(min(a, near), max(a, near)))
        alive -= 1
    joined: Regions = np.unique(parent, return_inverse=True)[1][regions]
    return joined


def _neighbours(regions: Regions, count: int) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(count)]
    for one, other in ((regions[:, :-1], regions[:, 1:]), (regions[:-1], regions[1:])):
        differ = one != other
        for a, b in np.unique(np.stack([one[differ], other[differ]], axis=1), axis=0).tolist():
            found[a].add(b)
            found[b].add(a)
    return found


METHOD = Method(
    name="slic",
    title="SLIC and merging",
    how="Cuts the picture into small patches of like colour and merges the most alike neighbours until few are left.",
    source="R. Achanta et al.: SLIC superpixels. 2012; merging by J. Ward: Hierarchical grouping. 1963.",
    choices={"left": (8.0, 4.0, 2.0), "plane": PLANES},
    part=part,
)

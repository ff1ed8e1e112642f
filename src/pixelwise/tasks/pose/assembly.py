"""People from joints: pairs that a part affinity field joins, best first (Cao 2017, sections 2.3 and 2.4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelwise.tasks.pose.peaks import Peaks

SAMPLES = 10
"""Places along a limb at which its field is read."""
LEAST = 0.05
"""What the field has to be along the limb at each of these places to count as a sign of it …"""
ENOUGH = 0.7
"""… and the share of places where it has to be so."""
REACH = 0.75
"""Limbs longer than that share of the field's diagonal are none."""

Links = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def assemble(
    peaks: Peaks, fields: NDArray[np.float32], limbs: Sequence[tuple[int, int]], joints: int
) -> NDArray[np.int64]:
    """People as (M, K) places in ``peaks``, -1 for joints that were not found; whole numbers of limbs decide.

    The integral of the field along the line between two peaks says how surely they are the ends of one limb. Of each
    limb the surest pairs are taken, each peak once; then all limbs, surest first, are put together: a limb whose ends
    are of nobody begins a person, one that joins two people who share no joint makes them one.

    Args:
        peaks: of all joints.
        fields: (2 L, h, w) x and y of each limb in turn.
        limbs: pairs of joints.
        joints: K.
    """
    links = [_links(peaks, fields[2 * place : 2 * place + 2], *limb) for place, limb in enumerate(limbs)]
    one = np.concatenate([link[0] for link in links]) if links else np.zeros(0, np.int64)
    other = np.concatenate([link[1] for link in links]) if links else np.zeros(0, np.int64)
    sure = np.concatenate([link[2] for link in links]) if links else np.zeros(0)
    order = np.argsort(-sure, kind="stable")
    people = _joined(one[order].tolist(), other[order].tolist(), peaks.joints.tolist())
    found = np.full((len(people), joints), -1, np.int64)
    for place, person in enumerate(people):
        for joint, peak in person.items():
            found[place, joint] = peak
    return found


def _links(peaks: Peaks, field: NDArray[np.float32], start: int, end: int) -> Links:
    """The limbs of one kind: peaks at their starts and ends, and how sure each is; no peak twice."""
    starts, ends = np.flatnonzero(peaks.joints == start), np.flatnonzero(peaks.joints == end)
    one, other = (grid.ravel() for grid in np.meshgrid(starts, ends, indexing="ij"))
    way = peaks.points[other] - peaks.points[one]
    length = np.hypot(way[:, 0], way[:, 1])
    height, width = field.shape[1:]
    near = (length <= REACH * np.hypot(height, width)) & (length > 1e-6)
    one, other, way, length = one[near], other[near], way[near], length[near]
    shares = (np.arange(SAMPLES) + 0.5) / SAMPLES
    places = peaks.points[one][:, None] + shares[None, :, None] * way[:, None]
    column = places[..., 0].astype(np.int64).clip(0, width - 1)
    row = places[..., 1].astype(np.int64).clip(0, height - 1)
    unit = way / length[:, None]
    along = field[0, row, column] * unit[:, :1] + field[1, row, column] * unit[:, 1:]
    sure = along.mean(axis=1)
    good = ((along > LEAST).mean(axis=1) >= ENOUGH) & (sure > LEAST)
    return _matched(one[good], other[good], sure[good].astype(np.float64))


def _matched(one: NDArray[np.int64], other: NDArray[np.int64], sure: NDArray[np.float64]) -> Links:
    """Pairs, surest first, of which no peak is in two."""
    taken: set[int] = set()
    kept = []
    order = np.argsort(-sure, kind="stable")
    for place, a, b in zip(order.tolist(), one[order].tolist(), other[order].tolist(), strict=True):
        if a not in taken and b not in taken:
            taken |= {a, b}
            kept.append(place)
    return one[kept], other[kept], sure[kept]


def _joined(one: list[int], other: list[int], joint_of: list[int]) -> list[dict[int, int]]:
    """People as peaks by joint, from pairs of peaks, surest first."""
    person_of: dict[int, dict[int, int]] = {}
    people: list[dict[int, int]] = []
    for a, b in zip(one, other, strict=True):
        first, second = person_of.get(a), person_of.get(b)
        if first is None and second is None:
            person = {joint_of[a]: a, joint_of[b]: b}
            person_of[a] = person_of[b] = person
            people.append(person)
        elif first is None or second is None:
            person, new = (second, a) if first is None else (first, b)  # type: ignore[assignment]
            if joint_of[new] not in person:
                person[joint_of[new]] = new
                person_of[new] = person
        elif first is not second and not first.keys() & second.keys():
            first |= second
            for peak in second.values():
                person_of[peak] = first
            people = [person for person in people if person is not second]
    return people

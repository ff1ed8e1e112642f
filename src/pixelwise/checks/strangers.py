"""Masks that belong to another image: every image's edges against every mask's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.checks.fit import Plane, edges_of_image, edges_of_mask, resized

SIDE = 128
"""Of the square that pictures of any shape are compared in."""
MOST = 1024
"""Pairs that are compared: of more, three quarters are those that fit least, the others are spread evenly."""
LEAST = 8
"""Pairs, to know how strangers correlate."""
GAIN, EACH = 2.5, 0.5
"""What exchanging two masks must add to their correlations together, and to each."""
USUAL = 2.0
"""What 85% of a set's own masks must reach: in other sets masks follow the edges too loosely to tell strangers."""
STRANGE = 0.28
"""Share of what they reach below which a mask is a stranger's.

The unit is the standard deviation of correlations of images with masks of others, whose mean is 0. In it own masks of
PH² have 1.13 and more, 85% of them 3.42, those of Clothing Co-Parsing 2.66 and 5.81; of strangers 90% have less than
1.01. No exchange of two of the sets' masks adds anything, but once exchanged, back again adds 5.5 and 10.6 in 95%.
"""


@dataclass(frozen=True)
class Strangers:
    """Places in the sequence that was looked at.

    Attributes:
        exchanged: two masks that each fit the other's image; a mask is in one pair at most.
        alone: masks that fit their image as a stranger's would, those exchanged not among them.
    """

    exchanged: list[tuple[int, int]]
    alone: list[int]


def find_strangers(pairs: Sequence[tuple[Plane, Plane]], fits: Sequence[float]) -> Strangers:
    """Masks that belong to other images.

    Args:
        pairs: brightness (h, w) and class ids (h, w) of each image.
        fits: how well each fits, by which the pairs to compare are chosen.
    """
    if len(pairs) < LEAST:
        return Strangers([], [])
    places, typical = _chosen(np.asarray(fits))
    images = torch.stack([_unit(edges_of_image(_square(pairs[place][0]))) for place in places])
    masks = torch.stack([_unit(edges_of_mask(resized(pairs[place][1], (SIDE, SIDE)))) for place in places])
    found = _standardised((images @ masks.T).numpy())
    swaps = _exchanges(found)
    taken = {place for swap in swaps for place in swap}  # they would make the others' fits look unusual
    own = {place: float(value) for place, value in enumerate(found.diagonal()) if place not in taken}
    known = [value for place, value in own.items() if place < typical]
    usual = float(np.percentile(known, 15)) if known else 0.0
    limit = STRANGE * usual if usual >= USUAL else -np.inf
    return Strangers(
        [(places[one], places[other]) for one, other in swaps],
        [places[place] for place, value in own.items() if value < limit],
    )


def _chosen(fits: NDArray[np.float64]) -> tuple[list[int], int]:
    """Up to ``MOST`` places, and how many of the first stand for all: spread evenly, before the lowest fits."""
    if len(fits) <= MOST:
        return list(range(len(fits))), len(fits)
    even = np.linspace(0, len(fits) - 1, MOST // 4).astype(np.intp)
    lowest = fits.argsort(kind="stable")
    lowest = lowest[~np.isin(lowest, even)][: MOST - len(even)]
    return [*even.tolist(), *lowest.tolist()], len(even)


def _standardised(correlations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of images by masks, in standard deviations of strangers from the mean of each image's strangers."""
    number = len(correlations)
    own = correlations.diagonal()[:, None]
    mean = (correlations.sum(axis=1, keepdims=True) - own) / (number - 1)
    spread = (correlations - mean)[~np.eye(number, dtype=bool)].std()
    found: NDArray[np.float32] = (correlations - mean) / max(float(spread), 1e-6)
    return found


def _exchanges(found: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Pairs that gain by an exchange, the surest first; who is in a pair is in no other."""
    gains = found - found.diagonal()[:, None]
    together = np.where(np.minimum(gains, gains.T) > EACH, gains + gains.T, 0)
    rows, columns = np.nonzero(np.triu(together > GAIN, 1))
    swaps: list[tuple[int, int]] = []
    taken: set[int] = set()
    for place in np.argsort(-together[rows, columns], kind="stable"):
        one, other = int(rows[place]), int(columns[place])
        if not {one, other} & taken:
            taken |= {one, other}
            swaps.append((one, other))
    return swaps


def _square(grey: Plane) -> Plane:
    return np.asarray(PIL.Image.fromarray(grey).resize((SIDE, SIDE), PIL.Image.Resampling.BOX))


def _unit(edges: Tensor) -> Tensor:
    flat = edges.flatten()
    unit: Tensor = flat / flat.norm().clamp_min(1e-6)
    return unit

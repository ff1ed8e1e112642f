"""Near-duplicates among images: those that must not lie on both sides of a split.

An image is near to another that is its copy, mirrored, turned, cut (each side to no less than 0.8), resized, saved
anew, brightened or greyed, or that shows the same scene a moment later. Images of one kind (two lesions in one
microscope) agree in what is coarse; only near-duplicates agree in fine detail too. So :mod:`.candidates` finds pairs
that are alike when seen small, and :mod:`.alignment` lays one over the other and compares their detail.

>>> import numpy as np
>>> image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
>>> matches = find_near_duplicates([signature(image), signature(255 - image), signature(image[:, ::-1])])
>>> [(match.first, match.second, match.how) for match in matches]
[(0, 2, 'mirrored')]
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.alignment import Alignments, align
from pixelwise.data.candidates import TURNS, likely_pairs
from pixelwise.types import Image

SIDE = 96
"""Height and width of the small picture that stands for an image, whatever its shape."""

_SMALLEST = 12  # pixels: an image of a shorter side shows too little; only its equal is found
_FLAT = 1.0  # grey levels: an image that deviates less from its mean shows nothing
_SAME_FLAT = 1.5  # grey levels between two flat images that count as equal
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_BACK = {(True, True, False): (True, False, True), (True, False, True): (True, True, False)}
_WORDS = {  # (transposed, upside down, left to right) → what was done to the one to get the other
    (False, False, False): "",
    (False, False, True): "mirrored",
    (False, True, False): "mirrored top to bottom",
    (False, True, True): "rotated by 180°",
    (True, True, False): "rotated by 90°",
    (True, False, True): "rotated by 270°",
    (True, False, False): "mirrored and rotated by 90°",
    (True, True, True): "mirrored and rotated by 270°",
}


@dataclass(frozen=True)
class Signature:
    """What is kept of an image for the comparison: about 18 kB.

    Attributes:
        grey: (SIDE, SIDE) float16 luma, 0-255, of the whole image squeezed into a square.
        colour: (3,) float32 mean red, green and blue, 0-255.
        size: (2,) int64 height and width of the image in pixels.
        digest: (16,) uint8 hash of its size and pixels.
    """

    grey: NDArray[np.float16]
    colour: NDArray[np.float32]
    size: NDArray[np.int64]
    digest: NDArray[np.uint8]


Place = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Match:
    """Two near-duplicates.

    Attributes:
        first, second: their places in the sequence of signatures, first < second.
        score: 0-1, how well their detail agrees; 1 where the pixels are equal.
        how: in words, what would make the second out of the first; turns are counter-clockwise.
        place: two rows of three: they take (x, y, 1) in the second to (x, y) in the first, -1 to 1 across each.
    """

    first: int
    second: int
    score: float
    how: str
    place: Place = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def signature(image: Image) -> Signature:
    """The signature of an image (H, W, 3) uint8 of any size from 1×1; about 4 ms per megapixel.

    Raises:
        ValueError: not (H, W, 3) uint8, or without pixels.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an image is (H, W, 3) uint8, got {image.shape} {image.dtype}")
    image = np.ascontiguousarray(image)
    height, width = image.shape[:2]
    hashed = hashlib.sha256(np.array([height, width], "<i8").tobytes())
    hashed.update(image.data)
    # The box filter is fast; what it leaves is fine enough for the smooth one to do the rest.
    factors = max(1, width // (2 * SIDE)), max(1, height // (2 * SIDE))
    small = np.asarray(PIL.Image.fromarray(image).reduce(factors), np.float32)
    # A last block may be cut, hence the fraction; without it, a mirrored copy would be a little narrower.
    box = 0.0, 0.0, width / factors[0], height / factors[1]
    grey = PIL.Image.fromarray(small @ _LUMA).resize((SIDE, SIDE), PIL.Image.Resampling.BICUBIC, box=box)
    return Signature(
        grey=np.asarray(grey).astype(np.float16),
        colour=small.mean((0, 1)),
        size=np.array([height, width], np.int64),
        digest=np.frombuffer(hashed.digest()[:16], np.uint8),
    )


def find_near_duplicates(signatures: Sequence[Signature]) -> list[Match]:
    """Pairs of near-duplicates, sorted by their places.

    An image whose shorter side has less than 12 pixels meets only its equal, a flat one all of its colour. Of a large
    group not every pair is listed, but they connect it: see :func:`clusters`. Time grows with the square
    of the number of images, memory in proportion to it.
    """
    copies, distinct = _equal_pixels(signatures)
    plain = [k for k in distinct if _is_flat(signatures[k])]
    rest = [k for k in distinct if not _is_flat(signatures[k]) and signatures[k].size.min() >= _SMALLEST]
    rest.sort(key=lambda k: signatures[k].digest.tobytes())  # so that the order of the images changes nothing
    matches = [Match(first, second, 1.0, "the same") for first, second in copies]
    matches += _equal_planes(signatures, plain)
    if len(rest) > 1:
        greys = torch.from_numpy(np.stack([signatures[k].grey for k in rest]))
        sizes = torch.from_numpy(np.stack([signatures[k].size for k in rest]))
        pairs = likely_pairs(greys)
        matches += _named(align(greys, sizes, pairs), rest, sizes)
    return sorted(matches, key=lambda match: (match.first, match.second))


def clusters(matches: Iterable[Match], count: int) -> list[tuple[int, ...]]:
    """Groups of two and more images that matches connect, each sorted, sorted by their first.

    Args:
        count: number of images.
    """
    parents = list(range(count))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    for match in matches:
        one, other = sorted((root(match.first), root(match.second)))
        parents[other] = one
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(count):
        groups[root(place)].append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _equal_pixels(signatures: Sequence[Signature]) -> tuple[list[tuple[int, int]], list[int]]:
    """Pairs of the first image of its pixels and each later one, and the places of all first ones."""
    firsts: dict[bytes, int] = {}
    pairs = []
    for place, found in enumerate(signatures):
        first = firsts.setdefault(found.digest.tobytes(), place)
        if first != place:
            pairs.append((first, place))
    return pairs, list(firsts.values())


def _is_flat(found: Signature) -> bool:
    return float(found.grey.astype(np.float32).std()) < _FLAT


def _equal_planes(signatures: Sequence[Signature], places: list[int]) -> list[Match]:
    """Flat images have no detail to compare: their colours have to be equal."""
    ordered = sorted(places, key=lambda k: (*signatures[k].colour.tolist(), k))
    matches = []
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            apart = np.abs(signatures[one].colour - signatures[other].colour)
            if apart[0] > _SAME_FLAT:
                break
            if apart.max() <= _SAME_FLAT:
                matches.append(Match(min(one, other), max(one, other), 1.0, "the same"))
                break  # with the next of its colour; that one leads on
    return matches


def _place(leading: Tensor, *, back: bool) -> Place:
    """A map (2, 3) as numbers, or the map that leads the other way."""
    whole = torch.cat([leading.double(), torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.double)])
    rows = (torch.linalg.inv(whole) if back else whole)[:2].tolist()
    (a, b, c), (d, e, f) = rows
    return (a, b, c), (d, e, f)


def _named(found: Alignments, places: list[int], sizes: Tensor) -> list[Match]:
    matches = []
    for row, score in enumerate(found.score.tolist()):
        outer, inner = int(found.outer[row]), int(found.inner[row])
        first, second = sorted((places[outer], places[inner]))
        turn = TURNS[int(found.turn[row])]
        # The turn leads from the inner picture to the outer one; a quarter turn is another one the other way round.
        words = _WORDS[turn if places[outer] == second else _BACK.get(turn, turn)]
        area = float(found.area[row])
        growth = math.sqrt(math.prod(sizes[inner].tolist()) / math.prod(sizes[outer].tolist()) / area)
        done = [
            words,
            "cropped" if min(area, 1 / area) < 0.93 else "",
            "" if 0.93 < growth < 1.07 else "resized",
        ]
        how = ", ".join(word for word in done if word) or ("the same" if score > 0.97 else "alike")
        place = _place(found.maps[row], back=places[outer] == second)
        matches.append(Match(first, second, round(score, 3), how, place))
    return matches

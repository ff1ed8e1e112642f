"""Laying one picture over another, and comparing their detail where they overlap.

Gauss-Newton steps from coarse to fine (S. Baker and I. Matthews, "Lucas-Kanade 20 years on", 2004, the inverse
compositional form) find the affine map; light is evened out before, so that neither a dark corner nor a brighter
exposure steers it. Then what is coarse is removed from both, and the rest is compared, place by place. Pairs that fail
at a coarse level are not looked at in a finer one.

The limits were set on copies of every second image of PH², CamVid, DSB 2018 and LSP, and on what the other images of
each set reach: at the finest level, pairs of different images hardly exceed 0.35, and most copies reach 0.7; a few,
cut and of faint detail, fall to 0.57.
``benchmarks/near_duplicates.py`` measures on the images in between.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.data.candidates import TURNS, Pairs, foremost
from pixelwise.data.workers import worked

_BATCH = 300_000  # pixels at a time: what a processor's cache holds


@dataclass(frozen=True)
class _Level:
    """How pictures are compared at one size."""

    side: int  # pixels
    steps: int  # of Gauss-Newton
    fine: float  # pixels: what is finer steers nothing
    coarse: float  # pixels: and what is coarser
    spread: float  # pixels over which contrast is evened out
    shear: bool  # whether it may also turn and shear, not only shift and scale
    ways: int  # per pair of images that are followed further
    pass_score: float  # less is no near-duplicate
    final_score: float  # the same, where the images hold no finer detail


_LEVELS = (
    _Level(12, 2, 0.0, 3.0, 4.0, False, 4, 0.45, 1.00),
    _Level(24, 5, 1.0, 4.0, 6.0, False, 2, 0.55, 1.00),
    _Level(24, 5, 0.0, 3.0, 6.0, False, 2, 0.65, 0.92),
    _Level(48, 5, 0.0, 3.0, 8.0, True, 2, 0.62, 0.72),
    _Level(96, 3, 0.0, 3.0, 10.0, True, 1, 0.52, 0.52),
)
_FILLED = 0.74  # pixels of the image's shorter side over those of the finest level that it is compared at
_BAND = 0.7, 2.0  # pixels: detail is what lies between these two blurs
_NEAR, _NEAREST = 5 / 96, 2.0  # of the side, and in pixels: how far around a place correlation is taken
_NOISE = 0.2  # grey levels of detail that may be noise
_NOTHING = 0.02  # share of the picture: with less detail than this, grey levels have to be equal
_SCALES = 0.72, 1.38  # of the sides: cut to 0.8, the one way or the other, and a little more
_SHEAR = 0.12  # the sine of a turn
_OVERLAP = 0.6  # share of the inner picture
_EQUAL = 1.0  # grey levels, mean difference


@dataclass(frozen=True)
class Alignments:
    """Pairs whose detail agrees.

    Attributes:
        outer, inner, turn: (P,) int64 as in :class:`.candidates.Pairs`.
        score: (P,) float32, 0-1.
        maps: (P, 2, 3) float32, from (x, y, 1) in ``inner`` to (x, y) in ``outer``, -1 to 1 across each.
    """

    outer: Tensor
    inner: Tensor
    turn: Tensor
    score: Tensor
    maps: Tensor

    @property
    def area(self) -> Tensor:
        """(P,) float32, what ``inner`` shows over what ``outer`` shows; below 1 where it was cut."""
        area: Tensor = torch.linalg.det(self.maps[..., :2]).abs()
        return area


def align(greys: Tensor, sizes: Tensor, pairs: Pairs) -> Alignments:
    """The pairs whose detail agrees.

    Args:
        greys: (N, 96, 96) small pictures of whole images, 0-255.
        sizes: (N, 2) height and width in pixels of the images, which tell how much detail they can hold.
        pairs: where to begin.
    """
    pyramid = {level.side: F.avg_pool2d(greys, len(greys[0]) // level.side) for level in _LEVELS}
    resolution = sizes.amin(1)
    resolution = torch.minimum(resolution[pairs.outer], resolution[pairs.inner])
    finer = torch.tensor([level.side for level in _LEVELS[-2:]])
    # Images with less pixels than that do not fill the finer levels, which would compare what enlarging made up.
    last = len(_LEVELS) - 3 + (resolution[:, None] >= _FILLED * finer).sum(1)
    images = torch.stack([pairs.outer, pairs.inner]).sort(0).values
    images = torch.unique(images[0] * len(greys) + images[1], return_inverse=True)[1]
    maps = _starts(pairs)
    scores = torch.zeros(len(maps))
    alive = torch.arange(len(maps))
    done = []
    for number, level in enumerate(_LEVELS):
        small = pyramid[level.side]

        def look(batch: Tensor, level: _Level = level, small: Tensor = small) -> tuple[Tensor, Tensor]:
            outer, inner = small[pairs.outer[batch]].float(), small[pairs.inner[batch]].float()
            better = _steered(level, outer, inner, maps[batch])
            return better, _agreement(outer, inner, better)

        parts = worked(look, torch.split(alive, _BATCH // level.side**2))
        maps[alive], scores[alive] = (torch.cat(part) for part in zip(*parts, strict=True))
        least = torch.where(last[alive] == number, level.final_score, level.pass_score)
        alive = alive[(scores[alive] >= least) & _is_plausible(maps[alive], pairs.turn[alive])]
        alive = alive[foremost(images[alive], scores[alive], level.ways)]
        done.append(alive[last[alive] == number])
        alive = alive[last[alive] > number]
    found = torch.cat(done)
    found = found[foremost(images[found], scores[found], 1)]
    return Alignments(
        pairs.outer[found],
        pairs.inner[found],
        pairs.turn[found],
        scores[found],
        maps[found],
    )


def _turn_matrices() -> Tensor:
    """(8, 2, 2): from places (x, y) in a turned picture, -1 to 1, to places in the picture."""
    matrices = []
    for transposed, down, across in TURNS:
        scale = torch.diag(torch.tensor([-1.0 if across else 1.0, -1.0 if down else 1.0]))
        matrices.append(scale.flip(0) if transposed else scale)
    return torch.stack(matrices)


def _starts(pairs: Pairs) -> Tensor:
    """(P, 2, 3) from (x, y, 1) in the inner picture as it is to (x, y) in the outer one, -1 to 1."""
    y0, y1, x0, x1 = pairs.window.T
    back = _turn_matrices()[pairs.turn].transpose(1, 2)
    linear = torch.diag_embed(torch.stack([x1 - x0, y1 - y0], 1)) @ back
    return torch.cat([linear, torch.stack([x1 + x0 - 1, y1 + y0 - 1], 1)[..., None]], 2)


def _is_plausible(maps: Tensor, turns: Tensor) -> Tensor:
    """(P,) bool: nothing but a turn, a cut and what a camera moves in a moment."""
    linear = maps[..., :2] @ _turn_matrices()[turns]
    scales = linear.diagonal(dim1=1, dim2=2)
    shears = (linear - torch.diag_embed(scales)).abs().amax((1, 2))
    return (scales > _SCALES[0]).all(1) & (scales < _SCALES[1]).all(1) & (shears < _SHEAR)


def _centres(side: int) -> Tensor:
    """(side,) of the pixel centres, -1 to 1."""
    return (torch.arange(side) + 0.5) * 2 / side - 1


@functools.cache
def _blur_matrix(side: int, sigma: float) -> Tensor:
    """(side, side) Gaussian weights; rows add up to 1, so that nothing comes from beyond the border."""
    place = torch.arange(side, dtype=torch.float32)
    weights = torch.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)


def _blurred(pictures: Tensor, sigma: float) -> Tensor:
    if not sigma:
        return pictures
    matrix = _blur_matrix(pictures.shape[-1], sigma)
    return matrix @ pictures @ matrix.T


def _sampled(pictures: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(P, S, S) the pictures as seen through maps, and 1 where the place lies inside them, 0 elsewhere."""
    centres = _centres(pictures.shape[-1])
    along, down, shift = maps[..., None, None].unbind(2)  # (P, 2, 1, 1) each: the x and y of all
    x, y = (along * centres + down * centres[:, None] + shift).unbind(1)
    inside = ((x.abs() <= 1) & (y.abs() <= 1)).float()
    seen = F.grid_sample(
        pictures[:, None],
        torch.stack([x, y], 3),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return seen[:, 0], inside


def _evened(level: _Level, pictures: Tensor) -> Tensor:
    """The pictures without what is coarse, and as rich in contrast everywhere."""
    detail = _blurred(pictures, level.fine) - _blurred(pictures, level.coarse)
    return detail / (_blurred(detail * detail, level.spread) + 1.0).sqrt()


def _steered(level: _Level, outer: Tensor, inner: Tensor, maps: Tensor) -> Tensor:
    """(P, 2, 3) better maps."""
    count, side = len(outer), level.side
    target = _evened(level, inner)
    down, across = (slope * (side / 2) for slope in torch.gradient(target, dim=(1, 2)))
    x = _centres(side)
    y = x[:, None]
    slopes = torch.stack([across * x, across * y, across, down * x, down * y, down], 1).flatten(2)
    if not level.shear:
        slopes[:, [1, 3]] = 0.0
    normal = slopes @ slopes.transpose(1, 2)
    diagonal = normal.diagonal(dim1=1, dim2=2)
    # Where a picture shows little, it is held where it is.
    ridge = 0.01 * diagonal + 1e-3 * diagonal.mean(1, keepdim=True) + 1e-5 * side**4
    inverse = torch.linalg.inv(normal + torch.diag_embed(ridge))
    last_row = torch.tensor([0.0, 0.0, 1.0]).expand(count, 1, 3)
    for _ in range(level.steps):
        seen, inside = _sampled(outer, maps)
        error = (_evened(level, seen) - target) * inside
        fall = torch.cat([_moments(across * error, x), _moments(down * error, x)], 1)
        if not level.shear:
            fall[:, [1, 3]] = 0.0
        step = (inverse @ fall[..., None]).clamp(-0.1, 0.1).view(count, 2, 3)
        step = step + torch.eye(2, 3)
        maps = maps @ torch.linalg.inv(torch.cat([step, last_row], 1))
    return maps


def _moments(pictures: Tensor, centres: Tensor) -> Tensor:
    """(P, 3): the sums of x · picture, y · picture and picture."""
    columns, rows = pictures.sum(1), pictures.sum(2)
    return torch.stack([columns @ centres, rows @ centres, rows.sum(1)], 1)


def _agreement(outer: Tensor, inner: Tensor, maps: Tensor) -> Tensor:
    """(P,) 0-1: how well detail agrees, over all places that show some in either; 0 where they hardly overlap.

    The mean local correlation, less half its deviation: a copy agrees everywhere, two images that share a dark corner
    or the outline of a blob agree there very well.
    """
    seen, inside = _sampled(outer, maps)
    near = max(_NEAR * outer.shape[-1], _NEAREST)
    a, b = (_blurred(picture, _BAND[0]) - _blurred(picture, _BAND[1]) for picture in (seen, inner))
    aa, ab, bb, cover = (_blurred(part * inside, near) for part in (a * a, a * b, b * b, torch.ones_like(a)))
    noise = _NOISE**2 * cover + 1e-6
    strength = torch.maximum(aa, bb)
    weight = cover * strength / (strength + 4 * noise)
    local = ab / ((aa + noise) * (bb + noise)).sqrt()
    total = weight.sum((1, 2)) + 1e-6
    mean = (local * weight).sum((1, 2)) / total
    spread = ((local - mean[:, None, None]).square() * weight).sum((1, 2)) / total
    score = mean - spread.sqrt() / 2
    apart = ((seen - inner).abs() * inside).sum((1, 2)) / (inside.sum((1, 2)) + 1e-6)
    empty = weight.mean((1, 2)) < _NOTHING
    score = torch.where(empty, (apart <= _EQUAL).float(), score)
    return torch.where(inside.mean((1, 2)) > _OVERLAP, score, 0.0).clamp(0.0, 1.0)

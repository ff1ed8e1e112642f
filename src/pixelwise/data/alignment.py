"""Laying one picture over another, and comparing their detail where they overlap.

Gauss-Newton steps from coarse to fine (S. Baker and I. Matthews, "Lucas-Kanade 20 years on", 2004, the inverse
compositional form) find the affine map; light is evened out before, so that neither a dark corner nor a brighter
exposure steers it. Then what is coarse is removed from both, and the local correlation of the rest is averaged over
all places that show something in either. Pairs that fail at a coarse level are not looked at in a finer one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.data.candidates import TURNS, Pairs

_BATCH = 64  # pairs at a time: what a processor's cache holds


@dataclass(frozen=True)
class _Level:
    """How pictures are compared at one size."""

    side: int  # pixels
    steps: int  # of Gauss-Newton
    coarse: float  # pixels: what is smoother steers nothing
    spread: float  # pixels over which contrast is evened out
    pass_score: float  # less is no near-duplicate
    final_score: float  # the same, where the images hold no finer detail


_LEVELS = (
    _Level(24, 10, 3.0, 6.0, 0.70, 0.95),
    _Level(48, 5, 3.0, 8.0, 0.70, 0.88),
    _Level(96, 3, 3.0, 10.0, 0.68, 0.68),
)
_BAND = 0.7, 2.0  # pixels: detail is what lies between these two blurs
_NEAR = 1 / 12  # of the side: how far a place is compared with its surroundings
_NOISE = 0.3  # grey levels of detail that may be noise
_NOTHING = 0.02  # share of the picture: with less detail than this, grey levels have to be equal
_EQUAL = 1.0  # grey levels, mean difference


@dataclass(frozen=True)
class Alignments:
    """Pairs whose detail agrees.

    Attributes:
        outer, inner, turn: (P,) int64 as in :class:`.candidates.Pairs`.
        score: (P,) float32, 0-1.
        share: (P,) float32, of the area of ``outer`` that ``inner`` shows.
    """

    outer: Tensor
    inner: Tensor
    turn: Tensor
    score: Tensor
    share: Tensor


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
    last = sum((resolution >= 0.74 * level.side).long() for level in _LEVELS[1:])
    maps = _starts(pairs)
    scores = torch.zeros(len(maps))
    alive = torch.arange(len(maps))
    done = []
    for number, level in enumerate(_LEVELS):
        small = pyramid[level.side]
        kept = []
        for batch in alive.split(_BATCH) if len(alive) else ():
            outer, inner = small[pairs.outer[batch]].float(), small[pairs.inner[batch]].float()
            maps[batch] = _steered(level, outer, inner, maps[batch])
            scores[batch] = _agreement(outer, inner, maps[batch])
            least = torch.where(last[batch] == number, level.final_score, level.pass_score)
            kept.append(batch[(scores[batch] >= least) & _is_plausible(maps[batch], pairs.turn[batch])])
        alive = torch.cat([alive[:0], *kept])
        done.append(alive[last[alive] == number])
        alive = alive[last[alive] > number]
    found = torch.cat(done)
    return Alignments(
        pairs.outer[found],
        pairs.inner[found],
        pairs.turn[found],
        scores[found],
        torch.linalg.det(maps[found][..., :2]).abs().clamp(max=1.0),
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
    linear = torch.diag_embed(torch.stack([x1 - x0, y1 - y0], 1)) @ _turn_matrices()[pairs.turn].transpose(
        1, 2
    )
    return torch.cat([linear, torch.stack([x1 + x0 - 1, y1 + y0 - 1], 1)[..., None]], 2)


def _is_plausible(maps: Tensor, turns: Tensor) -> Tensor:
    """(P,) bool: nothing but a turn, a cut and what a camera moves in a moment."""
    linear = maps[..., :2] @ _turn_matrices()[turns]
    scales = linear.diagonal(dim1=1, dim2=2)
    shears = (linear - torch.diag_embed(scales)).abs().amax((1, 2))
    return (scales > 0.7).all(1) & (scales < 1.15).all(1) & (shears < 0.12)


@functools.cache
def _grid(side: int) -> Tensor:
    """(side², 3): (x, y, 1) of the pixel centres, -1 to 1."""
    centres = (torch.arange(side) + 0.5) * 2 / side - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)], 2).view(-1, 3)


@functools.cache
def _blur_matrix(side: int, sigma: float) -> Tensor:
    """(side, side) Gaussian weights; rows add up to 1, so that nothing comes from beyond the border."""
    place = torch.arange(side, dtype=torch.float32)
    weights = torch.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)


def _blurred(pictures: Tensor, sigma: float) -> Tensor:
    matrix = _blur_matrix(pictures.shape[-1], sigma)
    return matrix @ pictures @ matrix.T


def _sampled(pictures: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(P, S, S) the pictures as seen through maps, and 1 where the place lies inside them, 0 elsewhere."""
    side = pictures.shape[-1]
    places = _grid(side) @ maps.transpose(1, 2)
    inside = (places.abs() <= 1).all(2).view(pictures.shape).float()
    seen = F.grid_sample(
        pictures[:, None],
        places.view(*pictures.shape, 2),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return seen[:, 0], inside


def _evened(level: _Level, pictures: Tensor) -> Tensor:
    """The pictures without what is coarse, and as rich in contrast everywhere."""
    detail = pictures - _blurred(pictures, level.coarse)
    return detail / (_blurred(detail * detail, level.spread) + 1.0).sqrt()


def _steered(level: _Level, outer: Tensor, inner: Tensor, maps: Tensor) -> Tensor:
    """(P, 2, 3) better maps."""
    count, side = len(outer), level.side
    target = _evened(level, inner)
    x, y, one = _grid(side).T
    down, across = (slope.flatten(1) * (side / 2) for slope in torch.gradient(target, dim=(1, 2)))
    slopes = torch.stack([across * x, across * y, across * one, down * x, down * y, down * one], 1)
    normal = slopes @ slopes.transpose(1, 2)
    diagonal = normal.diagonal(dim1=1, dim2=2)
    # Where a picture shows little, it is held where it is.
    ridge = 0.01 * diagonal + 1e-3 * diagonal.mean(1, keepdim=True) + 1e-5 * side**4
    inverse = torch.linalg.inv(normal + torch.diag_embed(ridge))
    last_row = torch.tensor([0.0, 0.0, 1.0]).expand(count, 1, 3)
    for _ in range(level.steps):
        seen, inside = _sampled(outer, maps)
        error = ((_evened(level, seen) - target) * inside).flatten(1)[..., None]
        step = (inverse @ (slopes @ error)).clamp(-0.1, 0.1).view(count, 2, 3)
        step = step + torch.eye(2, 3)
        maps = maps @ torch.linalg.inv(torch.cat([step, last_row], 1))
    return maps


def _agreement(outer: Tensor, inner: Tensor, maps: Tensor) -> Tensor:
    """(P,) mean local correlation of detail, over what shows detail in either; 0 where they hardly overlap."""
    seen, inside = _sampled(outer, maps)
    near = _NEAR * outer.shape[-1]
    a, b = (_blurred(picture, _BAND[0]) - _blurred(picture, _BAND[1]) for picture in (seen, inner))
    aa, ab, bb, cover = (_blurred(part * inside, near) for part in (a * a, a * b, b * b, torch.ones_like(a)))
    noise = _NOISE**2 * cover + 1e-6
    strength = torch.maximum(aa, bb)
    weight = cover * strength / (strength + 4 * noise)
    local = ab / ((aa + noise) * (bb + noise)).sqrt()
    score = (local * weight).sum((1, 2)) / (weight.sum((1, 2)) + 1e-6)
    apart = ((seen - inner).abs() * inside).sum((1, 2)) / (inside.sum((1, 2)) + 1e-6)
    empty = weight.mean((1, 2)) < _NOTHING
    score = torch.where(empty, (apart <= _EQUAL).float(), score)
    return torch.where(inside.mean((1, 2)) > 0.6, score, 0.0).clamp(0.0, 1.0)

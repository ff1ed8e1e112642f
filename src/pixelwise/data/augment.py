"""One random change of a whole batch: a single affine map and a single colour matrix for each image.

Everything geometric is one sampling, so labels move exactly as images do; everything about colour is one matrix
product. Randomness comes from the generator alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pixelwise.recipe import Augment, Values
from pixelwise.types import IGNORE_INDEX, INSTANCES, JOINTS, LabelBatch, People

GREY = (0.299, 0.587, 0.114)
"""Share of red, green and blue in brightness (ITU-R BT.601)."""
ERASED = (0.02, 0.2)
"""Shares of the frame that a rectangle covers which hides a part of an image."""


def augment(
    images: Tensor, labels: LabelBatch, recipe: Augment, values: Values, generator: Generator
) -> tuple[Tensor, LabelBatch]:
    """Change images and their labels at random, alike.

    What comes into view beyond the frame is the mirrored picture, in image and label.

    Args:
        images: (N, C, h, w) float, normalised as ``values`` say.
        labels: of the images, at their size.

    Returns:
        Images and labels of the same shapes and dtypes.
    """
    size = (images.shape[-2], images.shape[-1])
    affine = draw_affine(len(images), size, recipe, generator)
    matrices = normalised(affine, size).to(images.device)
    grid = F.affine_grid(matrices, [*images.shape], align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    maps = {name: _moved_map(ids, grid) for name, ids in labels.maps.items()}
    if INSTANCES in maps:
        maps[INSTANCES] = _mirrored_apart(maps[INSTANCES], grid)
        if recipe.paste:
            moved, maps = paste(moved, maps, recipe.paste, generator)
    people = None
    if labels.people is not None:
        people = tuple(
            moved_people(one, matrix, size) for one, matrix in zip(labels.people, affine, strict=True)
        )
        # People in the mirrored picture beyond the frame have no joints: there nothing is said.
        beyond = (grid.abs() > 1).any(dim=-1)
        maps[JOINTS] = maps[JOINTS].masked_fill(beyond, IGNORE_INDEX)
    coloured = recolour(moved, recipe, values, generator)
    if recipe.erase:
        coloured = erase(coloured, recipe.erase, values, generator)
    return coloured, LabelBatch(maps, people)


def moved_people(people: People, matrix: Tensor, size: tuple[int, int]) -> People:
    """People of a frame of ``size`` where its pixels go, by a map (2, 3) of :func:`draw_affine`."""
    backward = matrix.double().numpy()
    linear = np.linalg.inv(backward[:, :2])
    centre = np.array([size[1] / 2, size[0] / 2])
    return people.moved(linear, centre - linear @ (centre + backward[:, 2]))


def _moved_map(ids: Tensor, grid: Tensor) -> Tensor:
    # float32 holds whole numbers up to 2^24 exactly.
    planes = ids[:, None].to(grid.dtype)
    moved = F.grid_sample(planes, grid, mode="nearest", padding_mode="reflection", align_corners=False)
    return moved[:, 0].to(ids.dtype)


def _mirrored_apart(instances: Tensor, grid: Tensor) -> Tensor:
    """Ids of objects (N, h, w) in which an object's mirror images beyond the frame are objects of their own."""
    x, y = (((grid[..., axis] + 1) / 2).floor().clamp_(-1, 1) for axis in (0, 1))
    beyond = (x % 3 + 3 * (y % 3)).to(instances.dtype)  # 0 within the frame, else which of its mirror images
    return torch.where(instances > 0, instances + beyond * (instances.max() + 1), instances)


def paste(
    images: Tensor, maps: Mapping[str, Tensor], probability: float, generator: Generator
) -> tuple[Tensor, dict[str, Tensor]]:
    """Objects of one image laid over another, as they lie there, about half of them (Ghiasi 2021, Copy-Paste).

    Objects that hide each other are what sets of few images have few of.

    Args:
        images: (N, C, h, w); each may get objects of the next.
        maps: of the images, (N, h, w) by name, with ``INSTANCES``.
        probability: that an image gets any.
    """
    ids = maps[INSTANCES].roll(1, 0).long()
    chosen = torch.rand(len(ids), int(ids.max()) + 1, generator=generator) < 0.5
    chosen[:, 0] = False
    chosen &= torch.rand(len(ids), 1, generator=generator) < probability
    chosen = chosen.to(ids.device)
    laid = chosen.gather(1, ids.flatten(1)).view_as(ids)
    pasted = {name: torch.where(laid, values.roll(1, 0), values) for name, values in maps.items()}
    apart = maps[INSTANCES].max() + 1
    pasted[INSTANCES] = torch.where(laid, pasted[INSTANCES] + apart, pasted[INSTANCES])
    return torch.where(laid[:, None], images.roll(1, 0), images), pasted


def erase(images: Tensor, probability: float, values: Values, generator: Generator) -> Tensor:
    """By chance a rectangle of a random colour over an image, so that what it hides is told by the rest (Zhong 2020).

    It has an area within ``ERASED`` of the frame's, log-uniform, and as a share of the frame it is up to twice as high
    as it is wide, or as wide as it is high; where its centre lies near the border, a part of it is beyond.

    Args:
        images: (N, C, h, w), normalised as ``values`` say.
    """
    (count, channels), (height, width) = images.shape[:2], images.shape[-2:]

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=generator)

    side = torch.exp(uniform(*map(math.log, ERASED)) / 2)
    stretch = torch.exp(uniform(-math.log(2), math.log(2)) / 2)
    down, right = (torch.arange(size) + 0.5 for size in (height, width))
    rows = (down - height * uniform(0, 1)).abs() < height * side * stretch / 2
    columns = (right - width * uniform(0, 1)).abs() < width * side / stretch / 2
    hit = torch.rand(count, 1, 1, generator=generator) < probability
    colour = (torch.rand(count, channels, 1, 1, generator=generator) - values.mean) / values.std
    hidden = hit & rows[:, :, None] & columns[:, None, :]
    return torch.where(hidden[:, None].to(images.device), colour.to(images), images)


def draw_affine(count: int, size: tuple[int, int], recipe: Augment, generator: Generator) -> Tensor:
    """Random maps (N, 2, 3) float32 from the result to the source, for (x, y) in pixels from the centre."""

    def uniform(limit: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    def mirror(probability: float) -> Tensor:
        return 1 - 2 * (torch.rand(count, generator=generator) < probability).float()

    angle = uniform(math.radians(recipe.rotate))
    factor = torch.exp(uniform(math.log(recipe.scale)))
    cosine, sine = torch.cos(angle) / factor, torch.sin(angle) / factor
    shear = uniform(recipe.shear)
    flip_x, flip_y = mirror(recipe.hflip), mirror(recipe.vflip)
    shift_x, shift_y = uniform(recipe.shift) * size[1], uniform(recipe.shift) * size[0]
    first = torch.stack([flip_x * cosine, flip_x * (shear * cosine - sine), shift_x], dim=1)
    second = torch.stack([flip_y * sine, flip_y * (shear * sine + cosine), shift_y], dim=1)
    return torch.stack([first, second], dim=1)


def normalised(matrices: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (N, 2, 3) in pixels from the centre as ``affine_grid`` wants them: both sides of the frame at ±1."""
    half = torch.tensor([size[1] / 2, size[0] / 2])
    linear = matrices[:, :, :2] * half[None, None, :] / half[None, :, None]
    return torch.cat([linear, matrices[:, :, 2:] / half[None, :, None]], dim=2)


def recolour(images: Tensor, recipe: Augment, values: Values, generator: Generator) -> Tensor:
    """Random gain of each channel, then saturation and contrast about the image's mean, then brightness.

    Args:
        images: (N, C, h, w), normalised as ``values`` say; three channels are red, green and blue, and only they have
            a saturation.
    """
    count, channels = images.shape[:2]

    def uniform(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * 2 - 1

    contrast = 1 + recipe.contrast * uniform(1, 1)
    gains = 1 + recipe.colour * uniform(channels, 1)
    saturation = 1 + recipe.saturation * uniform(1, 1)
    brightness = recipe.brightness / values.std * uniform(1, 1)
    mix = torch.eye(channels)
    if channels == 3:
        mix = saturation * mix + (1 - saturation) * torch.tensor(GREY).expand(3, 3)
    mix = contrast * mix * gains.transpose(1, 2)
    mix, gains, brightness = (one.to(images.device) for one in (mix, gains, brightness))
    mean = images.mean(dim=(2, 3))[:, :, None]
    # A gain acts on light, whose zero lies at -mean / std after normalisation.
    cast_mean = gains * mean + (gains - 1) * values.mean / values.std
    flat = torch.baddbmm(cast_mean - mix @ mean + brightness, mix, images.flatten(2))
    return flat.view_as(images)

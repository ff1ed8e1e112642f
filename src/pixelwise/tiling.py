"""How an image lies before the network: in one frame, or on a canvas of its own that overlapping tiles cover."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from pixelwise.geometry import Frame, resize
from pixelwise.recipe import Scale
from pixelwise.types import Size, Window

OVERLAP = 0.25
"""Of a tile's side, that it shares with the next one, at least."""
LARGE = 4096 * 4096
"""Pixels of an image beyond which it is predicted in windows."""
WINDOW = 2048
"""Sides of these, in pixels of the image."""


@dataclass(frozen=True)
class Tiling:
    """A canvas that holds the scaled image, and the tiles that cover it.

    Attributes:
        canvas: where the image lies; with policy "fit" it is the frame.
        tile_size: (h, w) of each tile.
        places: (top, left) of the tiles on the canvas, row by row.
    """

    canvas: Frame
    tile_size: Size
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, image_size: Size, scale: Scale) -> Tiling:
        """The tiling of an image (H, W) by a recipe's scale."""
        if scale.policy == "fit":
            return cls(Frame.fit(image_size, scale.size), scale.size, ((0, 0),))
        canvas = _canvas(image_size, scale)
        rows, columns = (
            _starts(length, side) for length, side in zip(canvas.frame_size, scale.size, strict=True)
        )
        return cls(canvas, scale.size, tuple(product(rows, columns)))

    def cut(self, values: Tensor) -> Iterator[Tensor]:
        """Of values (..., H, W) over the canvas, those of each tile (..., h, w)."""
        height, width = self.tile_size
        for top, left in self.places:
            yield values[..., top : top + height, left : left + width]

    def joined(self, tiles: Iterator[Tensor]) -> Tensor:
        """Values (C, H, W) over the canvas from those of each tile in turn, (C, h', w') at any stride.

        Where tiles overlap it is their mean, each weighted by how far the pixel is from the tile's edge. A single tile
        is returned as it is.
        """
        if len(self.places) == 1:
            return next(tiles)
        height, width = self.tile_size
        weight = _ramp(height)[:, None] * _ramp(width)
        total = covered = torch.zeros(0)
        for (top, left), tile in zip(self.places, tiles, strict=True):
            if not total.numel():
                total = torch.zeros(len(tile), *self.canvas.frame_size, device=tile.device)
                covered, weight = torch.zeros_like(total[0]), weight.to(tile.device)
            part = slice(top, top + height), slice(left, left + width)
            total[:, *part] += resize(tile[None].float(), self.tile_size)[0] * weight
            covered[part] += weight
        return total.div_(covered)


def windows_of(image_size: Size, side: int = WINDOW, large: int = LARGE) -> tuple[Window, ...]:
    """Overlapping windows of an image (H, W), row by row, that are predicted one by one; one of all that is not large.

    An image is large by more than ``large`` pixels.

    The fields of a large image at its own size do not fit into memory; results of windows do.
    """
    height, width = image_size
    if height * width <= large:
        return (Window(0, 0, width, height),)
    tops, lefts = _starts(max(height, side), side), _starts(max(width, side), side)
    return tuple(Window(x, y, min(x + side, width), min(y + side, height)) for y, x in product(tops, lefts))


def _canvas(image_size: Size, scale: Scale) -> Frame:
    """The image scaled by ``scale.zoom``; where that is less than a tile, padding on both sides."""
    content = tuple(max(1, round(length * scale.zoom)) for length in image_size)
    height, width = (max(length, side) for length, side in zip(content, scale.size, strict=True))
    top, left = (height - content[0]) // 2, (width - content[1]) // 2
    return Frame(image_size, (height, width), (content[0], content[1]), top, left)


def _starts(length: int, side: int) -> list[int]:
    """Where tiles of ``side`` begin, evenly spaced, the first and the last flush with the ends of ``length``."""
    count = math.ceil((length - side) / (side * (1 - OVERLAP))) + 1
    return [round(index * (length - side) / max(1, count - 1)) for index in range(count)]


def _ramp(side: int) -> Tensor:
    """(side,) from next to 0 at both ends to 1 in the middle."""
    place = torch.arange(side) + 0.5
    return torch.minimum(place, side - place) * 2 / side

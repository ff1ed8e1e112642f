"""The one resize, and how an image lies in a frame of fixed size.

Resizing is half-pixel: the centre of pixel x of n lies at (x + 0.5) / n of the width, whatever n is. Downscaling is
anti-aliased. Training frames and Predictor both call these functions, so that they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.types import OUTSIDE, Field, IdMap, Label, People, Pixels, Size


def resize(values: Tensor, size: Size) -> Tensor:
    """Bilinear half-pixel resize, anti-aliased when it makes smaller.

    Args:
        values: (N, C, H, W), float or uint8.
        size: (height, width) wanted.

    Returns:
        (N, C, *size) of the same dtype.
    """
    if values.shape[-2:] == size:
        return values
    if size[1] > 1:
        return _interpolated(values, size)
    # The CPU kernel of torch 2.13 reads astray where the width wanted is 1: each side is resized beside a twin.
    row = _interpolated(torch.cat([values.mT] * 2, dim=-1), (1, 2 * values.shape[-2]))[
        ..., : values.shape[-2]
    ]
    return _interpolated(torch.cat([row.mT] * 2, dim=-1), (size[0], 2))[..., :1]


def resize_logits(values: Tensor, size: Size) -> Tensor:
    """:func:`resize` for what is learned from: up to rounding, which may exceed the range of the values.

    Without anti-aliasing, which changes nothing where it enlarges, the kernel takes a quarter of the time.
    """
    if size[0] < values.shape[-2] or size[1] < values.shape[-1]:
        return resize(values, size)
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False)


def _interpolated(values: Tensor, size: Size) -> Tensor:
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False, antialias=True)


def _resized_pixels(planes: Tensor, size: Size) -> Tensor:
    """Pixels of any dtype resized; whole numbers of 16 bits by way of float32, which holds them exactly."""
    if planes.dtype in {torch.uint8, torch.float32} or planes.shape[-2:] == size:
        return resize(planes, size)
    return resize(planes.float(), size).round_().to(planes.dtype)


def resize_ids(ids: Tensor, size: Size) -> Tensor:
    """Nearest half-pixel resize of ids: (N, H, W) uint8 or int32 to (N, *size) of its dtype; makes no new ids."""
    if ids.shape[-2:] == size:
        return ids
    # The kernel takes no int32, and float64 holds all of it exactly.
    planes = ids[:, None] if ids.dtype == torch.uint8 else ids[:, None].double()
    return F.interpolate(planes, size=size, mode="nearest-exact")[:, 0].to(ids.dtype)


@dataclass(frozen=True)
class Frame:
    """Where an image lies in a frame: scaled with its aspect kept, centred, the rest padding.

    Attributes:
        image_size: (H, W) of the image.
        frame_size: (h, w) of the frame.
        content_size: size of the scaled image; its aspect is the image's up to rounding to whole pixels.
        top, left: where the scaled image begins.
    """

    image_size: Size
    frame_size: Size
    content_size: Size
    top: int
    left: int

    @classmethod
    def fit(cls, image_size: Size, frame_size: Size) -> Frame:
        """The largest placement of an image of ``image_size`` inside ``frame_size``."""
        scale = min(frame_size[0] / image_size[0], frame_size[1] / image_size[1])
        height, width = (
            min(limit, max(1, round(length * scale)))
            for length, limit in zip(image_size, frame_size, strict=True)
        )
        top, left = (frame_size[0] - height) // 2, (frame_size[1] - width) // 2
        return cls(image_size, frame_size, (height, width), top, left)

    def place_image(self, image: Pixels, fill: tuple[float, ...]) -> Tensor:
        """(H, W, C) image to (C, h, w) of its dtype in the frame; padding holds ``fill``, a value per channel."""
        planes = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
        framed = torch.tensor(fill).to(planes.dtype)[:, None, None].repeat(1, *self.frame_size)
        self._content(framed)[:] = _resized_pixels(planes, self.content_size)[0]
        return framed

    def place_ids(self, ids: IdMap, fill: int) -> Tensor:
        """(H, W) ids, uint8 or int32, to (h, w) of their dtype in the frame; padding holds ``fill``."""
        planes = torch.from_numpy(np.array(ids))[None]
        framed = torch.full(self.frame_size, fill, dtype=planes.dtype)
        self._content(framed)[:] = resize_ids(planes, self.content_size)[0]
        return framed

    def place_label(self, label: Label) -> dict[str, Tensor]:
        """Every map of a label in the frame, (h, w) by name; padding holds what lies beyond an image."""
        return {name: self.place_ids(values, OUTSIDE[name]) for name, values in label.maps.items()}

    def place_people(self, people: People) -> People:
        """People of the image in the frame's pixels."""
        scale = self._scale()
        return people.moved(np.diag(scale), np.array([self.left, self.top], np.float64))

    def points_to_image(self, points: NDArray[np.float64], size: Size) -> NDArray[np.float64]:
        """(..., 2) x and y in a field (h', w') over the frame, at any stride, to pixels of the image; edges to edges.

        Args:
            size: (h', w') of the field.
        """
        stride = np.array([self.frame_size[1] / size[1], self.frame_size[0] / size[0]])
        framed: NDArray[np.float64] = (points * stride - [self.left, self.top]) / self._scale()
        return framed

    def _scale(self) -> NDArray[np.float64]:
        """(2,): the frame's pixels over the image's, across and down."""
        return np.array(
            [self.content_size[1] / self.image_size[1], self.content_size[0] / self.image_size[0]]
        )

    def to_image(self, values: Tensor, field: Field) -> Tensor:
        """(C, h', w') values of ``field`` over the frame, at any stride, to (C, H, W) at the image's own size.

        Lengths in pixels become lengths in the image's pixels.
        """
        framed = resize(values[None], self.frame_size)
        scaled = resize(self._content(framed), self.image_size)[0]
        if not field.in_pixels:
            return scaled
        ratio = torch.ones(field.channels, dtype=scaled.dtype)
        for x_channel, y_channel in field.vectors:
            ratio[x_channel] = self.image_size[1] / self.content_size[1]
            ratio[y_channel] = self.image_size[0] / self.content_size[0]
        return scaled * ratio[:, None, None].to(scaled.device)

    def _content(self, framed: Tensor) -> Tensor:
        return framed[
            ..., self.top : self.top + self.content_size[0], self.left : self.left + self.content_size[1]
        ]


def flip_field(values: Tensor, field: Field, *, horizontal: bool, vertical: bool) -> Tensor:
    """Mirror (..., C, H, W) values of ``field`` as the mirrored image would show them.

    Vectors change sign along the mirrored axis and left and right channels swap places after a horizontal mirror.
    Applied twice it gives back what it got.
    """
    axes = [axis for axis, wanted in ((-1, horizontal), (-2, vertical)) if wanted]
    flipped = torch.flip(values, axes) if axes else values
    if horizontal and field.hflip is not None:
        flipped = flipped[..., list(field.hflip), :, :]
    signs = torch.ones(field.channels, dtype=flipped.dtype, device=flipped.device)
    for x_channel, y_channel in field.vectors:
        signs[x_channel] = -1.0 if horizontal else 1.0
        signs[y_channel] = -1.0 if vertical else 1.0
    if horizontal and field.negated:
        signs[list(field.negated)] *= -1.0
    return flipped * signs[:, None, None] if field.vectors or field.negated else flipped


def turn_image(
    values: Tensor, degrees: float, padding: Literal["zeros", "reflection"] = "reflection"
) -> Tensor:
    """(N, C, H, W) turned about the middle by ``degrees``, counter-clockwise as one sees it.

    What comes into view beyond the border is the mirrored image, or 0.
    """
    height, width = values.shape[-2:]
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    matrix = torch.tensor(
        [[cosine, -sine * height / width, 0.0], [sine * width / height, cosine, 0.0]],
        dtype=values.dtype,
        device=values.device,
    )
    grid = F.affine_grid(matrix.expand(len(values), -1, -1), list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def turn_field(values: Tensor, field: Field, degrees: float) -> Tensor:
    """(N, C, H, W) values of ``field`` as the turned image would show them; 0 where nothing is known of it."""
    turned = turn_image(values, degrees, "zeros")
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    for x_channel, y_channel in field.vectors:
        x, y = turned[:, x_channel].clone(), turned[:, y_channel].clone()
        turned[:, x_channel], turned[:, y_channel] = cosine * x + sine * y, cosine * y - sine * x
    return turned


def usual_size(sizes: Mapping[Size, int]) -> Size:
    """(height, width) of median area and median aspect, of images of which so many have each (height, width)."""
    counts = list(sizes.values())
    aspect = float(np.median(np.repeat([width / height for height, width in sizes], counts)))
    area = float(np.median(np.repeat([height * width for height, width in sizes], counts)))
    return max(1, round((area / aspect) ** 0.5)), max(1, round((area * aspect) ** 0.5))


def usual_frame(sizes: Mapping[Size, int], pixels: int, multiple: int = 32) -> Size:
    """Frame for images of these sizes: about ``pixels`` in area, sides multiples of ``multiple``, usual aspect.

    Args:
        sizes: how many images have each (height, width).
        pixels: area wanted.

    Returns:
        (height, width) whose aspect is nearest to the median aspect, among those within 25% of the area.
    """
    height, width = usual_size(sizes)
    aspect = float(np.clip(width / height, 0.25, 4.0))
    sides = range(multiple, 4 * int(pixels**0.5) + multiple, multiple)
    candidates = [(h, w) for h in sides for w in sides if abs(np.log(h * w / pixels)) <= np.log(1.25)]
    return min(candidates, key=lambda size: _misfit(size, aspect, pixels))


def _misfit(size: Size, aspect: float, pixels: int) -> float:
    height, width = size
    # The area counts less than the aspect: padding is wasted arithmetic, a slightly smaller frame is not.
    return abs(float(np.log(width / height / aspect))) + 0.25 * abs(float(np.log(height * width / pixels)))

"""The small copy of a picture that all methods work on, and the ways to look at its colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from pixelwise.geometry import Frame
from pixelwise.types import Field, Image, Size

WORKING_SIDE = 256
"""Pixels of the longer side of the copy; smaller pictures are taken as they are."""
FEWEST_PIXELS = 8
"""A copy that is narrower or lower shows nothing that could be told apart."""

Mask = NDArray[np.bool_]
Regions = NDArray[np.int64]
"""(h, w) numbers of regions from 0."""
Plane = NDArray[np.float32]
"""(h, w) values 0–1."""
Lab = NDArray[np.float32]
"""(h, w, 3) CIELAB, in which equal distances look about equal; lightness is 0–100."""

_MASK = Field("mask", 1, "none")


@dataclass(frozen=True)
class Picture:
    """A small picture (h, w, 3) uint8 sRGB, with the seed of what is random in a method."""

    rgb: Image
    seed: int = 0

    @property
    def size(self) -> Size:
        """(height, width)."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to tell apart: one colour, or hardly any pixels."""
        return min(self.size) < FEWEST_PIXELS or bool((self.rgb == self.rgb[0, 0]).all())

    @cached_property
    def lab(self) -> Lab:
        """CIELAB."""
        from skimage.color import rgb2lab

        values: Lab = rgb2lab(self.rgb).astype(np.float32)
        return values

    @cached_property
    def grey(self) -> Plane:
        """Lightness."""
        plane: Plane = np.clip(self.lab[..., 0] / 100, 0, 1)
        return plane

    def plane(self, name: str) -> Plane:
        """One value at each pixel: "grey", "blue", "saturation", or "main", the direction that colours vary most in."""
        match name:
            case "grey":
                return self.grey
            case "blue":
                return self.rgb[..., 2].astype(np.float32) / np.float32(255)
            case "saturation":
                highest = self.rgb.max(axis=2).astype(np.int64)
                spread = highest - self.rgb.min(axis=2)
                saturation: Plane = (spread / np.maximum(highest, 1)).astype(np.float32)
                return saturation
            case "main":
                return self._main()
        raise ValueError(f"there is no plane '{name}'")

    def smooth(self, name: str, sigma: float) -> Plane:
        """A plane after a Gaussian blur of ``sigma`` pixels."""
        from scipy.ndimage import gaussian_filter

        blurred: Plane = gaussian_filter(self.plane(name), sigma)
        return blurred

    def _main(self) -> Plane:
        centred = self.lab.reshape(-1, 3) - self.lab.mean(axis=(0, 1))
        _, directions = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
        along = (centred @ directions[:, -1]).reshape(self.size)
        low, high = along.min(), along.max()
        plane: Plane = ((along - low) / max(high - low, 1e-9)).astype(np.float32)
        return plane


def small_copy(image: Image) -> tuple[Image, Frame]:
    """A copy of an image (H, W, 3) whose longer side is at most ``WORKING_SIDE``, and where it lies in the image."""
    size = image.shape[0], image.shape[1]
    scale = min(1.0, WORKING_SIDE / max(size))
    height, width = (max(1, round(side * scale)) for side in size)
    frame = Frame(size, (height, width), (height, width), 0, 0)
    copy: Image = frame.place_image(image, (0.0, 0.0, 0.0)).permute(1, 2, 0).numpy()
    return copy, frame


def full_size(mask: Mask, frame: Frame) -> Mask:
    """A mask (h, w) of the copy at the image's own size (H, W): where its bilinear resize is at least one half."""
    values = frame.to_image(torch.from_numpy(mask.astype(np.float32))[None], _MASK)[0]
    large: Mask = values.numpy() >= 0.5
    return large

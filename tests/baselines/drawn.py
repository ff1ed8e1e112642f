"""Pictures whose object is known."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.picture import Mask
from pixelwise.types import Image


def disc(size: tuple[int, int], radius: float, offset: tuple[float, float] = (0.0, 0.0)) -> Mask:
    """(H, W) bool: a disc about the middle, moved by (y, x)."""
    y, x = np.indices(size)
    centre = size[0] / 2 + offset[0], size[1] / 2 + offset[1]
    inside: Mask = (y + 0.5 - centre[0]) ** 2 + (x + 0.5 - centre[1]) ** 2 <= radius**2
    return inside


def coloured(mask: Mask, inside: tuple[int, int, int], outside: tuple[int, int, int], seed: int = 0) -> Image:
    """Two colours with some noise of a fixed seed."""
    flat = np.where(mask[..., None], inside, outside)
    noise = np.random.default_rng(seed).normal(0, 4, flat.shape)
    return np.clip(flat + noise, 0, 255).astype(np.uint8)


def mole(seed: int, size: tuple[int, int] = (120, 160)) -> tuple[Image, Mask]:
    """A dark brown disc on skin, near the middle."""
    generator = np.random.default_rng(seed)
    y, x = generator.uniform(-8, 8, 2)
    mask = disc(size, generator.uniform(28, 40), (y, x))
    return coloured(mask, (90, 55, 45), (215, 170, 150), seed), mask

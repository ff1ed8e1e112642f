"""How well the edges of a mask follow those of its image, and whether they would follow better elsewhere.

Both pictures are turned into fields of edge direction, as doubled angles, so that it does not matter which side is
the brighter. Their cross-correlation over shifts has a peak where the mask fits; a mask that was moved has it beside
the middle, one that belongs to another image has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

SIDE = 128
"""Longest side that edges are compared at."""
REACH = 20
"""Largest shift that is tried, in pixels of the small picture: 16% of its longest side."""
_BLUR = 1.0
_LEAST = 0.01  # grey levels per pixel: less is the error of the computation
_CLASSES = 6  # of a mask with more, the largest count

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class Fit:
    """How a mask lies on its image.

    Attributes:
        here: correlation where it lies, in standard deviations over all shifts.
        best: the highest correlation, in the same unit.
        shift: (x, y) of that one, as a share of the longest side; positive moves the mask right and down.
    """

    here: float
    best: float
    shift: tuple[float, float]

    @property
    def distance(self) -> float:
        """Length of the shift, as a share of the longest side."""
        return float(np.hypot(*self.shift))


def fit(grey: Plane, classes: Plane) -> Fit | None:
    """How a mask fits; None where it has no edge or the image none.

    Args:
        grey: (h, w) brightness.
        classes: (h, w) class ids of the same size.
    """
    surface = correlation(edges_of_image(grey), edges_of_mask(classes))
    spread = float(surface.std())
    if spread < 1e-9:
        return None
    row, column = divmod(int(surface.argmax()), surface.shape[1])
    unit = max(_small_size(grey.shape))
    return Fit(
        here=float(surface[REACH, REACH]) / spread,
        best=float(surface.max()) / spread,
        shift=((column - REACH) / unit, (row - REACH) / unit),
    )


def edges_of_image(grey: Plane) -> Tensor:
    """(2, h, w) float32 direction of edges as cosine and sine of twice the angle, longer where an edge is clear."""
    x, y = _gradient(_small(grey, PIL.Image.Resampling.BOX))
    length = torch.hypot(x, y) + 1e-3
    # Weak texture counts little, but a strong edge not ten times as much as a clear one.
    weight = length / (length + 2 * length.median()) / length.square()
    return torch.stack([(x.square() - y.square()) * weight, 2 * x * y * weight])


def edges_of_mask(classes: Plane) -> Tensor:
    """(2, h, w) float32 direction of the edges of the largest classes."""
    small = _small(classes, PIL.Image.Resampling.NEAREST)
    values, counts = np.unique(small, return_counts=True)
    largest = values[np.argsort(counts)[::-1]][:_CLASSES]
    total = torch.zeros(2, *small.shape)
    for value in largest[: 1 if len(values) == 2 else None]:
        x, y = _gradient((small == value) * np.float32(255))
        length = torch.hypot(x, y) + 1e-3
        total += torch.stack([(x.square() - y.square()) / length, 2 * x * y / length])
    return total


def correlation(image: Tensor, mask: Tensor) -> Tensor:
    """(2 REACH + 1, 2 REACH + 1) agreement for every shift of the mask; (y, x), the middle is no shift."""
    size = (image.shape[-2] + 2 * REACH, image.shape[-1] + 2 * REACH)
    product = torch.fft.rfft2(image, size) * torch.fft.rfft2(mask, size).conj()
    surface: Tensor = torch.fft.irfft2(product.sum(dim=0), size)
    return surface.roll((REACH, REACH), (0, 1))[: 2 * REACH + 1, : 2 * REACH + 1]


def resized(classes: Plane, shape: tuple[int, ...]) -> Plane:
    """Class ids (h, w) at another size, by nearest neighbour."""
    return np.asarray(PIL.Image.fromarray(classes).resize((shape[1], shape[0]), PIL.Image.Resampling.NEAREST))


def _small_size(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1.0, SIDE / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _small(plane: Plane, how: PIL.Image.Resampling) -> NDArray[np.float32]:
    height, width = _small_size(plane.shape)
    return np.asarray(PIL.Image.fromarray(plane).resize((width, height), how), np.float32)


def _gradient(plane: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Slope to the right and downwards, (h, w) each, in grey levels per pixel."""
    values = torch.from_numpy(plane)[None, None]
    reach = int(3 * _BLUR) + 1
    places = torch.arange(-reach, reach + 1, dtype=torch.float32)
    bell = torch.exp(-0.5 * (places / _BLUR) ** 2)
    slope = -places * bell
    bell, slope = bell / bell.sum(), slope / (slope * -places).sum().abs()
    padded = torch.nn.functional.pad(values, (reach,) * 4, mode="replicate")

    def along(rows: Tensor, columns: Tensor) -> Tensor:
        down = torch.nn.functional.conv2d(padded, rows[None, None, :, None])
        return torch.nn.functional.conv2d(down, columns[None, None, None, :])[0, 0]

    x, y = along(bell, slope), along(slope, bell)
    clear = torch.hypot(x, y) > _LEAST
    return x * clear, y * clear

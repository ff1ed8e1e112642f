"""Arrays as image files hold them to pixels of one of four types; limits that headers are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data import pictures
from pixelwise.data.pictures import PictureError
from pixelwise.types import MAX_CHANNELS, PixelFormat, Pixels, PixelType, Size

MAX_BYTES = 6 * pictures.MAX_PIXELS
"""Larger arrays are refused: as many bytes as the largest picture takes in 16-bit colour."""

_TYPES: Mapping[str, PixelType] = MappingProxyType(
    {
        "u1": "uint8",
        "u2": "uint16",
        "i1": "int16",
        "i2": "int16",
        **dict.fromkeys(("u4", "i4", "u8", "i8"), "uint16"),  # the values have to fit
        **dict.fromkeys(("f2", "f4", "f8"), "float32"),
    }
)
_TURNS: Mapping[int, Callable[[NDArray[Any]], NDArray[Any]]] = MappingProxyType(
    {
        2: lambda pixels: pixels[:, ::-1],
        3: lambda pixels: pixels[::-1, ::-1],
        4: lambda pixels: pixels[::-1],
        5: lambda pixels: pixels.swapaxes(0, 1),
        6: lambda pixels: np.rot90(pixels, -1),
        7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
        8: lambda pixels: np.rot90(pixels),
    }
)


@dataclass(frozen=True)
class ImageHeader:
    """What an image file says before its pixels are decoded.

    Attributes:
        size: (height, width) upright.
        pixels: what it is read as.
    """

    size: Size
    pixels: PixelFormat


def checked_header(path: Path, size: Size, channels: int, dtype: np.dtype[Any]) -> ImageHeader:
    """The header of an image of this (height, width), channels and stored type.

    Raises:
        PictureError: no pixels, too many pixels or channels, or a type that cannot be kept.
    """
    kept = _TYPES.get(dtype.str[1:])
    if kept is None:
        raise PictureError("foreign", f"{path} holds {dtype}; save it as uint8, uint16, int16 or float32.")
    if min(*size, channels) < 1:
        raise PictureError("damaged", f"{path} holds no pixels; replace the file.")
    if channels > MAX_CHANNELS:
        raise PictureError(
            "foreign",
            f"{path} has {channels} channels where {MAX_CHANNELS} are possible; "
            "save it as height × width × channels, with fewer channels.",
        )
    if size[0] * size[1] > pictures.MAX_PIXELS or size[0] * size[1] * channels * dtype.itemsize > MAX_BYTES:
        raise PictureError(
            "enormous",
            f"{path} is {size[1]}×{size[0]} pixels of {channels} × {dtype.itemsize} bytes, "
            "which is too large to read.",
        )
    return ImageHeader(size, PixelFormat(channels, kept))


def kept_values(path: Path, values: NDArray[Any]) -> Pixels:
    """(H, W, C) values in their type or the one that stands for it, in this machine's byte order.

    Raises:
        PictureError: values that do not fit, or that are no numbers.
    """
    kept = np.dtype(_TYPES[values.dtype.str[1:]])
    if kept == np.float32:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            fractions = np.ascontiguousarray(values, np.float32)
        if not np.isfinite(fractions).all():
            raise PictureError(
                "foreign", f"{path} holds values that are no finite numbers; replace them, by 0 for instance."
            )
        return fractions
    if values.dtype.itemsize > 2:
        _check_fits(path, values)
    return np.ascontiguousarray(values, kept)


def upright_values(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """(H, W, …) values turned as an EXIF orientation says, 1–8."""
    turn = _TURNS.get(orientation)
    return values if turn is None else turn(values)


def laid_on_white(
    colours: NDArray[np.uint16], alpha: NDArray[np.uint16], *, multiplied: bool = False
) -> NDArray[np.uint16]:
    """(H, W, C) colours of 16 bits with what is transparent showing white.

    Args:
        alpha: (H, W), 65535 where nothing shows through.
        multiplied: colours have been multiplied by alpha already.
    """
    opaque = alpha[..., None].astype(np.float32) / 65535
    over = colours if multiplied else colours * opaque
    return np.clip(np.rint(over + 65535 * (1 - opaque)), 0, 65535).astype(np.uint16)


def _check_fits(path: Path, values: NDArray[Any]) -> None:
    least, most = int(values.min()), int(values.max())
    if least < 0 or most > 65535:
        raise PictureError(
            "foreign",
            f"{path} holds whole numbers from {least} to {most}, which 16 bits do not hold; "
            "save it as int16 or float32.",
        )

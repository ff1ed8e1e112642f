"""Pictures of more than 8 bits a channel, as far as Pillow can be made to give them whole.

Pillow keeps grey of 16 and 32 bits. Of 48-bit colours it keeps the high bytes only; but it can be told in which order
the bytes lie, so a second decoding that is told the wrong order gives the low ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageFile
from numpy.typing import NDArray

from pixelwise.data.pictures import (
    ORIENTATION,
    PictureError,
    opened,
    raw_mode,
    upright_size,
)
from pixelwise.data.pixels import ImageHeader, checked_header, kept_values, laid_on_white, upright_values
from pixelwise.types import RGB8, PixelFormat, Pixels

_OTHER_ENDED = "L" if sys.byteorder == "big" else "B"


@dataclass(frozen=True)
class _Halves:
    """Raw modes that give the high and the low byte of colours, and their channels without alpha."""

    high: str
    low: str
    channels: int


_COLOURS: Mapping[str, _Halves] = MappingProxyType(
    {
        "RGB;16B": _Halves("RGB;16B", "RGB;16L", 3),
        "RGBA;16B": _Halves("RGBA;16B", "RGBA;16L", 3),
        "RGB;16L": _Halves("RGB;16L", "RGB;16B", 3),
        "RGBA;16L": _Halves("RGBA;16L", "RGBA;16B", 3),
        # What libtiff has unpacked lies in the order of this machine.
        "RGB;16N": _Halves("RGB;16N", f"RGB;16{_OTHER_ENDED}", 3),
        "RGBA;16N": _Halves("RGBA;16N", f"RGBA;16{_OTHER_ENDED}", 3),
        # Four bytes a pixel: taken for four channels, none is lost.
        "LA;16B": _Halves("RGBA", "RGBA", 1),
    }
)


def picture_format(path: Path, picture: PIL.ImageFile.ImageFile) -> PixelFormat:
    """What an open picture is read as; to be asked before it is decoded.

    Raises:
        PictureError: colours of more than 8 bits in a format where they cannot be had.
    """
    raw = raw_mode(picture)
    if picture.mode == "F":
        return PixelFormat(1, "float32")
    if picture.mode.startswith("I"):
        return PixelFormat(1, "uint16")
    if not _is_deep_colour(raw):
        return RGB8
    if raw not in _COLOURS or picture.format not in {"PNG", "TIFF"}:
        raise PictureError("foreign", f"{path} holds colours of more than 8 bits; save it as a PNG.")
    return PixelFormat(_COLOURS[raw].channels, "uint16")


def picture_header(path: Path, picture: PIL.ImageFile.ImageFile) -> ImageHeader:
    """The header of an open picture that is not decoded yet.

    Raises:
        PictureError: as :func:`picture_format`, or too large.
    """
    found = picture_format(path, picture)
    size = upright_size(picture)  # asked last: a PNG is decoded for it, since EXIF data may follow the pixels
    return (
        ImageHeader(size, RGB8)
        if found == RGB8
        else checked_header(path, size, found.channels, np.dtype(found.dtype))
    )


def read_deep(path: Path) -> Pixels:
    """A picture whose header tells of more than 8 bits, upright: (H, W, C) uint16 or float32.

    Raises:
        PictureError: it cannot be decoded, or its values do not fit.
    """
    with opened(path, load=False) as picture:
        raw = raw_mode(picture)
        if raw not in _COLOURS:
            picture.load()
            return kept_values(path, _finished(picture, np.asarray(picture)[..., None]))
    halves = _COLOURS[raw]
    with _decoded(path, halves.high) as first:
        high = np.asarray(first)
        if halves.high == halves.low:
            values = high.view(">u2").astype(np.uint16)
        else:
            with _decoded(path, halves.low) as second:
                values = high.astype(np.uint16) << 8 | np.asarray(second)
        colours = values[..., : halves.channels]
        if values.shape[2] > halves.channels:
            colours = laid_on_white(colours, values[..., -1])
        return kept_values(path, _finished(first, colours))


def deep_picture(picture: PIL.Image.Image) -> Pixels:
    """A Pillow picture of mode I, I;16 or F in memory, upright: (H, W, 1) uint16 or float32."""
    return kept_values(Path("the picture"), _finished(picture, np.asarray(picture)[..., None]))


def is_deep(picture: PIL.Image.Image) -> bool:
    """Whether a Pillow picture in memory holds more than 8 bits a channel."""
    return picture.mode.startswith(("I", "F"))


def _is_deep_colour(raw: str) -> bool:
    # BGR;16 has 16 bits a pixel, of all its channels.
    return ";16" in raw and not raw.startswith("BGR")


@contextmanager
def _decoded(path: Path, raw: str) -> Iterator[PIL.ImageFile.ImageFile]:
    """The picture decoded as if its bytes were stored in this raw mode."""
    with opened(path, load=False) as picture:
        picture.tile = [tile._replace(args=_with_raw(tile.args, raw)) for tile in picture.tile]
        picture.load()
        yield picture


def _with_raw(arguments: Any, raw: str) -> Any:
    return (raw, *arguments[1:]) if isinstance(arguments, tuple) else raw


def _finished(picture: PIL.Image.Image, values: NDArray[Any]) -> NDArray[Any]:
    """``values`` of a decoded picture upright, the one colour that a PNG may declare transparent turned white."""
    key = picture.info.get("transparency")
    if isinstance(key, int | tuple) and values.dtype == np.uint16:
        clear = (values == np.array(key, np.uint16)).all(axis=2, keepdims=True)
        values = np.where(clear, np.uint16(65535), values)
    return upright_values(values, picture.getexif().get(ORIENTATION, 1))

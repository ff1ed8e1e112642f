"""Reading image and mask files into arrays, upright, or saying in one sentence why not."""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFile
import PIL.TiffImagePlugin
from numpy.typing import NDArray

from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, Image, LabelMap, Size

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
# We have a limit of our own. Set once here, since changing filters around each reading is not safe in threads.
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)

MAX_PIXELS = 178_000_000
"""Larger files are refused: reading one would fill the memory of an ordinary computer (Pillow's limit is near)."""

_ORIENTATION = 0x0112
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


def is_image(path: Path) -> bool:
    """Whether the name is that of an image file (hidden files are not)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_image(path: Path) -> Image:
    """Read an image as the person who made it sees it: (H, W, 3) uint8 sRGB, EXIF rotation applied.

    Raises:
        DataError: no such file, no image, cut short, enormous, animated, or more than 8 bits a channel.
    """
    with _opened(path) as picture:
        return picture_to_array(picture)


def picture_to_array(picture: PIL.Image.Image) -> Image:
    """A Pillow picture as it is seen: (H, W, 3) uint8 sRGB, EXIF rotation applied, laid on white.

    Raises:
        DataError: more than 8 bits a channel.
    """
    if picture.mode.startswith(("I", "F")):
        raise DataError(
            f"the picture holds more than 8 bits a channel (mode {picture.mode}); convert it to RGB first."
        )
    return np.asarray(_laid_on("white", _upright(picture)).convert("RGB"))


def image_size(path: Path) -> Size:
    """(height, width) of an image file as :func:`read_image` would return it, from its header alone."""
    with _opened(path, load=False) as picture:
        width, height = picture.size
        if isinstance(picture, PIL.TiffImagePlugin.TiffImageFile):  # whose size Pillow has turned already
            width, height = picture.tag_v2[256], picture.tag_v2[257]
        orientation = picture.getexif().get(_ORIENTATION, 1)
    return (width, height) if orientation in {5, 6, 7, 8} else (height, width)


def read_mask(path: Path, labels: Labels) -> LabelMap:
    """Read a mask as class ids: (H, W) uint8, ``IGNORE_INDEX`` where not labelled.

    A binary mask may hold 0 and 1 or 0 and 255, in one bit, grey or RGB with equal channels. Other masks hold
    class ids.

    Raises:
        DataError: unreadable, coloured, or holding values that are neither.
    """
    values = read_mask_values(path)
    present = np.unique(values)
    if labels.is_binary:
        if not set(present.tolist()) <= {0, 1} and not set(present.tolist()) <= {0, 255}:
            raise DataError(
                f"{path} holds {len(present)} values ({_listed(present)}) where a mask holds two, 0 and 255: "
                "save it without smoothing or JPEG compression."
            )
        return (values > 0).astype(np.uint8)
    unknown = present[(present >= labels.num_classes) & (present != IGNORE_INDEX)]
    if unknown.size:
        raise DataError(
            f"{path} holds class ids that have no name ({_listed(unknown)}): "
            f"ids go from 0 to {labels.num_classes - 1}, and {IGNORE_INDEX} is not labelled."
        )
    return values


def read_mask_values(path: Path) -> NDArray[np.uint8]:
    """The values of a mask file as they are stored: (H, W) uint8; palette masks give their indices.

    Two things are taken as they are seen instead: a palette of white and black in this order, which programs that
    reduce colours like to write, gives 1 and 0; and what is transparent is 0.
    """
    with _opened(path) as picture:
        upright = _upright(picture)
        if upright.mode == "1":
            return np.asarray(upright).astype(np.uint8)
        if upright.mode in {"L", "P"}:
            indices = np.asarray(upright)
            return 1 - indices if _is_white_and_black(upright, indices) else indices
        values = np.asarray(_laid_on("black", upright).convert("RGB"))
    if (values != values[..., :1]).any():
        raise DataError(f"{path} is a coloured mask; save it with one value per class (0 and 255 for two).")
    return np.ascontiguousarray(values[..., 0])


def _upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    # ImageOps.exif_transpose also writes the EXIF data anew, which fails where it is damaged.
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    return picture if turn is None else picture.transpose(turn)


def _laid_on(background: str, picture: PIL.Image.Image) -> PIL.Image.Image:
    # Dropping alpha would show whatever colour hides under transparent pixels.
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, background), picture)
    return picture


def _is_white_and_black(picture: PIL.Image.Image, indices: NDArray[np.uint8]) -> bool:
    colours = picture.getpalette("RGB") if picture.mode == "P" else None
    if colours is None or indices.max() > 1:
        return False
    return colours[:6] == [255] * 3 + [0] * 3 and colours[6:] in ([], [0] * len(colours[6:]))


def _is_deep(picture: PIL.ImageFile.ImageFile) -> bool:
    # Pillow reduces 16-bit colour to 8 bits in silence; only the raw mode of the tiles tells.
    return picture.mode.startswith(("I", "F")) or any(
        re.search(r";16[BLN]", str(tile)) for tile in picture.tile
    )


@contextmanager
def _opened(path: Path, *, load: bool = True) -> Iterator[PIL.ImageFile.ImageFile]:
    try:
        with PIL.Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DataError(
                    f"{path} is {picture.width}×{picture.height} pixels, which is too large to read."
                )
            if getattr(picture, "n_frames", 1) > 1 and picture.format in {"GIF", "WEBP", "PNG", "TIFF"}:
                raise DataError(f"{path} holds several pictures; save the one that you mean as a PNG.")
            if load:
                if _is_deep(picture):
                    raise DataError(f"{path} holds more than 8 bits a channel; save it as an 8-bit PNG.")
                picture.load()
            yield picture
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the path.") from error
    except PIL.Image.DecompressionBombError as error:
        raise DataError(f"{path} is too large to read.") from error
    except PIL.UnidentifiedImageError as error:
        raise DataError(
            f"{path} is not an image that can be read; open it in a viewer and save it as PNG."
        ) from error
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, struct.error) as error:
        raise DataError(f"{path} cannot be read, it may be cut short ({error}); replace the file.") from error


def _listed(values: NDArray[np.uint8]) -> str:
    shown = ", ".join(str(value) for value in values[:6])
    return shown + (", …" if len(values) > 6 else "")

"""Reading image files into arrays, upright, in the depth that the file has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.data import arrays, dicoms, tiffs
from pixelwise.data.deep import deep_picture, is_deep, picture_header, read_deep
from pixelwise.data.pictures import laid_on, opened, upright
from pixelwise.data.pixels import ImageHeader
from pixelwise.types import RGB8, Image, Pixels, Size, Spacing

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_image(path: Path) -> Pixels:
    """Read an image as the person who made it sees it: (H, W, C), EXIF rotation applied.

    Pictures of up to 8 bits a channel, whatever their mode, are (H, W, 3) uint8 sRGB laid on white. Grey of 16 bits is
    (H, W, 1) uint16 and colours of 16 bits (H, W, 3) uint16. TIFFs of other channels, NumPy arrays and DICOM keep
    what they hold, as uint8, uint16, int16 or float32.

    Raises:
        DataError: no such file, no image, cut short, enormous, several pictures, or values that cannot be kept.
    """
    match _kind(path):
        case "array":
            return arrays.read(path)
        case "dicom":
            return dicoms.read(path)
        case "tiff" if tiffs.read_header(path) is not None:
            return tiffs.read(path)
    with opened(path, load=False) as picture:
        if picture_header(path, picture).pixels == RGB8:
            picture.load()
            return picture_to_array(picture)
    return read_deep(path)


def image_header(path: Path) -> ImageHeader:
    """Size and format of an image file as it is read, without decoding it; errors as :func:`read_image`."""
    match _kind(path):
        case "array":
            return arrays.read_header(path)
        case "dicom":
            return dicoms.read_header(path)
        case "tiff":
            found = tiffs.read_header(path)
            if found is not None:
                return found
    with opened(path, load=False) as picture:
        return picture_header(path, picture)


def image_size(path: Path) -> Size:
    """(height, width) of an image file as it is read, from its header alone."""
    return image_header(path).size


def image_spacing(path: Path) -> Spacing | None:
    """Millimetres from one pixel to the next where the file is one of those that mean it: DICOM."""
    return dicoms.read_spacing(path) if _kind(path) == "dicom" else None


def is_picture(path: Path) -> bool:
    """Whether Pillow reads this file as it is: anything but arrays, DICOM and TIFFs that hold more than pictures do.

    Raises:
        DataError: a TIFF that cannot be read.
    """
    kind = _kind(path)
    return kind == "picture" or (kind == "tiff" and tiffs.read_header(path) is None)


def picture_to_pixels(picture: PIL.Image.Image) -> Pixels:
    """A Pillow picture as it is seen, upright: (H, W, 3) uint8 sRGB laid on white, or (H, W, 1) of modes I and F.

    Raises:
        DataError: values that cannot be kept.
    """
    return deep_picture(picture) if is_deep(picture) else picture_to_array(picture)


def picture_to_array(picture: PIL.Image.Image) -> Image:
    """A Pillow picture of up to 8 bits a channel as it is seen: (H, W, 3) uint8 sRGB, upright, laid on white."""
    return np.asarray(laid_on("white", upright(picture)).convert("RGB"))


def _kind(path: Path) -> str:
    """What reads a file, by its first bytes: array, dicom, tiff or picture; a DICOM file may lack its mark."""
    try:
        with path.open("rb") as file:
            start = file.read(dicoms.MAGIC_AT + len(dicoms.MAGIC))
    except OSError:
        return "picture"  # Pillow says what is wrong
    if start.startswith(arrays.MAGIC):
        return "array"
    if start[dicoms.MAGIC_AT :] == dicoms.MAGIC:
        return "dicom"
    return "tiff" if start.startswith(_TIFF) else "picture"

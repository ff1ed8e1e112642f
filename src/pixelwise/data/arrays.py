"""NumPy arrays in ``.npy`` files: (H, W) or (H, W, C)."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from pixelwise.data.pictures import PictureError
from pixelwise.data.pixels import ImageHeader, checked_header, kept_values
from pixelwise.types import Pixels

MAGIC = b"\x93NUMPY"
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_header(path: Path) -> ImageHeader:
    """The header of an array file.

    Raises:
        PictureError: no array of two or three dimensions, too large, or cut short.
    """
    with path.open("rb") as file:
        return _header(path, file)


def read(path: Path) -> Pixels:
    """The array in a file, (H, W, C); a plain (H, W) has one channel.

    Raises:
        PictureError: as :func:`read_header`, or values that cannot be kept.
    """
    with path.open("rb") as file:
        _header(path, file)
        file.seek(0)
        values = np.lib.format.read_array(file, allow_pickle=False)
    return kept_values(path, values.reshape(*values.shape[:2], -1))


def _header(path: Path, file: BinaryIO) -> ImageHeader:
    try:
        version = np.lib.format.read_magic(file)
        shape, _, dtype = _READERS[version](file)
    except Exception as error:  # the header is parsed as Python, with as many ways to fail
        raise PictureError("damaged", f"{path} is no whole NumPy array; save it again.") from error
    if len(shape) not in {2, 3}:
        raise PictureError(
            "foreign", f"{path} has {len(shape)} dimensions; save it as height × width × channels."
        )
    header = checked_header(path, (shape[0], shape[1]), shape[2] if len(shape) == 3 else 1, dtype)
    if path.stat().st_size < file.tell() + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize:
        raise PictureError("damaged", f"{path} cannot be read, it is cut short; replace the file.")
    return header

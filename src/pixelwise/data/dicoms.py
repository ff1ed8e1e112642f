"""DICOM files of one frame, where the package ``pydicom`` is installed."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.pictures import PictureError
from pixelwise.data.pixels import ImageHeader, checked_header, kept_values
from pixelwise.types import RGB8, Pixels, Spacing

if TYPE_CHECKING:
    from pydicom import FileDataset

MAGIC, MAGIC_AT = b"DICM", 128
# Its remarks on odd headers are not for the person; set once here, as in pictures.py.
warnings.filterwarnings("ignore", module=r"pydicom\.")

_DEFLATED = "1.2.840.10008.1.2.1.99"
_INVERTED, _GREY = "MONOCHROME1", ("MONOCHROME1", "MONOCHROME2")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


@dataclass(frozen=True)
class _Stored:
    """How a file stores values and what they become.

    Attributes:
        low, high: the least and the greatest value that can be stored.
        slope, intercept: what makes quantities of stored values.
        dtype: of the quantities.
    """

    low: int
    high: int
    slope: float
    intercept: float
    dtype: np.dtype[Any]


def read_header(path: Path) -> ImageHeader:
    """The header of a DICOM file.

    Raises:
        PictureError: no pydicom, no single image, of a kind that cannot be read, or too large.
    """
    with _opened(path, pixels=False) as found:
        return _header(path, found)


def read_spacing(path: Path) -> Spacing | None:
    """Millimetres between rows and between columns as ``PixelSpacing`` says; None where it says nothing.

    Other attributes are of the detector or of the screen, not of what is shown.

    Raises:
        PictureError: as :func:`read_header`.
    """
    with _opened(path, pixels=False) as found:
        try:
            values = [float(one) for one in found.get("PixelSpacing") or ()]
        except (TypeError, ValueError):  # not two numbers, which is no reason not to use the image
            return None
    if len(values) != 2 or not all(math.isfinite(one) and one > 0 for one in values):
        return None
    return values[0], values[1]


def read(path: Path) -> Pixels:
    """A DICOM file's image: grey of 8 bits and colours as (H, W, 3) uint8, else quantities (H, W, 1).

    Quantities are stored values as rescale slope and intercept say; where those say nothing, the stored values.

    Raises:
        PictureError: as :func:`read_header`, or pixel data that cannot be decoded.
    """
    with _opened(path, pixels=True) as found:
        header = _header(path, found)
        values = found.pixel_array
        if header.pixels == RGB8:
            return _picture(found, values)
        if values.shape != header.size:
            raise PictureError(
                "damaged", f"{path} holds pixels of another size than it says; replace the file."
            )
        return kept_values(path, _quantities(path, found, values)[..., None])


@contextmanager
def _opened(path: Path, *, pixels: bool) -> Iterator[FileDataset]:
    try:
        import pydicom
    except ImportError as error:
        raise PictureError(
            "foreign",
            f'{path} is DICOM: to read it, run pip install -c constraints.txt ".[dicom]" in the folder of the '
            "source.",
        ) from error
    logging.getLogger("pydicom").addHandler(logging.NullHandler())  # what matters is raised, not logged
    try:
        syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
        if syntax == _DEFLATED:  # unpacking it has no bound
            raise PictureError("foreign", f"{path} is packed as a whole; save it without compression.")
        yield pydicom.dcmread(path, stop_before_pixels=not pixels)
    except PictureError:
        raise
    except OSError as error:
        raise PictureError("damaged", f"{path} cannot be read ({error.strerror}); check the file.") from error
    except Exception as error:  # whatever a parser makes of damaged bytes
        reason = " ".join(str(error).split()).rstrip(".")
        raise PictureError(
            "damaged", f"{path} cannot be decoded ({reason}); save it without compression, or replace it."
        ) from error


def _header(path: Path, found: FileDataset) -> ImageHeader:
    kind, samples = str(found.get("PhotometricInterpretation", "")), int(found.get("SamplesPerPixel", 1))
    if "Rows" not in found or "Columns" not in found:
        raise PictureError("foreign", f"{path} holds no image; remove it from the folder.")
    if int(found.get("NumberOfFrames", 1) or 1) > 1:
        raise PictureError("animated", f"{path} holds several frames; save the one that you mean as a file.")
    size = (int(found.Rows), int(found.Columns))
    if kind in _COLOURS and samples == 3 and int(found.BitsAllocated) == 8:
        return checked_header(path, size, 3, np.dtype(np.uint8))
    if kind not in _GREY or samples != 1:
        raise PictureError(
            "foreign",
            f"{path} holds {kind or 'colours of no name'} of {found.get('BitsAllocated')} bits; "
            "save it as grey or as RGB of 8 bits.",
        )
    header = checked_header(path, size, 1, _stored(found).dtype)
    return ImageHeader(size, RGB8) if header.pixels.dtype == "uint8" else header


def _stored(found: FileDataset) -> _Stored:
    bits, signed = int(found.BitsStored), bool(int(found.get("PixelRepresentation", 0)))
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    slope, intercept = (
        float(found.get("RescaleSlope", 1) or 1),
        float(found.get("RescaleIntercept", 0) or 0),
    )
    if (slope, intercept) == (1, 0):
        kept = np.int16 if signed else np.uint8 if bits <= 8 else np.uint16
        return _Stored(low, high, slope, intercept, np.dtype(kept if bits <= 16 else np.int32))
    whole = slope.is_integer() and intercept.is_integer() and bits <= 16
    return _Stored(low, high, slope, intercept, np.dtype(np.int16 if whole else np.float32))


def _quantities(path: Path, found: FileDataset, values: NDArray[Any]) -> NDArray[Any]:
    stored = _stored(found)
    upright = _upright(found, stored, values)
    if stored.dtype != np.int16:
        scaled = upright if (stored.slope, stored.intercept) == (1, 0) else upright * stored.slope
        return (scaled + stored.intercept).astype(stored.dtype)
    whole = upright.astype(np.int64) * int(stored.slope) + int(stored.intercept)
    if whole.min() < -32768 or whole.max() > 32767:
        raise PictureError(
            "foreign", f"{path} holds quantities that 16 bits do not hold; save it with fewer bits."
        )
    return whole.astype(np.int16)


def _upright(found: FileDataset, stored: _Stored, values: NDArray[Any]) -> NDArray[Any]:
    """Stored values whose greatest is the brightest."""
    if stored.low == 0:  # higher bits may hold what is no part of the image
        values = values & stored.high
    if found.PhotometricInterpretation != _INVERTED:
        return values
    return stored.low + stored.high - values.astype(np.int64)


def _picture(found: FileDataset, values: NDArray[Any]) -> Pixels:
    if values.ndim == 3:
        return np.ascontiguousarray(values, np.uint8)
    stored = _stored(found)
    grey = _upright(found, stored, values) * (255 / stored.high)
    return np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2)

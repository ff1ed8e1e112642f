"""TIFF files that hold more than pictures do: any number of channels, of 8 to 32 bits.

Pillow reads the pictures among TIFFs; the others are read with ``tifffile``, and where that lacks a codec by Pillow
after all, if it knows the kind.
"""

from __future__ import annotations

import importlib.util
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.deep import picture_header, read_deep
from pixelwise.data.pictures import SWAPS, PictureError, opened
from pixelwise.data.pixels import (
    MAX_BYTES,
    ImageHeader,
    checked_header,
    kept_values,
    laid_on_white,
    upright_values,
)
from pixelwise.types import Pixels, Size

if TYPE_CHECKING:
    from tifffile import TiffPage

_DEFLATED = (8, 32946)
_PLAIN_CODECS = (1, *_DEFLATED, 32773)
"""Compressions that tifffile decodes by itself: none, deflate and runs of bytes."""
_PLAIN_PREDICTORS = (1, 2)
"""None, and differences of whole numbers."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOUR = 0, 1, 2
"""Photometric interpretations whose values can be taken as they are."""
_ALPHAS = (1, 2)
"""Kinds of extra samples that are alpha; colours have been multiplied by the first."""
_ORIENTATION, _KIND_OF_PAGE = 274, 254
_REDUCED_OR_MASK = 1 | 4
_MOST_PAGES = 64


def read_header(path: Path) -> ImageHeader | None:
    """The header of a TIFF file; None for a picture of up to 8 bits a channel, which Pillow reads.

    Raises:
        PictureError: it cannot be read as an image.
    """
    with _first_page(path) as page:
        return None if page is None or _is_picture(page) else _header(path, page)


def read(path: Path) -> Pixels:
    """A TIFF file of which :func:`read_header` knows a header, upright.

    Colours with alpha are laid on white, as in pictures, and where black and white are swapped they are swapped back.

    Raises:
        PictureError: it cannot be read as an image.
    """
    with _first_page(path) as page:
        assert page is not None
        _header(path, page)
        if not _is_decodable(page):
            if _is_known_to_pillow(path, page):
                return read_deep(path)
            name = getattr(page.compression, "name", page.compression)
            raise PictureError(
                "foreign",
                f"{path} is compressed by {name}, which needs the package imagecodecs; "
                "install that, or save the file without compression.",
            )
        _check_segments(path, page)
        values = np.asarray(page.asarray(maxworkers=1)).reshape(page.shape)
        if page.axes == "SYX":
            values = values.transpose(1, 2, 0)
        values = _as_seen(page, values.reshape(*_stored_size(page), -1))
        return kept_values(path, upright_values(values, _orientation(page)))


@contextmanager
def _first_page(path: Path) -> Iterator[TiffPage | None]:
    """The page that is read; None where tifffile makes nothing of the file, so that Pillow may say why.

    Raises:
        PictureError: several pages are pictures of their own; also for errors of tifffile in the body.
    """
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what matters is raised, not logged
    try:
        file = tifffile.TiffFile(path)
    except Exception:  # whatever a parser makes of damaged bytes
        yield None
        return
    with file:
        try:
            yield _only_page(path, file.pages)
        except PictureError:
            raise
        except Exception as error:
            advice = "replace the file"
            if "imagecodecs" in str(error):
                advice = "install the package imagecodecs, or save the file without compression"
            reason = " ".join(str(error).split())
            raise PictureError("damaged", f"{path} cannot be read ({reason}); {advice}.") from error


def _only_page(path: Path, pages: Any) -> TiffPage | None:
    first = pages.first
    for index in range(1, _MOST_PAGES + 1):
        try:
            page = pages[index]
        except IndexError:
            return first if _is_complete(first) else None
        kind = page.tags.get(_KIND_OF_PAGE)
        # Small versions for viewers, and masks of what is valid, are flagged.
        if kind is None or not int(kind.value) & _REDUCED_OR_MASK:
            break
    if _is_picture(first):
        return None  # Pillow says so, in its way
    raise PictureError("animated", f"{path} holds several pictures; save the one that you mean as a file.")


def _is_complete(page: Any) -> bool:
    return bool(page.dtype is not None and page.axes in {"YX", "YXS", "SYX"} and 0 not in page.shape)


def _is_picture(page: TiffPage) -> bool:
    """Whether these are pictures of up to 8 bits: black and white, grey, colours, each with alpha or without."""
    deep = page.bitspersample > 8 or page.dtype is None or page.dtype.kind not in "ub"
    if deep or page.photometric not in {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOUR}:
        return not deep
    colours = 3 if page.photometric == _COLOUR else 1
    return bool(page.samplesperpixel - bool(_alpha(page)) == colours)


def _alpha(page: TiffPage) -> int:
    """Kind of the only extra sample where that is alpha, else 0."""
    extra = [int(kind) for kind in page.extrasamples]
    return extra[0] if len(extra) == 1 and extra[0] in _ALPHAS else 0


def _header(path: Path, page: TiffPage) -> ImageHeader:
    if page.photometric not in {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOUR}:
        name = getattr(page.photometric, "name", page.photometric)
        raise PictureError(
            "foreign", f"{path} holds {name} of more than 8 bits; save it as grey, RGB or channels."
        )
    height, width = _stored_size(page)
    size = (width, height) if _orientation(page) in SWAPS else (height, width)
    assert page.dtype is not None
    return checked_header(path, size, page.samplesperpixel - bool(_laid_out(page)), page.dtype)


def _laid_out(page: TiffPage) -> int:
    """Kind of alpha where colours of 16 bits are laid on white, else 0."""
    coloured = page.samplesperpixel in {2, 4} and page.dtype == np.uint16
    return _alpha(page) if coloured else 0


def _as_seen(page: TiffPage, values: NDArray[Any]) -> NDArray[Any]:
    kind = _laid_out(page)
    if page.photometric == _WHITE_IS_ZERO and values.dtype.kind == "u":
        top = values.dtype.type(np.iinfo(values.dtype).max)
        values = np.concatenate([top - values[..., :1], values[..., 1:]], axis=2)
    if kind:
        values = laid_on_white(values[..., :-1], values[..., -1], multiplied=kind == 1)
    return values


def _stored_size(page: TiffPage) -> Size:
    return page.imagelength, page.imagewidth


def _orientation(page: TiffPage) -> int:
    tag = page.tags.get(_ORIENTATION)
    return int(tag.value) if tag is not None else 1


def _is_decodable(page: TiffPage) -> bool:
    simple = int(page.compression) in _PLAIN_CODECS and page.predictor in _PLAIN_PREDICTORS
    return simple or importlib.util.find_spec("imagecodecs") is not None


def _is_known_to_pillow(path: Path, page: TiffPage) -> bool:
    """Whether Pillow reads the same values; it knows no signs, and leaves white at 0 where that stands for white."""
    if page.photometric == _WHITE_IS_ZERO or page.dtype not in (np.dtype("uint16"), np.dtype("float32")):
        return False
    try:
        with opened(path, load=False) as picture:
            picture_header(path, picture)
    except PictureError:
        return False
    return True


def _check_segments(path: Path, page: TiffPage) -> None:
    """Refuse a file whose parts lie beyond its end, or unpack to more than they should."""
    length = path.stat().st_size
    whole = int(np.prod(page.chunks, dtype=np.int64)) * np.dtype(page.dtype).itemsize
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not places or any(count < 1 or offset + count > length for offset, count in places):
        raise PictureError("damaged", f"{path} cannot be read, it may be cut short; replace the file.")
    if whole > MAX_BYTES:
        raise PictureError("enormous", f"{path} is stored in parts that are too large to read.")
    if int(page.compression) in _DEFLATED and not _unpacks_within(path, places, whole):
        raise PictureError("damaged", f"{path} unpacks to more than it should; replace the file.")


def _unpacks_within(path: Path, places: list[tuple[int, int]], limit: int) -> bool:
    """Whether no part (offset, bytes) unpacks to more than ``limit`` bytes; tifffile would take any number."""
    with path.open("rb") as file:
        for offset, count in places:
            file.seek(offset)
            unpacked = zlib.decompressobj()
            unpacked.decompress(file.read(count), limit)
            if not unpacked.eof and unpacked.decompress(unpacked.unconsumed_tail, 1):
                return False
    return True

"""What a check needs to know of every file, from one decoding of it."""

from __future__ import annotations

import math
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageFile
from numpy.typing import NDArray

from pixelwise.checks.maskfacts import MaskContent, content_of, small_of, small_size
from pixelwise.data.cache import digest
from pixelwise.data.deep import picture_format
from pixelwise.data.duplicates import Signature, signature
from pixelwise.data.images import image_header, is_picture, read_image
from pixelwise.data.masks import MaskCoding, Stored, is_deep_colour, stored_in
from pixelwise.data.pictures import (
    ORIENTATION,
    SWAPS,
    PictureError,
    laid_on,
    opened,
    raw_mode,
    room_for,
    stored_size,
    upright,
)
from pixelwise.errors import DataError
from pixelwise.types import RGB8, Image, PixelFormat, Sample, Size

SEEN = 384
"""Shorter side of what images are compared by; JPEGs are decoded at a fraction where that is enough."""
HUE = 12
"""Differences between channels up to this are grey: cameras and compression tint a little."""
_FAULTS = {
    "missing": "file-foreign",
    "enormous": "file-enormous",
    "animated": "file-animated",
    "foreign": "file-foreign",
    "damaged": "file-truncated",
}

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class FileFacts:
    """What is true of a picture file.

    Attributes:
        path: of the file.
        fault: kind of finding that keeps it from being read; None where it was read.
        message: what to say of the fault.
        digest: of the file's bytes; empty where it could not be read.
        format: as the content tells ("PNG").
        mode: Pillow's name of how samples are stored ("RGB", "I;16").
        stored: (height, width) as stored.
        orientation: EXIF orientation, 1–8; 1 is as stored.
        transparent: it may be, in places.
        pixels: what it is read as, of an image.
    """

    path: Path
    fault: str | None = None
    message: str = ""
    digest: str = ""
    format: str = ""
    mode: str = ""
    stored: Size = (0, 0)
    orientation: int = 1
    transparent: bool = False
    pixels: PixelFormat = RGB8

    @property
    def size(self) -> Size:
        """(height, width) upright."""
        height, width = self.stored
        return (width, height) if self.orientation in SWAPS else (height, width)


@dataclass(frozen=True)
class ImageFacts:
    """A file and what its picture shows.

    Attributes:
        grey: upright, (h, w) uint8 with the size of the small mask.
        mean, spread: mean and standard deviation of the brightness, 0–255.
        coloured: some pixel has a hue.
        signature: to compare it with other images by; None where it could not be read.
    """

    file: FileFacts
    grey: Grey
    mean: float
    spread: float
    coloured: bool
    signature: Signature | None


@dataclass(frozen=True)
class MaskFacts:
    """A file and what its mask holds; no content where it could not be read."""

    file: FileFacts
    content: MaskContent | None


@dataclass(frozen=True)
class Examined:
    """Both files of a sample."""

    sample: Sample
    image: ImageFacts
    mask: MaskFacts | None


def examine_image(path: Path) -> ImageFacts:
    """The image file at ``path``."""
    try:
        facts, seen = _look(path)
    except DataError as error:
        return ImageFacts(_faulty(path, error), np.zeros((1, 1), np.uint8), 0.0, 0.0, False, None)
    pixels = np.asarray(seen)
    height, width = small_size(facts.size)
    grey = np.asarray(seen.convert("L").resize((width, height), PIL.Image.Resampling.BOX))
    red, green, blue = (pixels[..., channel] for channel in range(3))
    # Ten times as fast as looking for extremes along an axis of three.
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    hue = int((most - least).max())
    kept = replace(signature(pixels), size=np.array(facts.size, np.int64))
    return ImageFacts(facts, grey, float(grey.mean()), float(grey.std()), hue > HUE, kept)


def examine_mask(path: Path, *, coloured: bool) -> MaskFacts:
    """The mask file at ``path``; where ``coloured``, its values are colours whatever it stores."""
    with ExitStack() as room:
        try:
            with opened(path, load=False) as picture:
                room.enter_context(room_for(picture.size))
                facts = _facts(path, picture)
                raw = raw_mode(picture)
                if is_deep_colour(picture):
                    deep = replace(facts, fault="mask-deep", message=f"{path} is {facts.mode}.")
                    return MaskFacts(deep, None)
                picture.load()
                stored, has_hues = stored_in(picture, raw, coloured=coloured)
        except DataError as error:
            return MaskFacts(_faulty(path, error), None)
        return MaskFacts(facts, content_of(stored, has_hues, facts.format))


def mask_thumbnail(path: Path, coding: MaskCoding) -> Stored:
    """The values of the mask at ``path``, (h, w) and at most ``SEEN`` a side."""
    with opened(path, load=False) as picture, room_for(picture.size):
        raw = raw_mode(picture)
        picture.load()
        return small_of(stored_in(picture, raw, coloured=coding.coloured)[0], SEEN)


def thumbnail(path: Path) -> Image:
    """The image at ``path`` as it is seen, (h, w, 3) uint8, its shorter side no longer than ``SEEN``."""
    return np.asarray(_look(path)[1])


def _look(path: Path) -> tuple[FileFacts, PIL.Image.Image]:
    """What is true of an image file, and the image as :func:`_seen`."""
    if is_picture(path):
        with opened(path, load=False) as picture, room_for(picture.size):
            pixel_format = picture_format(path, picture)
            return replace(_facts(path, picture), pixels=pixel_format), _seen(picture)
    with room_for(image_header(path).size):
        pixels = read_image(path)  # turned as it should be, and without colours that Pillow knows
        few = [0, 1, min(2, pixels.shape[2] - 1)] if pixels.shape[2] > 1 else [0, 0, 0]
        shown = PIL.Image.fromarray(_stretched(pixels[..., few]))
    facts = FileFacts(path, digest=digest([path], {}), stored=pixels.shape[:2], pixels=PixelFormat.of(pixels))
    return facts, _shrunk(shown, SEEN / min(shown.size))


def _facts(path: Path, picture: PIL.ImageFile.ImageFile) -> FileFacts:
    raw = raw_mode(picture)
    return FileFacts(
        path,
        digest=digest([path], {}),
        format=picture.format or "",
        mode=raw if ";16" in raw else picture.mode,
        stored=stored_size(picture),
        orientation=picture.getexif().get(ORIENTATION, 1),
        transparent="A" in picture.getbands() or "transparency" in picture.info,
    )


def _faulty(path: Path, error: DataError) -> FileFacts:
    fault = error.fault if isinstance(error, PictureError) else "damaged"
    with suppress(OSError):  # no rights to the folder, or a link that leads round in a circle
        if path.stat().st_size == 0:
            return FileFacts(path, "file-empty", str(error))
    return FileFacts(path, _FAULTS[fault], str(error))


def _seen(picture: PIL.ImageFile.ImageFile) -> PIL.Image.Image:
    """The picture as it is seen, in RGB, its shorter side no longer than ``SEEN`` pixels."""
    scale = SEEN / min(picture.size)
    if picture.format == "JPEG" and scale < 1:
        picture.draft(None, (math.ceil(picture.width * scale), math.ceil(picture.height * scale)))
    picture.load()
    if picture.mode.startswith(("I", "F")):
        return _shrunk(_to_eight_bits(picture), SEEN / min(picture.size)).convert("RGB")
    return _shrunk(laid_on("white", upright(picture)).convert("RGB"), SEEN / min(picture.size))


def _to_eight_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    return PIL.Image.fromarray(_stretched(np.asarray(upright(picture))))


def _stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of any kind from 0, for the least, to 255."""
    fractions = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = (float(value) for value in (fractions.min(), fractions.max()))
    span = (high - low) or 1.0
    return ((fractions / span - low / span) * 255).clip(0, 255).astype(np.uint8)


def _shrunk(picture: PIL.Image.Image, scale: float) -> PIL.Image.Image:
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, PIL.Image.Resampling.BOX)

"""Opening picture files, whatever their format, or saying in one sentence why not."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Literal

import PIL.Image
import PIL.ImageFile
import PIL.TiffImagePlugin

from pixelwise.errors import DataError
from pixelwise.types import Size

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Suffixes of pictures, which Pillow reads."""
SUFFIXES = PICTURES | {".dcm", ".dicom", ".npy"}
"""Suffixes of images: pictures, DICOM and NumPy arrays."""
VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})
"""Suffixes of films, which are not read."""
# We have a limit of our own. Set once here, since changing filters around each reading is not safe in threads.
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)

MAX_PIXELS = 178_000_000
"""Larger files are refused: reading one would fill the memory of an ordinary computer (Pillow's limit is near)."""
LARGE = 24_000_000
"""Pictures of more pixels are decoded one at a time, where many are: together they would fill the memory."""
_ONE_LARGE = Lock()

ORIENTATION = 0x0112
"""The EXIF tag of how a picture is turned."""
SWAPS = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
ANIMATED = frozenset({"GIF", "WEBP", "PNG", "TIFF"})
"""Formats whose further frames are pictures of their own (those of a JPEG are previews)."""


PictureFault = Literal["missing", "enormous", "animated", "foreign", "damaged"]


class PictureError(DataError):
    """A picture file that cannot be read.

    Attributes:
        fault: what is wrong; ``foreign`` is no picture at all, ``damaged`` one that cannot be decoded to its end.
    """

    def __init__(self, fault: PictureFault, message: str) -> None:
        super().__init__(message)
        self.fault: PictureFault = fault


def is_image(path: Path) -> bool:
    """Whether the name is that of an image file (hidden files are not)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def is_video(path: Path) -> bool:
    """Whether the name is that of a film (hidden files are not)."""
    return path.suffix.lower() in VIDEOS and not path.name.startswith(".")


def frames_advice(film: Path) -> str:
    """How a film becomes images."""
    return f'write its frames into a folder, with ffmpeg -i "{film.name}" frames/%05d.png for instance'


def picture_size(path: Path) -> Size:
    """(height, width) of a picture file as it is read, from its header alone."""
    with opened(path, load=False) as picture:
        return upright_size(picture)


def upright_size(picture: PIL.ImageFile.ImageFile) -> Size:
    """(height, width) of an open picture once it is turned as its EXIF data say."""
    height, width = stored_size(picture)
    return (width, height) if picture.getexif().get(ORIENTATION, 1) in SWAPS else (height, width)


def stored_size(picture: PIL.ImageFile.ImageFile) -> Size:
    """(height, width) of the pixels in the file, before they are turned as EXIF data say."""
    if isinstance(picture, PIL.TiffImagePlugin.TiffImageFile):  # whose size Pillow has turned already
        return picture.tag_v2[257], picture.tag_v2[256]
    return picture.height, picture.width


@contextmanager
def opened(path: Path, *, load: bool = True) -> Iterator[PIL.ImageFile.ImageFile]:
    """A picture file, decoded unless ``load`` is False.

    Raises:
        PictureError: no such file, no image, cut short, enormous or animated; also for errors of Pillow in the body.
    """
    try:
        with PIL.Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(
                    "enormous",
                    f"{path} is {picture.width}×{picture.height} pixels, which is too large to read.",
                )
            if getattr(picture, "n_frames", 1) > 1 and picture.format in ANIMATED:
                raise PictureError(
                    "animated", f"{path} holds several pictures; save the one that you mean as a PNG."
                )
            if load:
                picture.load()
            yield picture
    except FileNotFoundError as error:
        raise PictureError("missing", f"{path} does not exist; check the path.") from error
    except PIL.Image.DecompressionBombError as error:
        raise PictureError("enormous", f"{path} is too large to read.") from error
    except PIL.UnidentifiedImageError as error:
        advice = frames_advice(path) if is_video(path) else "open it in a viewer and save it as PNG"
        raise PictureError("foreign", f"{path} is not an image that can be read; {advice}.") from error
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, struct.error) as error:
        if path.is_dir():
            raise PictureError(
                "foreign", f"{path} is a folder, not an image; give one of its files."
            ) from error
        raise PictureError(
            "damaged", f"{path} cannot be read, it may be cut short ({error}); replace the file."
        ) from error


def room_for(size: Size) -> AbstractContextManager[object]:
    """Held while a picture of so many pixels a side is decoded: files are read several at a time, large ones alone."""
    return _ONE_LARGE if size[0] * size[1] > LARGE else nullcontext()


def raw_mode(picture: PIL.ImageFile.ImageFile) -> str:
    """How the file stores samples, as Pillow calls it ("L;4", "RGB;16B"); to be asked before it is decoded."""
    for tile in picture.tile:
        arguments = tile[3]
        first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
        if isinstance(first, str):
            return first
    return picture.mode


def upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture turned as its EXIF data say."""
    # ImageOps.exif_transpose also writes the EXIF data anew, which fails where it is damaged.
    return turned(picture, picture.getexif().get(ORIENTATION, 1))


def turned(picture: PIL.Image.Image, orientation: int) -> PIL.Image.Image:
    """The picture turned as an EXIF orientation says, 1–8."""
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def laid_on(background: str, picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture with what is transparent showing ``background``."""
    # Dropping alpha would show whatever colour hides under transparent pixels.
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, background), picture)
    return picture

"""What to do where labels are for an image of another size: the image may be stored turned."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.images import is_picture
from pixelwise.data.pictures import opened, stored_size, upright_size
from pixelwise.types import Size

_TURNED = "the image stores these pixels and its EXIF orientation turns them:"


def advice_on_list(image: Path, said: Size, usual: str) -> str:
    """What to do where a file says another size of an image: ``usual``, unless that is what is turned."""
    if not _is_unturned(image, said):
        return usual
    return (
        f"{_TURNED} remove the orientation from the image if it was labelled unturned, or exchange height and width "
        "there if it was labelled as it is shown"
    )


def advice_on_mask(image: Path, said: Size, usual: str) -> str:
    """What to do where a mask has another size than its image: ``usual``, unless that is what is turned."""
    if not _is_unturned(image, said):
        return usual
    return f"{_TURNED} turn the mask in the same way, or remove the orientation from the image"


def _is_unturned(image: Path, size: Size) -> bool:
    """Whether an image has this (height, width) before it is turned, and another after."""
    if not is_picture(image):
        return False
    with opened(image, load=False) as picture:
        return size == stored_size(picture) != upright_size(picture)

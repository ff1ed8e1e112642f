"""Penn-Fudan's pedestrians, as the archive unpacks.

``PennFudanPed/PNGImages/FudanPed00001.png`` with ``PennFudanPed/PedMasks/FudanPed00001_mask.png``, whose values number
the people (Wang 2007). The boxes in ``Annotation`` are not needed.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import first_folder, pictures_in
from pixelwise.data.layouts.numbering import numbered
from pixelwise.data.layouts.pairing import Part, keyed, masks_by_image, samples_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.objectsource import things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError

NAME = "pennfudan"
IMAGES, MASKS = "PNGImages", "PedMasks"
LABELS = things_called(["person"])


def detect(root: Path) -> bool:
    """Whether ``root`` or a folder up to two levels below holds ``PNGImages`` and ``PedMasks``."""
    return _folder(root) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name; every number in a mask is a person.

    Raises:
        DataError: another layout, a mask without an image, or two files of one name.
    """
    folder = _folder(root)
    if folder is None:
        raise DataError(f"{root} is not laid out as Penn-Fudan; it should hold {IMAGES} and {MASKS}.")
    images = keyed(folder / IMAGES, pictures_in(folder / IMAGES), problems)
    stored = keyed(folder / MASKS, pictures_in(folder / MASKS), problems)
    part = Part(images, masks_by_image(stored, images, folder / IMAGES, problems))
    return numbered(root, NAME, samples_of([part]), LABELS, hints)


def _folder(root: Path) -> Path | None:
    return first_folder(
        root, lambda folder: (folder / IMAGES).is_dir() and (folder / MASKS).is_dir(), levels=2
    )

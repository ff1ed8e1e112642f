"""The full-body MADS set, as its archive unpacks.

``segmentation_full_body_mads_dataset_1192_img/images/HipHop_HipHop1_C0_00180.png`` beside ``masks/`` of the same names,
``collages/`` that nobody needs and ``df.csv``, a list of all three that names already tell. The archive nests its
folder in one of the same name.
"""

from __future__ import annotations

import re
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import first_folder, pictures_in
from pixelwise.data.layouts.pairing import Part, keyed, masks_by_image, samples_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels

NAME = "mads"
LABELS = Labels(classes=("background", "person"))

FOLDER = "segmentation_full_body_mads"
"""How the archive's folder begins."""
_BESIDE = ("df.csv", "collages")
_NAMES = re.compile(r"(?P<sequence>(?P<activity>[^_/]+)_[^/]+)_(?P<camera>C\d+)_\d+")


def detect(root: Path) -> bool:
    """Whether ``root`` is the archive's folder or up to two levels above it."""
    return _folder(root) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair images and masks by name; activity, sequence and camera become tags.

    Raises:
        DataError: another layout, a mask without an image, or two files of one name.
    """
    folder = _folder(root)
    if folder is None:
        raise DataError(
            f"{root} is not laid out as MADS; it should hold the folders images and masks and the file df.csv."
        )
    images, masks = (
        keyed(folder / kind, pictures_in(folder / kind), problems) for kind in ("images", "masks")
    )
    part = Part(images, masks_by_image(masks, images, folder / "images", problems))
    return Dataset(root, NAME, samples_of([part], _tags), *hints.over(LABELS), group="sequence")


def _folder(root: Path) -> Path | None:
    return first_folder(root, _is_mads, levels=2)


def _is_mads(folder: Path) -> bool:
    if not all((folder / kind).is_dir() for kind in ("images", "masks")):
        return False
    if folder.resolve().name.startswith(FOLDER):
        return True
    first = next(pictures_in(folder / "images"), None)
    named = first is not None and _NAMES.fullmatch(first.stem) is not None
    return named and any((folder / name).exists() for name in _BESIDE)


def _tags(key: str) -> dict[str, str]:
    found = _NAMES.fullmatch(key)
    return {tag: found[tag] for tag in ("activity", "sequence", "camera")} if found else {}

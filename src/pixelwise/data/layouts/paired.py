"""A folder of images beside a folder of masks of the same names.

``images/0006.jpg`` with ``masks/0006.png`` or ``masks/0006_segmentation.png``; ``splits.csv`` beside them is read where
it lies (see ``data.splits``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.masks import read_stored, values_in
from pixelwise.data.pictures import is_image
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, Sample

NAME = "paired"
MASK_ENDINGS = ("_segmentation", "_mask", "_lesion", "_label")
"""What people add to an image's name to name its mask."""


def detect(root: Path) -> bool:
    """Whether ``root`` holds both folders."""
    return (root / "images").is_dir() and (root / "masks").is_dir()


def read(root: Path) -> Dataset:
    """Pair by name without suffix, never by order; an image without a mask is kept without labels."""
    if not detect(root):
        raise DataError(f"{root} does not hold the folders images and masks; name them so.")
    images = _by_stem(root / "images")
    masks = _by_image(_by_stem(root / "masks"), set(images))
    lonely = sorted(set(masks) - set(images))
    if lonely:
        raise DataError(
            f"{masks[lonely[0]]} has no image of that name in {root / 'images'}; add it or remove the mask."
        )
    samples = tuple(
        Sample(stem, path, {"mask": masks[stem]} if stem in masks else {}) for stem, path in images.items()
    )
    return Dataset(
        root, NAME, samples, _labels([masks[stem] for stem in images if stem in masks]), inferred=True
    )


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(path for path in folder.iterdir() if is_image(path)):
        if path.stem in found:
            raise DataError(
                f"{path} and {found[path.stem].name} have the same name; rename or remove one of them."
            )
        if any("\ud800" <= letter <= "\udfff" for letter in path.name):  # bytes that are no UTF-8
            raise DataError(f"{path.name!a} in {folder} is not named in UTF-8; rename it.")
        found[path.stem] = path
    return found


def _by_image(masks: dict[str, Path], images: set[str]) -> dict[str, Path]:
    """Masks by the name of their image: their own, or that without one of ``MASK_ENDINGS``."""
    found: dict[str, Path] = {}
    for stem, path in masks.items():
        ending = next((one for one in MASK_ENDINGS if stem.endswith(one)), "")
        name = stem if stem in images else stem.removesuffix(ending)
        if name in found:
            raise DataError(f"{path} and {found[name].name} are both masks of '{name}'; remove one of them.")
        found[name] = path
    return found


def _labels(masks: list[Path]) -> Labels:
    # A mask that breaks the rule for two values is told apart from class ids by what all masks hold together.
    with ThreadPoolExecutor() as pool:
        present = set().union(*pool.map(lambda path: values_in(read_stored(path)).tolist(), masks))
    ids = present - {IGNORE_INDEX}
    if len(present) == 2 and present not in ({0, 1}, {0, IGNORE_INDEX}):
        raise DataError(
            f"the masks in {masks[0].parent} hold the values {min(present)} and {max(present)}; "
            "save two classes as 0 and 255, or as 0 and 1."
        )
    if not ids or max(ids) <= 1 or max(ids) > 64:
        # More than 64 classes in plain ids are grey levels of a smoothed mask: reading it will say so.
        return Labels(classes=("background", "object"))
    return Labels(classes=tuple(f"class {i}" for i in range(max(ids) + 1)), background=None)

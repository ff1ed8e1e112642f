"""CamVid as SegNet's tutorial lays it out, and other sets laid out so.

``train/0001TP_006690.png`` with ``trainannot/0001TP_006690.png``, likewise ``val`` and ``test``. Masks hold class ids;
names stand in ``classes.txt``, a line for each id, or are CamVid's own. The text lists of the original, which name
files by paths on another computer, are not needed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import first_folder, pictures_in
from pixelwise.data.layouts.pairing import Part, keyed, masks_by_image, samples_of
from pixelwise.data.legend import NO_HINTS, Hints, find_legend
from pixelwise.data.masks import MaskCoding
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, SPLITS, SplitName

NAME = "camvid"
CLASSES = (
    "Sky",
    "Building",
    "Pole",
    "Road",
    "Pavement",
    "Tree",
    "SignSymbol",
    "Fence",
    "Car",
    "Pedestrian",
    "Bicyclist",
)
UNLABELLED = len(CLASSES)
"""What masks hold where nobody labelled."""


def detect(root: Path) -> bool:
    """Whether ``root`` or a folder up to two levels below holds a pair of folders such as train and trainannot."""
    return _folder(root) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name; splits by folder, class names from ``classes.txt`` where it lies there, sequences as tags.

    Raises:
        DataError: another layout, a mask without an image, or two files of one name.
    """
    folder = _folder(root)
    if folder is None:
        raise DataError(
            f"{root} is not laid out as CamVid; it should hold folders such as train and trainannot."
        )
    parts = [_part(folder, split, problems) for split in SPLITS if _is_pair(folder, split)]
    hints = replace(hints, legend=hints.legend or find_legend(folder))
    known = hints.over(_labels(), _coding())
    return Dataset(root, NAME, samples_of(parts, _tags), *known, group="sequence")


def _folder(root: Path) -> Path | None:
    return first_folder(root, lambda folder: any(_is_pair(folder, split) for split in SPLITS), levels=2)


def _is_pair(folder: Path, split: SplitName) -> bool:
    return (folder / split).is_dir() and (folder / f"{split}annot").is_dir()


def _part(folder: Path, split: SplitName, problems: Problems) -> Part:
    images = keyed(folder / split, pictures_in(folder / split), problems)
    annotated = folder / f"{split}annot"
    stored = keyed(annotated, pictures_in(annotated), problems)
    masks = masks_by_image(stored, images, folder / split, problems)
    return Part(images, masks, split, prefix=split)


def _labels() -> Labels:
    return Labels(classes=CLASSES, background=None)


def _coding() -> MaskCoding:
    ids = {number: number for number in range(len(CLASSES))}
    return MaskCoding(MappingProxyType({**ids, UNLABELLED: IGNORE_INDEX, IGNORE_INDEX: IGNORE_INDEX}))


def _tags(key: str) -> dict[str, str]:
    sequence, found, _frame = key.rpartition("/")[2].rpartition("_")
    return {"sequence": sequence} if found and sequence else {}

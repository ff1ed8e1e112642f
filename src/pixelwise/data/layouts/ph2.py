"""PH² dermoscopy, as its archive unpacks.

``PH2Dataset/PH2 Dataset images/IMD002/IMD002_Dermoscopic_Image/IMD002.bmp`` beside ``IMD002/IMD002_lesion/
IMD002_lesion.bmp``, diagnoses in ``PH2_dataset.txt`` (Mendonça 2013). Images of any type are read in their places.
"""

from __future__ import annotations

import re
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import first_folder, folders_in
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.pictures import is_image
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import Sample

NAME = "ph2"
DIAGNOSES = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}
LABELS = Labels(classes=("background", "lesion"))

TABLE = "PH2_dataset.txt"
COLUMN = "Clinical Diagnosis"

_IMAGE_FOLDER = "_Dermoscopic_Image"
_MASK_FOLDER = "_lesion"


def detect(root: Path) -> bool:
    """Whether ``root`` is the archive's folder, the folder above it or the folder of cases within it."""
    return _cases_folder(root) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Read the cases under ``root``; a case without a mask is kept without labels.

    Raises:
        DataError: another layout, a case without an image, or several images in one place.
    """
    cases = _cases_folder(root)
    if cases is None:
        raise DataError(
            f"{root} is not laid out as PH²; it should hold folders such as IMD002/IMD002_Dermoscopic_Image."
        )
    diagnoses = _read_diagnoses(cases)
    read = [_read_case(case, diagnoses, problems) for case in sorted(cases.iterdir()) if _is_case(case)]
    samples = tuple(sample for sample in read if sample is not None)
    return Dataset(root, NAME, samples, *hints.over(LABELS), any_way_up=True)


def _is_case(folder: Path) -> bool:
    return (folder / f"{folder.name}{_IMAGE_FOLDER}").is_dir()


def _cases_folder(root: Path) -> Path | None:
    # The archive nests twice (PH2Dataset/PH2 Dataset images); people point at any of the levels, or the one above.
    return first_folder(root, lambda folder: any(_is_case(child) for child in folders_in(folder)), levels=3)


def _read_case(case: Path, diagnoses: dict[str, str], problems: Problems) -> Sample | None:
    image = _only_image(case / f"{case.name}{_IMAGE_FOLDER}", problems)
    if image is None:
        message = f"{case} has no image in {case.name}{_IMAGE_FOLDER}; put it back or remove the folder."
        problems.meet("pair-no-image", message, case)
        return None
    mask = _only_image(case / f"{case.name}{_MASK_FOLDER}", problems)
    tags = {"diagnosis": diagnoses[case.name]} if case.name in diagnoses else {}
    return Sample(case.name, image, {"mask": mask} if mask else {}, tags)


def _only_image(folder: Path, problems: Problems) -> Path | None:
    found = sorted(path for path in folder.iterdir() if is_image(path)) if folder.is_dir() else []
    if len(found) > 1:
        message = f"{folder} holds {len(found)} images where PH² has one; remove all but one."
        problems.meet("pair-clash", message, *found)
    return found[0] if found else None


def _read_diagnoses(cases: Path) -> dict[str, str]:
    # The table exists with tabs and, in the original archive, with double bars between the columns.
    folders = (cases, cases.resolve().parent)  # the parent of "." is "."
    table = next((folder / TABLE for folder in folders if (folder / TABLE).is_file()), None)
    if table is None:
        return {}
    lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [[cell.strip() for cell in re.split(r"\t|\|\|", line.strip().strip("|"))] for line in lines]
    column = next((row.index(COLUMN) for row in rows if COLUMN in row), None)
    if column is None:
        return {}
    cells = {row[0]: row[column] for row in rows if re.fullmatch(r"IMD\d+", row[0]) and len(row) > column}
    return {name: DIAGNOSES[code] for name, code in cells.items() if code in DIAGNOSES}

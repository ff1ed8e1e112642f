"""Opening data as every command does."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import LAYOUTS
from pixelwise.data.splits import read_splits
from pixelwise.errors import DataError


def open_data(path: Path | str, *, splits: Path | str | None = None, layout: str | None = None) -> Dataset:
    """Open a folder of images and labels.

    Args:
        path: the folder.
        splits: CSV with the columns ``name`` and ``split``; without it ``splits.csv`` in the folder is read if there.
        layout: name of the reader; without it the folder is recognised.

    Raises:
        DataError: no such folder, an unknown layout, no pairs, or splits that do not fit.
    """
    root = Path(path)
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; give the folder that holds images and masks.")
    dataset = _read(root, layout)
    if not any(sample.labels for sample in dataset.samples):
        raise DataError(f"{root} holds no image with a mask; check that names of images and masks agree.")
    listed = Path(splits) if splits is not None else root / "splits.csv"
    return read_splits(listed, dataset) if splits is not None or listed.is_file() else dataset


def splits_of_run(model: Path, dataset: Dataset) -> Dataset | None:
    """``dataset`` with the splits that a model was trained with, from the ``splits.csv`` beside it.

    None where there is no such file or it names none of these images.
    """
    listed = (model if model.is_dir() else model.parent) / "splits.csv"
    if not listed.is_file():
        return None
    assigned = read_splits(listed, dataset, ignore_unknown=True)
    return assigned if assigned.has_splits() else None


def _read(root: Path, layout: str | None) -> Dataset:
    names = ", ".join(one.name for one in LAYOUTS)
    if layout is not None:
        for candidate in LAYOUTS:
            if candidate.name == layout:
                return candidate.read(root)
        raise DataError(f"there is no layout '{layout}'; choose one of {names}.")
    for candidate in LAYOUTS:
        if candidate.detect(root):
            return candidate.read(root)
    raise DataError(
        f"{root} is not laid out in a way that is known ({names}); "
        "put images into a folder 'images' and masks of the same names into 'masks' beside it."
    )

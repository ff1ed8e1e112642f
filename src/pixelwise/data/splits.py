"""Which sample is for training, validation and test: read from a file, or drawn by a seed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.naming import Finder
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.spacing import COLUMN, spacing_column, spacing_in, spacing_text
from pixelwise.data.tables import Row, Table, read_table
from pixelwise.errors import DataError
from pixelwise.types import Sample, SplitName

_SPELLINGS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def split_called(word: str) -> SplitName | None:
    """The split that people call so, or None."""
    return _SPELLINGS.get(word.strip().casefold())


def split_in_name(name: str) -> SplitName | None:
    """The split of which the name of a file or folder has a word, such as train2017 or stage1_train; or None."""
    words = re.split(r"[^a-z]+", name.casefold())
    return next((split for split in map(split_called, words) if split is not None), None)


def read_splits(
    path: Path, dataset: Dataset, *, ignore_unknown: bool = False, problems: Problems = STRICT
) -> Dataset:
    """Assign splits from a CSV with the columns ``name`` and ``split``; further columns become tags.

    The column ``mm_per_pixel`` is no tag but the size of pixels. A name may also be that of the image's file or a path
    to it. A tag or size that the reader already knows keeps the reader's value. Samples that the file does not name
    have no split.

    Args:
        ignore_unknown: pass over names that no sample has to the letter, instead of refusing them.
        problems: hears of lines that cannot be used.

    Raises:
        DataError: unreadable, a column missing, a name unknown or twice, a split of another name, no line at all.
    """
    table = read_table(path, "check the path given with --splits")
    if not table.columns:
        raise DataError(f"{path} is empty; its first line should hold name and split.")
    names, splits = (_column(table, one) for one in ("name", "split"))
    if not table.rows:
        problems.meet("list-line", f"{path} names no image; write a line for each, or remove the list.", path)
    spacing = spacing_column(table)
    finder = Finder(dataset.samples, dataset.root)
    known = {sample.name: sample for sample in dataset.samples}
    assigned: dict[str, Sample] = {}
    for row in table.rows:
        try:
            name = (
                finder.exactly(row.cells[names])
                if ignore_unknown
                else _found(row.cells[names], finder, row, dataset)
            )
            if name is None:
                continue
            if name in assigned:
                raise DataError(f"{row.where}: '{name}' is listed twice; remove one of the lines.")
            split, mm = split_in(row, splits), spacing_in(row, spacing)
        except DataError as error:
            problems.meet("list-line", str(error), path)
            continue
        told = known[name]
        tags = {tag: row.get(tag) for tag in table.columns if row.get(tag)}
        own = {tag: value for tag, value in tags.items() if tag not in {names, splits, spacing}}
        assigned[name] = replace(told, split=split, tags={**own, **told.tags}, spacing=told.spacing or mm)
    samples = (assigned.get(sample.name, replace(sample, split=None)) for sample in dataset.samples)
    return replace(dataset, samples=tuple(samples))


def split_in(row: Row, column: str) -> SplitName:
    """The split that a line of a list names; :class:`DataError` if it is none."""
    split = split_called(row.cells[column])
    if split is None:
        raise DataError(f"{row.where}: the split '{row.get(column)}' should be train, val or test.")
    return split


def write_splits(path: Path, dataset: Dataset) -> None:
    """Write ``name,split``, tags and size of pixels of every assigned sample, as :func:`read_splits` reads them."""
    tags = sorted({tag for sample in dataset.samples for tag in sample.tags})
    sized = any(sample.spacing for sample in dataset.samples)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", *tags, *[COLUMN] * sized, "split"])
    for sample in dataset.samples:
        if sample.split:
            values = [sample.tags.get(tag, "") for tag in tags] + [spacing_text(sample.spacing)] * sized
            writer.writerow([sample.name, *values, sample.split])
    files.write_text(path, text.getvalue())


def _column(table: Table, name: str) -> str:
    column = table.column(name)
    if column is None:
        raise DataError(f"{table.path} has no column '{name}'; its first line should hold name and split.")
    return column


def _found(written: str, finder: Finder, row: Row, dataset: Dataset) -> str:
    found = finder.find(written)
    if not found:
        near = finder.nearly(written)
        but = f", but '{near}'" if near is not None else ""
        raise DataError(
            f"{row.where}: there is no image named '{written.strip()}' in {dataset.root}{but}; correct the name."
        )
    if len(found) > 1:
        raise DataError(
            f"{row.where}: '{written.strip()}' may be {found[0]} or {found[1]}; write the whole name."
        )
    return found[0]

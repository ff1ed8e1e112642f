"""Which sample is for training, validation and test: read from a file, or drawn by a seed."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.naming import Finder
from pixelwise.data.tables import Row, Table, read_table
from pixelwise.errors import DataError
from pixelwise.types import SPLITS, Sample, SplitName

MOST_VALUES = 20
"""Drawn splits are not balanced by tags of more values than that."""

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


def read_splits(path: Path, dataset: Dataset, *, ignore_unknown: bool = False) -> Dataset:
    """Assign splits from a CSV with the columns ``name`` and ``split``; further columns become tags.

    A name may also be that of the image's file or a path to it. A tag that the reader already knows keeps the
    reader's value. Samples that the file does not name have no split.

    Args:
        ignore_unknown: pass over names that no sample has to the letter, instead of refusing them.

    Raises:
        DataError: unreadable, a column missing, a name unknown or twice, a split of another name.
    """
    table = read_table(path, "check the path given with --splits")
    names, splits = (_column(table, one) for one in ("name", "split"))
    finder = Finder(dataset.samples, dataset.root)
    known = {sample.name: sample for sample in dataset.samples}
    assigned: dict[str, Sample] = {}
    for row in table.rows:
        written = row.cells[names]
        name = finder.exactly(written) if ignore_unknown else _found(written, finder, row, dataset)
        if name is None:
            continue
        if name in assigned:
            raise DataError(f"{row.where}: '{name}' is listed twice; remove one of the lines.")
        tags = {tag: row.get(tag) for tag in table.columns if tag not in {names, splits} and row.get(tag)}
        sample = known[name]
        assigned[name] = replace(sample, split=split_in(row, splits), tags={**tags, **sample.tags})
    samples = (assigned.get(sample.name, replace(sample, split=None)) for sample in dataset.samples)
    return replace(dataset, samples=tuple(samples))


def split_in(row: Row, column: str) -> SplitName:
    """The split that a line of a list names; :class:`DataError` if it is none."""
    split = split_called(row.cells[column])
    if split is None:
        raise DataError(f"{row.where}: the split '{row.get(column)}' should be train, val or test.")
    return split


def draw_splits(dataset: Dataset, seed: int, *, val: float = 0.15, test: float = 0.2) -> Dataset:
    """Draw splits at random by ``seed``, each combination of tags in the same shares.

    Tags of many values (an age, a patient's number) are left aside: every image would be a group of its own.

    Args:
        val, test: shares of the samples; the rest trains.
    """
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    balanced = _balanced_tags(dataset)
    for sample in dataset.samples:
        tags = {(tag, value) for tag, value in sample.tags.items() if tag in balanced}
        groups[tuple(sorted(tags))].append(sample.name)
    generator = np.random.default_rng(seed)
    order = [name for key in sorted(groups) for name in generator.permutation(sorted(groups[key])).tolist()]
    return dataset.with_splits(dict(zip(order, _dealt(len(order), val, test), strict=True)))


def _balanced_tags(dataset: Dataset) -> set[str]:
    values: dict[str, set[str]] = defaultdict(set)
    for sample in dataset.samples:
        for tag, value in sample.tags.items():
            values[tag].add(value)
    return {tag for tag, found in values.items() if len(found) <= MOST_VALUES and len(found) < len(dataset)}


def carve_validation(dataset: Dataset, seed: int, share: float = 0.15) -> Dataset:
    """Move a share of the training samples to validation, drawn by ``seed``; at least one, never all."""
    training = dataset.split("train")
    if len(training) < 2:
        return dataset
    share = min(max(share, 1 / len(training)), 1 - 1 / len(training))
    chosen = draw_splits(training, seed, val=share, test=0.0).split("val")
    names = {sample.name for sample in chosen.samples}
    return replace(
        dataset,
        samples=tuple(replace(s, split="val") if s.name in names else s for s in dataset.samples),
    )


def write_splits(path: Path, dataset: Dataset) -> None:
    """Write ``name,split`` and the tags of every assigned sample, as :func:`read_splits` reads them."""
    tags = sorted({tag for sample in dataset.samples for tag in sample.tags})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", *tags, "split"])
    for sample in dataset.samples:
        if sample.split:
            writer.writerow([sample.name, *(sample.tags.get(tag, "") for tag in tags), sample.split])
    files.write_text(path, text.getvalue())


def _dealt(count: int, val: float, test: float) -> list[SplitName]:
    # Each goes where most is owed, so that every stretch of the ordered list, hence every group, gets its shares.
    shares: dict[SplitName, float] = {"train": 1 - val - test, "val": val, "test": test}
    owed = dict.fromkeys(SPLITS, 0.0)
    dealt: list[SplitName] = []
    for _ in range(count):
        for split in SPLITS:
            owed[split] += shares[split]
        dealt.append(max(SPLITS, key=lambda split: owed[split]))
        owed[dealt[-1]] -= 1
    return dealt


def _column(table: Table, name: str) -> str:
    column = table.column(name)
    if column is None:
        raise DataError(f"{table.path} has no column '{name}'; its first line should hold name and split.")
    return column


def _found(written: str, finder: Finder, row: Row, dataset: Dataset) -> str:
    found = finder.find(written)
    if not found:
        raise DataError(
            f"{row.where}: there is no image named '{written.strip()}' in {dataset.root}; correct the name."
        )
    if len(found) > 1:
        raise DataError(
            f"{row.where}: '{written.strip()}' may be {found[0]} or {found[1]}; write the whole name."
        )
    return found[0]

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
from pixelwise.errors import DataError
from pixelwise.types import SPLITS, Sample, SplitName


def read_splits(path: Path, dataset: Dataset, *, ignore_unknown: bool = False) -> Dataset:
    """Assign splits from a CSV with the columns ``name`` and ``split``; further columns become tags.

    A tag that the reader already knows keeps the reader's value. Samples that the file does not name have no split.

    Args:
        ignore_unknown: pass over names that the data set does not have, instead of refusing them.

    Raises:
        DataError: unreadable, a column missing, a name unknown or twice, a split of another name.
    """
    known = {sample.name: sample for sample in dataset.samples}
    assigned: dict[str, Sample] = {}
    for line, row in _read_rows(path):
        name, split = row["name"] or "", (row["split"] or "").strip().lower()
        name = name if name in known else name.strip()  # a file's name may itself begin or end with a space
        where = f"{path}, line {line}"
        if name not in known and ignore_unknown:
            continue
        if name not in known:
            raise DataError(f"{where}: there is no image named '{name}' in {dataset.root}; correct the name.")
        if name in assigned:
            raise DataError(f"{where}: '{name}' is listed twice; remove one of the lines.")
        if split not in SPLITS:
            raise DataError(f"{where}: the split '{split}' should be train, val or test.")
        tags = {key: row[key].strip() for key in row if key not in {"name", "split", None} and row[key]}
        extra = {key: value for key, value in tags.items() if value}
        sample = known[name]
        assigned[name] = replace(sample, split=split, tags={**extra, **sample.tags})
    samples = (assigned.get(sample.name, replace(sample, split=None)) for sample in dataset.samples)
    return replace(dataset, samples=tuple(samples))


def draw_splits(dataset: Dataset, seed: int, *, val: float = 0.15, test: float = 0.2) -> Dataset:
    """Draw splits at random by ``seed``, each combination of tags in the same shares.

    Args:
        val, test: shares of the samples; the rest trains.
    """
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for sample in dataset.samples:
        groups[tuple(sorted(sample.tags.items()))].append(sample.name)
    generator = np.random.default_rng(seed)
    order = [name for key in sorted(groups) for name in generator.permutation(sorted(groups[key])).tolist()]
    return dataset.with_splits(dict(zip(order, _dealt(len(order), val, test), strict=True)))


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


def _read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the path given with --splits.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text; save it as CSV UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text))
    try:
        reader.fieldnames = [column.strip() for column in reader.fieldnames or ()]
        missing = {"name", "split"} - set(reader.fieldnames)
        if missing:
            raise DataError(
                f"{path} has no column '{min(missing)}'; its first line should hold name and split."
            )
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise DataError(f"{path} is not CSV ({error}); save it as CSV UTF-8.") from error

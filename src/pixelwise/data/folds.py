"""Cross-validation: which model learns from which image, and which one never sees it (Stone 1974)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.draw import NO_KINDS, Together, carve_validation, draw_parts
from pixelwise.data.naming import Finder
from pixelwise.data.splits import split_in
from pixelwise.data.tables import read_table
from pixelwise.errors import DataError
from pixelwise.types import SplitName

MODEL_COLUMN = "model {}"
"""Heading of what an image is to a model, which are counted from 1."""


@dataclass(frozen=True)
class Folds:
    """The split of every image for each of several models.

    An image is in the test split of one model, and of no other: it is of that model's fold. What a model learns from
    and what it is chosen on (its validation split) are the other folds' images.

    Attributes:
        splits: by model the split of each image by its name.
    """

    splits: tuple[Mapping[str, SplitName], ...]

    def __len__(self) -> int:
        """How many models there are."""
        return len(self.splits)

    def fold_of(self, name: str) -> int | None:
        """The model that never sees the image of this name, counted from 0; None of an image of no fold."""
        found = (model for model, splits in enumerate(self.splits) if splits.get(name) == "test")
        return next(found, None)

    def dataset(self, model: int, dataset: Dataset) -> Dataset:
        """The samples that a model has to do with, each in its split for that model."""
        assigned = dataset.with_splits(dict(self.splits[model]))
        return assigned.where(lambda sample: sample.split is not None)

    def scored(self, dataset: Dataset, models: int) -> Dataset:
        """The samples of the folds of the first ``models``, each with its fold, counted from 1, as a tag."""
        kept = []
        for sample in dataset.samples:
            fold = self.fold_of(sample.name)
            if fold is not None and fold < models:
                tags = MappingProxyType({"fold": str(fold + 1), **sample.tags})
                kept.append(replace(sample, split=None, tags=tags))
        return replace(dataset, samples=tuple(kept))

    def write(self, path: Path) -> None:
        """Write a CSV: name, fold (counted from 1) and what the image is to each model; whole or not at all."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["name", "fold", *(MODEL_COLUMN.format(number + 1) for number in range(len(self)))])
        for name in self.splits[0]:
            fold = self.fold_of(name)
            assert fold is not None
            writer.writerow([name, fold + 1, *(splits[name] for splits in self.splits)])
        files.write_text(path, text.getvalue())


def draw_folds(
    dataset: Dataset, count: int, seed: int, *, together: Together = (), kinds: Mapping[str, str] = NO_KINDS
) -> Folds:
    """Divide samples into folds at random by ``seed``, groups and near-duplicates together, kinds in equal shares.

    Each model's validation images are a part of the folds that it learns from, never of its own: weights and
    thresholds that were chosen on the images that are scored would make scores too good.

    Args:
        dataset: the samples to divide, all of them.
        together, kinds: as for :func:`~pixelwise.data.draw.draw_splits`.

    Raises:
        DataError: fewer groups of samples that belong together than folds.
    """
    fold_of = draw_parts(dataset, count, seed, together=together, kinds=kinds)
    splits = []
    for model in range(count):
        seen: dict[str, SplitName | None] = {
            name: "test" if fold == model else "train" for name, fold in fold_of.items()
        }
        carved = carve_validation(dataset.with_splits(seen), seed, together=together, kinds=kinds)
        splits.append({sample.name: sample.split for sample in carved.samples if sample.split is not None})
    return Folds(tuple(splits))


def read_folds(path: Path, dataset: Dataset) -> Folds:
    """What :meth:`Folds.write` wrote of the images of a data set; lines on others are passed over.

    Raises:
        DataError: it cannot be read, or an image is not in the fold of exactly one model.
    """
    table = read_table(path, "give the folder of a run that was trained with --folds")
    columns = [column for column in table.columns if column.startswith(MODEL_COLUMN.format(""))]
    named = table.column("name")
    if named is None or not columns or not table.rows:
        raise DataError(f"{path} does not list folds; train again with --folds.")
    finder = Finder(dataset.samples, dataset.root)
    splits: list[dict[str, SplitName]] = [{} for _ in columns]
    for row in table.rows:
        of_models = [split_in(row, column) for column in columns]
        if of_models.count("test") != 1:
            raise DataError(
                f"{row.where}: one model has to be tested on the image; train again with --folds."
            )
        name = finder.exactly(row.cells[named])
        if name is not None:
            for model, split in enumerate(of_models):
                splits[model][name] = split
    return Folds(tuple(splits))

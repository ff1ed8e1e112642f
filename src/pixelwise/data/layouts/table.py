"""A CSV that names image and mask of every sample.

``data.csv`` with the columns ``image`` and ``mask``, paths from the CSV's folder; ``name`` and ``split`` where they are
wanted, ``mm_per_pixel`` where it is known; every further column is a tag. The file itself may be given, or the folder
that holds it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.meaning import meaning_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.naming import spelt, stem_of
from pixelwise.data.pictures import SUFFIXES
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.spacing import spacing_column, spacing_in
from pixelwise.data.splits import split_in
from pixelwise.data.tables import Row, Table, read_table
from pixelwise.errors import DataError
from pixelwise.types import Sample

NAME = "table"
FILES = ("data.csv", "dataset.csv", "metadata.csv")
SUFFIX = frozenset({".csv", ".tsv"})

IMAGE = ("image", "images", "image_path", "filename")
MASK = ("mask", "masks", "mask_path", "label")
"""What the columns may be called, the first that is there counts."""


@dataclass(frozen=True)
class _Columns:
    image: str
    mask: str
    name: str | None
    split: str | None
    spacing: str | None

    def tags(self, table: Table) -> list[str]:
        """All others."""
        return [one for one in table.columns if one not in vars(self).values()]


def detect(root: Path) -> bool:
    """Whether ``root`` is a CSV, or holds one of ``FILES`` that names pictures as image and mask."""
    return is_table(root) or bool(_tables_in(root))


def is_table(path: Path) -> bool:
    """Whether ``path`` is a file that is called as tables are."""
    return path.is_file() and path.suffix.lower() in SUFFIX


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Read the samples that the table lists; one without a mask is kept without labels.

    Raises:
        DataError: a column missing, a file that does not exist or is listed twice, or masks whose values leave open
            what they mean.
    """
    path = root if root.is_file() else _table_in(root)
    table = read_table(path)
    columns = _columns(table)
    rows, listed = _read_rows(table, columns, problems)
    names = _names(table, columns, rows, listed)
    samples = _once(rows, names, listed, problems)
    masks = [sample.labels["mask"] for sample in samples if sample.labels]
    meaning = meaning_of(masks, path.parent, hints, problems)
    ordered = tuple(sorted(samples, key=lambda sample: sample.name))
    return Dataset(path.parent, NAME, ordered, meaning.labels, meaning.coding, inferred=meaning.inferred)


def _tables_in(folder: Path) -> list[Path]:
    present = [folder / name for name in FILES if (folder / name).is_file()]
    return [path for path in present if names_pictures(path)]


def names_pictures(path: Path) -> bool:
    """Whether a file is a table of images and masks."""
    # A metadata.csv with a column "label" may as well name a diagnosis.
    try:
        table = read_table(path)
    except DataError:
        return False
    image, mask = table.column(*IMAGE), table.column(*MASK)
    listed = [(row.get(image), row.get(mask)) for row in table.rows] if image and mask else []
    return any(all(Path(cell).suffix.lower() in SUFFIXES for cell in cells) for cells in listed)


def _table_in(folder: Path) -> Path:
    found = _tables_in(folder)
    if not found:
        raise DataError(f"{folder} holds no {FILES[0]} with the columns image and mask; give the CSV itself.")
    if len(found) > 1:
        raise DataError(f"{folder} holds {found[0].name} and {found[1].name}; give the one that you mean.")
    return found[0]


def _columns(table: Table) -> _Columns:
    image, mask = table.column(*IMAGE), table.column(*MASK)
    if image is None or mask is None:
        missing = "mask" if image else "image"
        raise DataError(f"{table.path} has no column '{missing}'; its first line should hold image and mask.")
    return _Columns(image, mask, table.column("name"), table.column("split"), spacing_column(table))


def _read_rows(table: Table, columns: _Columns, problems: Problems) -> tuple[list[Row], list[Sample]]:
    """The lines that can be used, and their samples."""
    rows, samples = [], []
    for row in table.rows:
        try:
            samples.append(_read_row(table, columns, row))
            rows.append(row)
        except DataError as error:
            problems.meet("list-line", str(error), table.path)
    return rows, samples


def _read_row(table: Table, columns: _Columns, row: Row) -> Sample:
    if not row.get(columns.image):
        raise DataError(f"{row.where}: the image is missing; write its path or remove the line.")
    image = _file(table.path.parent, row.get(columns.image), row)
    mask = {"mask": _file(table.path.parent, row.get(columns.mask), row)} if row.get(columns.mask) else {}
    if mask and mask["mask"] == image:
        raise DataError(f"{row.where}: image and mask are the same file; correct one of them.")
    tags = {tag: row.get(tag) for tag in columns.tags(table) if row.get(tag)}
    split = split_in(row, columns.split) if columns.split and row.get(columns.split) else None
    return Sample(image.stem, image, mask, tags, split, spacing_in(row, columns.spacing))


def _file(folder: Path, written: str, row: Row) -> Path:
    """The file of that path, even if it was written on another system: with backslashes, or accents apart."""
    forward = written.replace("\\", "/")
    for spelling in (written, forward, spelt(forward), unicodedata.normalize("NFD", forward)):
        if (folder / spelling).is_file():
            return folder / spelling
    raise DataError(f"{row.where}: {folder / written} does not exist; paths start at the folder of the CSV.")


def _names(table: Table, columns: _Columns, rows: Sequence[Row], samples: Sequence[Sample]) -> list[str]:
    """Those of the column, else of the images' files, with their folders where these tell them apart."""
    if columns.name:
        return [_given_name(row, columns.name) for row in rows]
    stems = [stem_of(sample.image) for sample in samples]
    return (
        stems if len(set(stems)) == len(stems) else [_path_name(s.image, table.path.parent) for s in samples]
    )


def _given_name(row: Row, column: str) -> str:
    if not row.get(column):
        raise DataError(f"{row.where}: the name is missing; write one, or leave the column out.")
    return spelt(row.get(column))


def _path_name(image: Path, folder: Path) -> str:
    path = image.relative_to(folder) if image.is_relative_to(folder) else image
    return spelt(path.with_suffix("").as_posix())


def _once(
    rows: Sequence[Row], names: Sequence[str], listed: Sequence[Sample], problems: Problems
) -> list[Sample]:
    """The samples by their names, each name once."""
    samples: dict[str, Sample] = {}
    for row, name, sample in zip(rows, names, listed, strict=True):
        if name in samples:
            message = f"{row.where}: '{name}' is listed twice; list every image once, with one mask."
            problems.meet("list-line", message, sample.image)
        else:
            samples[name] = replace(sample, name=name)
    return list(samples.values())

"""Reading the small CSV files that people write: lists of splits, of images, of classes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pixelwise.errors import DataError

SEPARATORS = ",;\t"
"""A comma; a semicolon, as Excel writes where the comma is the decimal sign; a tab."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        where: file and line, as errors begin.
        cells: text by column, as it is written; empty where the line is too short.
    """

    where: str
    cells: Mapping[str, str]

    def get(self, column: str | None) -> str:
        """The cell of a column without spaces around it; empty where the table has no such column."""
        return self.cells[column].strip() if column else ""


@dataclass(frozen=True)
class Table:
    """A CSV file with names of columns in its first line.

    Attributes:
        columns: those that have a name.
        rows: without empty lines.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, *spellings: str) -> str | None:
        """The column of the first of these spellings that occurs, in upper or lower case."""
        found = {column.casefold(): column for column in reversed(self.columns)}
        return next((found[one] for one in spellings if one in found), None)


def read_table(path: Path, advice: str = "check the path") -> Table:
    """Read a CSV separated by commas, semicolons or tabs, in UTF-8 with or without a byte order mark.

    Args:
        advice: what to do where there is no such file.

    Raises:
        DataError: no such file, not UTF-8, not CSV, or two columns of one name.
    """
    text = _read_text(path, advice)
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    separator = max(SEPARATORS, key=header.count)  # the comma where there is none
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        columns = [column.strip() for column in next(reader, [])]
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise DataError(f"{path} is not CSV ({error}); save it as CSV UTF-8.") from error
    named = [column for column in columns if column]
    twice = next((column for column in named if named.count(column) > 1), None)
    if twice is not None:
        raise DataError(f"{path} has two columns '{twice}'; rename or remove one of them.")
    rows = tuple(
        Row(f"{path}, line {line}", _cells(columns, cells))
        for line, cells in lines
        if any(cell.strip() for cell in cells)
    )
    return Table(path, tuple(named), rows)


def _read_text(path: Path, advice: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; {advice}.") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; give a CSV file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text; save it as CSV UTF-8.") from error


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    padded = cells + [""] * len(columns)
    return {column: cell for column, cell in zip(columns, padded, strict=False) if column}

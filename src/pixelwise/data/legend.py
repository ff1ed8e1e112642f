"""Legends: files, and words of the person, that say what the values in masks mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pixelwise.data.masks import MaskCoding, stored_values
from pixelwise.data.tables import Row, Table, read_table
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX

FILES = ("legend.csv", "class_dict.csv", "classes.txt")
"""Names that a legend goes by in a folder of data; the first that is there counts."""

UNLABELLED = frozenset({"ignore", "void", "unlabelled", "unlabeled"})
"""Names, in small letters, of what is no class."""

_CHANNELS = (("red", "green", "blue"), ("r", "g", "b"))
_MOST = 0xFFFF


@dataclass(frozen=True)
class Legend:
    """What the masks of a data set mean.

    Attributes:
        path: the file that says so.
        coding: what stored values stand for; None where they are class ids, two classes in any usual spelling.
    """

    path: Path
    labels: Labels
    coding: MaskCoding | None


def readable_values(path: Path) -> list[int]:
    """The values in a mask file; none of one that cannot be read."""
    try:
        return stored_values(path)
    except DataError:  # a check reports it
        return []


@dataclass(frozen=True)
class Hints:
    """What the person says about masks.

    Attributes:
        legend: replaces what a reader knows or guesses.
        ignore: stored value that is not labelled: a number, or "#rrggbb" for masks that are read in colour.
        values_of: gives the values in a mask file, none of one that cannot be read; asked where masks are to be
            understood although some may be faulty.
        objects: the values in masks number objects, where the layout does not say.
    """

    legend: Legend | None = None
    ignore: int | str | None = None
    values_of: Callable[[Path], Sequence[int]] = readable_values
    objects: bool = False

    def over(self, labels: Labels, coding: MaskCoding | None = None) -> tuple[Labels, MaskCoding | None]:
        """Labels and coding of a set whose reader knows these.

        Raises:
            DataError: a value to ignore that no such mask holds.
        """
        if self.legend is not None:
            # Bare names of as many classes leave the layout's own spelling of them in force.
            own = (coding or MaskCoding.of(labels)) if self._renames(labels) else None
            labels, coding = self.legend.labels, self.legend.coding or own
        if self.ignore is None:
            return labels, coding
        coding = coding or MaskCoding.of(labels)
        return labels, coding.ignoring(_stored_value(self.ignore, coding.coloured))

    def _renames(self, labels: Labels) -> bool:
        return self.legend is not None and self.legend.labels.num_classes == labels.num_classes

    def ignored(self) -> int | None:
        """The stored value of masks in grey or palette that is not labelled; None where none was named."""
        return None if self.ignore is None else _stored_value(self.ignore, coloured=False)


NO_HINTS = Hints()


def find_legend(folder: Path) -> Legend | None:
    """The legend that lies in a folder, or None.

    Raises:
        DataError: it cannot be understood.
    """
    found = next((folder / name for name in FILES if (folder / name).is_file()), None)
    return read_legend(found) if found else None


def read_legend(path: Path) -> Legend:
    """Read a legend.

    A CSV has the column ``name`` and either ``value`` (grey level or index in the palette, or a range of them,
    "1-65535"), ``red``, ``green`` and ``blue``, or ``colour`` ("#rrggbb"). Classes are numbered in the order of their
    rows, but a background comes first. Several rows may name one class; ``UNLABELLED`` are no classes. A ``.txt`` holds
    a name per line, of the values 0, 1, …

    Raises:
        DataError: unreadable, a column missing, a value twice or impossible, fewer than two classes.
    """
    if path.suffix.lower() == ".txt":
        return _read_names(path)
    table = read_table(path, "check the path given with --legend")
    name = table.column("name", "class", "label")
    if name is None:
        raise DataError(
            f"{path} has no column 'name'; its first line should hold name and value, or name and colour."
        )
    values = _Values(table)
    rows: dict[int, str] = {}
    for row in table.rows:
        named = values.of(row)
        if not row.get(name):
            raise DataError(
                f"{row.where}: the name is missing; write one, or 'ignore' for what is not labelled."
            )
        for value in named:
            if value in rows:
                raise DataError(
                    f"{row.where}: {values.spell(value)} is listed twice; remove one of the lines."
                )
            rows[value] = row.get(name)
    labels, ids = _numbered(path, rows)
    return Legend(path, labels, MaskCoding(MappingProxyType(ids), coloured=values.coloured))


def _read_names(path: Path) -> Legend:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the path given with --legend.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text; save it so.") from error
    names = [line.strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise DataError(
            f"{path}, line {names.index('') + 1}: the name is missing; write one for every value from 0."
        )
    labels, ids = _numbered(path, dict(enumerate(names)))
    plain = list(ids.values()) == list(range(labels.num_classes))
    # A list of names cannot name the value 255, so it keeps its usual meaning.
    return Legend(
        path, labels, None if plain else MaskCoding(MappingProxyType({IGNORE_INDEX: IGNORE_INDEX} | ids))
    )


def _numbered(path: Path, rows: dict[int, str]) -> tuple[Labels, dict[int, int]]:
    """Labels and class ids by stored value; the background is class 0 wherever it stands."""
    classes = list(dict.fromkeys(name for name in rows.values() if name.casefold() not in UNLABELLED))
    classes.sort(key=lambda name: name.casefold() != "background")
    if not 2 <= len(classes) <= IGNORE_INDEX:
        raise DataError(
            f"{path} names {len(classes)} class{'es' * (len(classes) != 1)} where 2 to {IGNORE_INDEX} are possible; "
            "name what is left as 'background', too."
        )
    labels = Labels(classes=tuple(classes), background=0 if classes[0].casefold() == "background" else None)
    numbers = {name: number for number, name in enumerate(classes)}
    return labels, {value: numbers.get(name, IGNORE_INDEX) for value, name in rows.items()}


class _Values:
    """The columns of a legend that name stored values."""

    def __init__(self, table: Table) -> None:
        self._channels = _channels_of(table)
        self._colour = table.column("colour", "color", "hex")
        self._value = table.column("value")
        self.coloured = bool(self._channels) or self._colour is not None
        if not self.coloured and self._value is None:
            raise DataError(
                f"{table.path} has no column 'value'; add it, or red, green and blue, or colour (#rrggbb)."
            )
        if self.coloured and self._value is not None:
            raise DataError(
                f"{table.path} has columns for values and for colours; remove those that the masks do not hold."
            )

    def of(self, row: Row) -> range:
        """The stored values; :class:`DataError` where there are none."""
        if self._channels:
            red, green, blue = (self._number(row, column, 255) for column in self._channels)
            colour = red << 16 | green << 8 | blue
        elif self._colour is not None:
            colour = _colour_of(row.get(self._colour), f"{row.where}: ")
        else:
            return self._span(row)
        return range(colour, colour + 1)

    def _span(self, row: Row) -> range:
        """A value, or all from one to another."""
        ends = re.fullmatch(r"(\d{1,5})\s*[-–]\s*(\d{1,5})", row.get(self._value), re.ASCII)
        first, last = map(int, ends.groups()) if ends else [self._number(row, self._value, _MOST)] * 2
        if not first <= last <= _MOST:
            raise DataError(
                f"{row.where}: {self._value} '{row.get(self._value)}' should run from a number to a higher one, "
                f"at most {_MOST}."
            )
        return range(first, last + 1)

    def spell(self, value: int) -> str:
        """The stored value in words."""
        return f"the colour #{value:06x}" if self.coloured else f"the value {value}"

    def _number(self, row: Row, column: str | None, most: int) -> int:
        text = row.get(column)
        if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > most:
            raise DataError(f"{row.where}: {column} '{text}' should be a whole number from 0 to {most}.")
        return int(text)


def _channels_of(table: Table) -> tuple[str, ...]:
    """The columns of red, green and blue, or none."""
    spelt = ([table.column(one) for one in names] for names in _CHANNELS)
    found = (tuple(column for column in columns if column) for columns in spelt)
    return next((columns for columns in found if len(columns) == 3), ())


def _stored_value(written: int | str, coloured: bool) -> int:
    text = str(written).strip()
    if coloured:
        return _colour_of(text, "--ignore: ")
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > _MOST:
        raise DataError(
            f"--ignore: '{text}' should be a whole number from 0 to {_MOST}, as the masks store it."
        )
    return int(text)


def _colour_of(text: str, where: str) -> int:
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", text, re.ASCII):
        raise DataError(f"{where}the colour '{text}' should be written as #rrggbb, such as #ff0000 for red.")
    return int(text.removeprefix("#"), 16)

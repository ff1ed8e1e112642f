"""The size of pixels as lists give it."""

from __future__ import annotations

import math
import re

from pixelwise.data.tables import Row, Table
from pixelwise.errors import DataError
from pixelwise.types import Spacing

COLUMN = "mm_per_pixel"


def spacing_column(table: Table) -> str | None:
    """The column that holds it, if there is one."""
    return table.column(COLUMN)


def spacing_in(row: Row, column: str | None) -> Spacing | None:
    """What a line of a list says: one number of mm, or two (down, across) with a space or × between.

    Raises:
        DataError: something else.
    """
    written = row.get(column)
    if not written:
        return None
    parts = re.split(r"\s*[x×]\s*|\s+", written)
    try:
        values = [float(part.replace(",", ".")) for part in parts]
    except ValueError:
        values = []
    if len(values) not in {1, 2} or not all(math.isfinite(value) and value > 0 for value in values):
        raise DataError(
            f"{row.where}: {COLUMN} is '{written}'; write the millimetres from one pixel to the next, such as 0.02, "
            "or 0.5 0.4 where pixels are higher than wide."
        )
    return values[0], values[-1]


def spacing_text(spacing: Spacing | None) -> str:
    """How :func:`spacing_in` reads it; empty for None."""
    if spacing is None:
        return ""
    return repr(spacing[0]) if spacing[0] == spacing[1] else f"{spacing[0]!r} {spacing[1]!r}"

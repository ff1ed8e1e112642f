"""What readers meet that is wrong: refused at once, or noted so that a check can tell of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pixelwise.errors import DataError


@dataclass(frozen=True)
class Problem:
    """Something that a reader met and had to leave out.

    Attributes:
        kind: kind of finding that a check makes of it.
        message: in one sentence, with the file and what to do.
        paths: of the files.
    """

    kind: str
    message: str
    paths: tuple[Path, ...]


class Problems:
    """What a reader does about a problem: it refuses the data."""

    def meet(self, kind: str, message: str, *paths: Path) -> None:
        """Raise :class:`DataError` with the message."""
        raise DataError(message)

    def note(self, kind: str, message: str, *paths: Path) -> None:
        """Hear of what can be read nevertheless, and a check alone should tell."""


class Noted(Problems):
    """Keeps problems instead, so that the rest can be read.

    Attributes:
        found: problems in the order they were met.
    """

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def meet(self, kind: str, message: str, *paths: Path) -> None:
        """Keep the problem; what it is about is left out."""
        self.note(kind, message, *paths)

    def note(self, kind: str, message: str, *paths: Path) -> None:
        """Keep the problem; nothing is left out."""
        self.found.append(Problem(kind, message, paths))


STRICT = Problems()

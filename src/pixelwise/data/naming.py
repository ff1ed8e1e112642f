"""Names of samples: spelt alike on every computer, and found by what people write in lists."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pixelwise.data.pictures import SUFFIXES
from pixelwise.types import Sample


def spelt(name: str) -> str:
    """The name in composed letters: macOS writes é as e and an accent, other systems as one letter."""
    return unicodedata.normalize("NFC", name)


def stem_of(path: PurePosixPath | Path) -> str:
    """A file's name without the suffix of an image; other dots belong to the name."""
    return spelt(path.stem if path.suffix.lower() in SUFFIXES else path.name)


def number_of(file_name: str) -> int | None:
    """The number that names an image file, as COCO's images are named by their ids; None where none does."""
    stem = stem_of(PurePosixPath(file_name))
    return int(stem) if stem.isascii() and stem.isdecimal() else None


class Finder:
    """Finds the sample that a person means by a name, a file's name or a path."""

    def __init__(self, samples: Iterable[Sample], root: Path) -> None:
        """
        Args:
            root: folder of the data; folders outside it may be called otherwise on another computer.
        """
        self._names: dict[str, str] = {}
        self._by_stem: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        for sample in samples:
            self._names[spelt(sample.name)] = sample.name
            image = sample.image.relative_to(root) if sample.image.is_relative_to(root) else sample.image
            self._by_stem[stem_of(image)].append((sample.name, image.parent.parts))

    def exactly(self, written: str) -> str | None:
        """The sample of this name; spaces around it count only where the name has them too."""
        return self._names.get(spelt(written), self._names.get(spelt(written.strip())))

    def nearly(self, written: str) -> str | None:
        """The only sample of a name that differs in noughts in front, which spreadsheets drop, or in upper case."""
        wanted = _bare(written)
        found = [name for spelling, name in self._names.items() if _bare(spelling) == wanted]
        return found[0] if len(found) == 1 else None

    def find(self, written: str) -> list[str]:
        """Names of all samples that may be meant: one of that very name, or those whose image is at such a path."""
        exact = self.exactly(written)
        if exact is not None:
            return [exact]
        path = PurePosixPath(written.strip().replace("\\", "/"))
        found = self._by_stem.get(stem_of(path), [])
        return [name for name, folders in found if _agree(path.parent.parts, folders)]


def _bare(name: str) -> str:
    return re.sub(r"\b0+(?=\d)", "", spelt(stem_of(PurePosixPath(name.strip()))).casefold())


def _agree(written: tuple[str, ...], folders: tuple[str, ...]) -> bool:
    """Whether the folders that both name, counted from the file outwards, are called the same."""
    pairs = zip(reversed(written), reversed(folders), strict=False)
    return all(spelt(one) == spelt(other) for one, other in pairs)

"""Folders within folders: archives nest, and people point at any of the levels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pixelwise.data.pictures import is_image

MOST_FOLDERS = 50
"""A level of more folders is searched no further: it is somebody's disk, not an archive."""

LEFT_OUT = "left-out"
"""Where a repaired copy keeps what cannot be used, in folders as they were: no part of it."""

_PASSED_OVER = frozenset({"__MACOSX", LEFT_OUT})  # the first is of archivers


def first_folder(root: Path, wanted: Callable[[Path], bool], levels: int) -> Path | None:
    """The first folder that is wanted, ``root`` itself or one up to so many levels below; the outermost comes first."""
    level = [root]
    for _ in range(levels + 1):
        for folder in level:
            if wanted(folder):
                return folder
        level = [child for folder in level for child in folders_in(folder)][:MOST_FOLDERS]
    return None


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder by name, without hidden ones."""
    try:
        return [child for child in sorted(folder.iterdir()) if child.is_dir() and _is_shown(child.name)]
    except OSError:  # no folder, or one that may not be read, such as lost+found: it holds nothing for us
        return []


def pictures_in(folder: Path, levels: int | None = None) -> Iterator[Path]:
    """Image files in a folder and those below it, down to so many levels, by name; no hidden ones."""
    return files_in(folder, is_image, levels)


def files_in(folder: Path, wanted: Callable[[Path], bool], levels: int | None = None) -> Iterator[Path]:
    """The files that are wanted in a folder and those below it, down to so many levels, by name; no hidden ones.

    Links are followed, but never outwards and into each folder once: they may lead round in a circle.
    """
    seen = set(folder.resolve().parents)
    for where, folders, names in os.walk(folder, followlinks=True):
        here = Path(where)
        again = here.resolve() in seen
        seen.add(here.resolve())
        depth = len(here.relative_to(folder).parts)
        folders[:] = [] if again or depth == levels else sorted(filter(_is_shown, folders))
        found = (here / name for name in sorted(names) if not again and _is_shown(name))
        # A pipe would be waited for without end.
        yield from (path for path in found if wanted(path) and (path.is_file() or path.is_symlink()))


def holds_pictures(folder: Path) -> bool:
    """Whether there is an image file in a folder or below it."""
    return next(pictures_in(folder), None) is not None


def holds_files(folder: Path) -> bool:
    """Whether there is any file in a folder or below it, hidden ones aside."""
    return any(_is_shown(name) for _, _, names in os.walk(folder) for name in names)


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name not in _PASSED_OVER

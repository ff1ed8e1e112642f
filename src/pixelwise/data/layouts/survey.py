"""What a folder holds, in words, for a person whose folder no reader understands."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TypeVar

from pixelwise.data.pictures import is_image

LEVELS = 3
"""Folders so far below are looked into."""

_MOST_NAMED = 3
_Kind = TypeVar("_Kind", str, tuple[str, str])


def survey(folder: Path) -> str:
    """Counts of files by kind and place: "30 .jpg and no masks", "no images but 12 .mha"."""
    pictures, others = _counted(folder)
    if not pictures:
        named = _joined([f"{count} {suffix or 'without suffix'}" for suffix, count in _ranked(others)])
        return f"no images but {named}" if named else "no files"
    if len({place for place, _ in pictures}) > _MOST_NAMED:
        pictures = _by_outermost(pictures)
    named_pictures = [f"{count} {suffix}{place}" for (place, suffix), count in _ranked(pictures)]
    one_place = len({place for place, _ in pictures}) == 1
    return _joined(named_pictures, *(["no masks"] if one_place else []))


def _ranked(counts: Counter[_Kind]) -> list[tuple[_Kind, int]]:
    """The most frequent first, those alike by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _by_outermost(pictures: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    merged: Counter[tuple[str, str]] = Counter()
    for (place, suffix), count in pictures.items():
        merged[place.partition("/")[0], suffix] += count
    return merged


def _counted(folder: Path) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """Pictures by (place, suffix), a place being "" or " in photos/new", and other files by suffix."""
    pictures: Counter[tuple[str, str]] = Counter()
    others: Counter[str] = Counter()
    for where, folders, names in os.walk(folder):
        below = Path(where).relative_to(folder)
        folders[:] = [] if len(below.parts) == LEVELS else [one for one in folders if one[0] != "."]
        place = f" in {below.as_posix()}" if below.parts else ""
        for name in names:
            if is_image(Path(name)):
                pictures[place, _suffix(name)] += 1
            elif name[0] != ".":
                others[_suffix(name)] += 1
    return pictures, others


def _suffix(name: str) -> str:
    # Double suffixes mean something here: .nii.gz is a volume.
    suffixes = Path(name.lower()).suffixes
    return "".join(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


def _joined(parts: list[str], *last: str) -> str:
    shown = [*parts[:_MOST_NAMED], *(["others"] if len(parts) > _MOST_NAMED else []), *last]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)

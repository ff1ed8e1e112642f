"""Reading JSON that people and programs write, or saying in one sentence why not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pixelwise.errors import DataError
from pixelwise.types import Json, Size

_Kind = TypeVar("_Kind")
_LONGEST = 40
"""Characters of a value that a sentence shows."""


def read_json(path: Path) -> Json:
    """The object that a file holds.

    Raises:
        DataError: no such file, no JSON, or something else than an object.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the path.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON, it may be cut short; replace the file.") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} holds no JSON object; give the file that lists images and annotations.")
    return found


def entry(holder: Any, key: str, kind: type[_Kind] | tuple[type[_Kind], ...], where: str) -> _Kind:
    """What an object holds by a name.

    Raises:
        DataError: it is missing or of another type; ``where`` begins the sentence.
    """
    found = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise DataError(f"{where} lacks a usable '{key}'; write the file anew with the program that made it.")
    return found


def number_in(holder: Any, key: str, where: str) -> int:
    """The whole number that an object holds by a name; programs write it as 1.0 or "1", too.

    Raises:
        DataError: it is missing or something else; ``where`` begins the sentence.
    """
    if not isinstance(holder, dict) or key not in holder:
        raise DataError(
            f"{where} lacks the number '{key}'; write the file anew with the program that made it."
        )
    told = holder[key]
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    if isinstance(told, float) and told.is_integer():
        return int(told)
    if isinstance(told, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", told):
        return int(told)
    raise DataError(
        f"{where} has the '{key}' {json.dumps(told)[:_LONGEST]}, which is no whole number; number it."
    )


def size_in(holder: Any, where: str, names: tuple[str, str] = ("height", "width")) -> Size:
    """(height, width) in pixels that an object tells of an image; programs write whole numbers as 333.0, too.

    Raises:
        DataError: one of both is missing or no whole number above 0; ``where``, what tells it, begins the sentence.
    """
    height, width = (_pixels(holder, name, where) for name in names)
    return height, width


def _pixels(holder: Any, name: str, where: str) -> int:
    if not isinstance(holder, dict) or name not in holder:
        raise DataError(f"{where} lacks the '{name}' of the image; write it there, in pixels.")
    told = holder[name]
    is_whole = isinstance(told, int) or (isinstance(told, float) and told.is_integer())
    if not is_whole or isinstance(told, bool) or told <= 0:
        shown = json.dumps(told)[:_LONGEST]
        raise DataError(
            f"{where} says {shown} for the '{name}' of the image, which is no whole number above 0; write what the "
            "image file has, in pixels."
        )
    return int(told)


def speaks_of(path: Path, words: Sequence[bytes], never: Sequence[bytes] = ()) -> bool:
    """Whether a file holds all of these words, or is cut short behind some of them, and none of the others.

    What was cut short is to be refused by whoever reads it, and not to be passed over.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return False
    held = sum(word in content for word in words)
    is_cut = held > 0 and content.lstrip().startswith(b"{") and not content.rstrip().endswith(b"}")
    return (held == len(words) or is_cut) and not any(word in content for word in never)


def is_there(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none, also where the system refuses to look."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False

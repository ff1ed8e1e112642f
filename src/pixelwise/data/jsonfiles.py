"""Reading JSON that people and programs write, or saying in one sentence why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pixelwise.errors import DataError
from pixelwise.types import Json

_Kind = TypeVar("_Kind")


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


def speaks_of(path: Path, words: Sequence[bytes], never: bytes | None = None) -> bool:
    """Whether a file holds all of these words, or is cut short behind some of them, and not the other one.

    What was cut short is to be refused by whoever reads it, and not to be passed over.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return False
    held = sum(word in content for word in words)
    is_cut = held > 0 and content.lstrip().startswith(b"{") and not content.rstrip().endswith(b"}")
    return (held == len(words) or is_cut) and (never is None or never not in content)


def is_there(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none, also where the system refuses to look."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False

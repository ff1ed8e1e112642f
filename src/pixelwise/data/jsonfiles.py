"""Reading JSON that people and programs write, or saying in one sentence why not."""

from __future__ import annotations

import json
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

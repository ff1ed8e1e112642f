"""From TOML, or plain values, to a recipe; what is wrong is told in one sentence."""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pixelwise.errors import RecipeError
from pixelwise.recipe.network import Model
from pixelwise.recipe.tasks import KINDS
from pixelwise.recipe.whole import Recipe

_Kind = TypeVar("_Kind", bound=BaseModel)
_SHOULD_BE = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list, such as [224, 320]",
    "model_type": "a table of settings",
    "dict_type": "a table of settings",
    "literal_error": "{expected}",
    "multiple_of": "a multiple of {multiple_of}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
}
"""What a setting should be, by the type of pydantic's error and with its context."""


def parse_recipe(values: Mapping[str, Any], source: str) -> Recipe:
    """A recipe from plain values; :class:`RecipeError` names ``source`` and the setting that is wrong."""
    return _parsed(Recipe, values, source)


def parse_model(values: Mapping[str, Any], source: str) -> Model:
    """A network from plain values; :class:`RecipeError` names ``source`` and the setting that is wrong."""
    return _parsed(Model, values, source)


def _parsed(kind: type[_Kind], values: Mapping[str, Any], source: str) -> _Kind:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        setting = _setting_at(first["loc"]) or kind.__name__.lower()
        raise RecipeError(f"{source}: {_refusal(setting, first)}") from error


def _setting_at(loc: tuple[int | str, ...]) -> str:
    """A setting's dotted name; after a task's name pydantic also names its kind."""
    words = [part for part in loc if isinstance(part, str)]
    if words[:1] == ["tasks"] and len(words) > 2 and words[2] in KINDS:
        del words[2]
    return ".".join(words)


def _refusal(setting: str, error: ErrorDetails) -> str:
    """What is wrong with a setting, and what to do."""
    if error["type"] == "extra_forbidden":
        names = {name.rpartition(".")[2]: name for name in by_dotted_name(Recipe().model_dump())}
        near = difflib.get_close_matches(setting.rpartition(".")[2], names, n=1)
        meant = f" ({names[near[0]]} is one)" if near else ""
        return f"there is no setting '{setting}'{meant}; remove it or correct its name."
    if error["type"] in _SHOULD_BE:
        wanted = _SHOULD_BE[error["type"]].format(**error.get("ctx", {}))
        return f"'{setting}' should be {wanted}, not {error['input']}; correct it."
    return f"'{setting}' is wrong ({error['msg'].removeprefix('Value error, ')}); correct it."


def by_dotted_name(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A recipe's plain values without their tables: "train.batch_size" and what it is."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= by_dotted_name(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def with_settings(values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's plain values with others in their places; names are dotted, "train.batch_size".

    Raises:
        RecipeError: a name that leads into a value.
    """
    changed = copy.deepcopy(dict(values))
    for name, value in settings.items():
        *path, last = name.split(".")
        inner: Any = changed
        for part in path:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            raise RecipeError(f"there is no setting '{name}'; docs/recipe.md lists them.")
        inner[last] = value
    return changed


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise :class:`RecipeError` for a setting that there is not, or a value that it has in no recipe.

    Values that depend on others pass: what the others are is planned later.
    """
    every = Recipe().model_dump(exclude_none=True)
    every["tasks"] = {kind: {"kind": kind} for kind in KINDS}
    try:
        Recipe.model_validate(with_settings(every, settings))
    except ValidationError as error:
        for one in error.errors():
            setting = _setting_at(one["loc"])
            if one["type"] == "extra_forbidden" or setting in settings:
                raise RecipeError(f"what was asked for: {_refusal(setting, one)}") from error


def parse_setting(text: str) -> tuple[str, Any]:
    """Name and value of "name=value", the value written as in TOML; quotes of a word may be left out.

    Raises:
        RecipeError: no such text.
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not (equals and re.fullmatch(r"\w+(\.\w+)*", name, re.ASCII)):
        raise RecipeError(f"'{text}' is no setting; write it as name=value, such as train.batch_size=16.")
    try:
        return name, tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return name, written


def read_recipe(path: Path) -> Recipe:
    """Read a ``recipe.toml``; :class:`RecipeError` in one sentence if it cannot be used."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RecipeError(
            f"{path} cannot be read ({error.strerror}); give the path of a recipe.toml."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path} is not TOML ({error}); correct it or start from a run's recipe.toml."
        ) from error
    return parse_recipe(values, str(path))

"""The table in docs/recipe.md names every setting and its default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pixelwise.recipe import PanopticTask, Recipe

DOCUMENT = Path(__file__).parents[2] / "docs" / "recipe.md"
CHOSEN = (
    "planned",
    "measured",
    "recorded",
    "300 s",
)  # what the table says where the default is not the recipe's own


def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted name."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def table() -> dict[str, str]:
    """Default as the document gives it, by dotted name."""
    found: dict[str, str] = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            names, defaults = line.split("|")[1:3]
            listed = re.findall(r"`([a-z_.]+)`", names)
            each = [one.strip() for one in defaults.split(", ")]
            found |= dict(zip(listed, each if len(each) == len(listed) else each * len(listed), strict=True))
    return found


def test_every_setting_is_in_the_table_with_its_default() -> None:
    objects = Recipe(tasks={"instance": PanopticTask()})
    settings = leaves(Recipe().model_dump(mode="json")) | leaves(objects.model_dump(mode="json"))
    documented = table()
    assert settings.keys() == documented.keys()
    for name, default in settings.items():
        shown = documented[name].strip('`"')
        if shown in CHOSEN:
            continue
        if isinstance(default, float):
            assert float(shown) == default, name
        else:
            assert shown.lower() == str(default).lower(), name

"""The tables in docs/check.md name every kind of finding, and every key of the JSON, as the code knows them."""

import re
from pathlib import Path

from pixelwise.checks import KINDS, Check, Finding, Place
from pixelwise.checks.finding import SEVERITIES
from pixelwise.checks.result import SCHEMA
from pixelwise.data.groups import GROUP_TAGS

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_table_is_that_of_the_code() -> None:
    rows = [
        f"| `{name}` | {kind.severity} | {kind.what} | {kind.fix}{' Mended by `--fix`.' if kind.mends else ''} |"
        for name, kind in KINDS.items()
    ]
    table = PAGE.split("## Everything")[1].split("|---|---|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == rows


def test_the_tags_that_name_groups_are_listed() -> None:
    assert all(f"`{tag}`" in PAGE for tag in GROUP_TAGS)


def test_the_keys_of_the_json_are_listed() -> None:
    section = PAGE.split("## The findings for other programs")[1].split("\n## ")[0]
    whole, finding = (
        [
            key
            for line in part.splitlines()
            if line.startswith("| `")
            for key in re.findall("`(.+?)`", line.split("|")[1])
        ]
        for part in section.split("A finding holds")
    )
    assert whole == [field.alias or name for name, field in Check.model_fields.items()]
    assert finding == list(Finding.model_fields)
    assert all(f"`{name}`" in section for name in [SCHEMA, *SEVERITIES, *Place.model_fields])

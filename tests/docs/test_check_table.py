"""The table in docs/check.md names every kind of finding as the code knows it."""

from pathlib import Path

from pixelwise.checks import KINDS
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

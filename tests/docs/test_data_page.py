"""``docs/data.md`` names what the readers understand."""

import re
from pathlib import Path

import pytest

from pixelwise.cli.main import main
from pixelwise.data import legend
from pixelwise.data.layouts import LAYOUTS, paired, pairing, table

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("layouts", {layout.name for layout in LAYOUTS}),
        ("endings", set(pairing.ENDINGS)),
        ("folders", set(paired.IMAGES | paired.MASKS)),
        ("tables", set(table.FILES)),
        ("columns", {*table.IMAGE, *table.MASK}),
        ("legends", {*legend.FILES}),
    ],
)
def test_the_page_names_all(names: str, expected: set[str]) -> None:
    missing = expected - {name.casefold() for name in NAMED}
    assert not missing, f"docs/data.md lacks these {names}: {sorted(missing)}"


def test_the_order_of_trial_is_that_of_the_page() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert listed[: len(LAYOUTS)] == [layout.name for layout in LAYOUTS]


def test_the_help_names_every_layout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "laid out: " + ", ".join(layout.name for layout in LAYOUTS[:-1]) + f" or {LAYOUTS[-1].name};" in shown
    )

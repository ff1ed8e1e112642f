"""A comparison as the terminal shows it."""

from __future__ import annotations

import pytest
from tests.evaluation.test_matching import metrics

from pixelwise.cli.console import COMPARED, Console
from pixelwise.evaluation import Contestant, compare_sides

LONG = "a run of a very long name that somebody gave to it in haste"


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_of_a_comparison_is_cut(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    scores = {LONG: 0.8, "other": 0.6}
    sides = [
        (name, [Contestant(name, metrics({f"image {i}": dice + i / 100 for i in range(12)}))])
        for name, dice in scores.items()
    ]
    Console().print_comparison(compare_sides(sides, recipes=False), "")
    said = capsys.readouterr().out
    assert "…" not in said
    assert all(title in said for title in ("Dice", *COMPARED))
    assert "0.855 (" in said
    assert "0.655 (" in said
    assert "-0.2000 (" in said.replace("−", "-")
    assert "worse" in said
    assert "0% (0%–" in said  # no image won

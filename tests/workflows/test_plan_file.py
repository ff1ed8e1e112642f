"""``plan.json``: what a resumed run's report knows of the reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.errors import RecipeError
from pixelwise.workflows.runfolder import read_reasons, write_reasons


def test_reasons_come_back_as_they_were(tmp_path: Path) -> None:
    reasons = {"scale": "256×192: masks keep 0.998 in it", "train.batch_size": "16, as asked"}
    write_reasons(tmp_path / "plan.json", reasons)
    assert read_reasons(tmp_path / "plan.json") == reasons


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"reasons": 3}', '{"reasons": ["scale"]}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=r"plan\.json is missing or damaged: put it back, or train anew"):
        read_reasons(tmp_path / "plan.json")

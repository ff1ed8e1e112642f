"""Lengths of time, as people write them and as a budget divides."""

from __future__ import annotations

import time

import pytest

from pixelwise.errors import RecipeError
from pixelwise.workflows.budget import check_budget, format_seconds, parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("0.5h", 1800), (" 2 M ", 120), ("1m30s", 90)],
)
def test_lengths(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 minutes", "-5m", "5m!", "0s", "nan"])
def test_other_texts_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(RecipeError, match="like 90s, 5m or 1h30m"):
        parse_budget(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (48, "48 s"), (119, "119 s"), (301, "5 min"), (3900, "1 h 05 min")]
)
def test_lengths_for_people(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_budget_that_leaves_nearly_nothing_is_refused_with_one_that_would_do() -> None:
    with pytest.raises(RecipeError, match=r"--budget (\d+)s") as caught:
        check_budget(time.monotonic() - 10, budget=30, reserve=18)
    advised = int(str(caught.value).rsplit("--budget ", 1)[1].removesuffix("s."))
    check_budget(time.monotonic() - 10, budget=advised, reserve=18)

"""``docs/baselines.md`` says of every method what the code says, and names no other."""

from __future__ import annotations

import re
from pathlib import Path

from pixelwise.baselines import METHODS, OBJECT_SIDES, WORKING_SIDE
from pixelwise.baselines.choosing import CUT, FIRST
from pixelwise.baselines.comparison import SCHEMA, Comparison, MethodScores
from pixelwise.baselines.objectrule import KEEPS
from pixelwise.baselines.picture import FEWEST_PIXELS
from pixelwise.workflows import bestbaseline
from pixelwise.workflows.baseline import CHOOSING

PAGE = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
TRAINING = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.split())


def test_the_table_of_methods_is_that_of_the_code() -> None:
    rows = [f"| `{one.name}` | {one.title} | {one.how} | {one.source} |" for one in METHODS.values()]
    table = PAGE.split("## The methods")[1].split("|---|---|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == rows


def test_every_method_was_measured() -> None:
    measured = PAGE.split("## How good")[1]
    names = re.findall(r"^\| `([a-z-]+)` \| 0\.\d{3} \(0\.\d{3}–0\.\d{3}\) \| 0\.", measured, re.MULTILINE)
    assert sorted(names) == sorted(METHODS)


def test_numbers_and_words_are_those_of_the_code() -> None:
    assert f"at most {WORKING_SIDE} pixels" in FLAT
    assert f"on {CHOOSING} images of the training and validation splits" in FLAT
    assert f"less than {FEWEST_PIXELS} pixels" in FLAT
    assert all(f"`{word}`" in PAGE for word in (*OBJECT_SIDES, *KEEPS))


def test_the_keys_of_the_file_are_listed() -> None:
    keys = [
        field.alias or name
        for model in (Comparison, MethodScores)
        for name, field in model.model_fields.items()
    ]
    assert all(f"`{key}`" in PAGE for key in keys)
    assert SCHEMA in PAGE


def test_what_training_says_of_the_comparison() -> None:

    flat = " ".join(TRAINING.split())
    quick = sum(not method.slow for method in METHODS.values())
    words = {11: "eleven", 15: "fifteen"}
    assert f"{words[len(METHODS)]} methods" in flat
    assert f"the {words[quick]} quick methods, first on {bestbaseline.FEWEST} image" in flat
    assert f"up to {bestbaseline.MOST_SCORED} scored images" in flat
    assert f"chosen on up to {bestbaseline.EXAMPLES} images" in flat
    assert f"on {FIRST} images, the best two in five" in flat
    assert CUT == 5 / 2
    assert f"until {bestbaseline.FOR_CHOOSING:.0%}" in flat
    assert (bestbaseline.SHARE, bestbaseline.LONGEST) == (
        1 / 20,
        120,
    )
    assert bestbaseline.SHORTEST / bestbaseline.SHARE == 60  # "budgets below a minute"

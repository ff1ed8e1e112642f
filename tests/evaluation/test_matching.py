"""Which images of several runs can be compared, and which runs cannot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from pixelwise.errors import DataError
from pixelwise.evaluation import Comparison, Contestant, ImageRow, Metrics, Score, compare_sides
from pixelwise.evaluation.comparison import mean_interval
from pixelwise.evaluation.matching import match

DOCUMENT = Path(__file__).parents[2] / "docs" / "compare.md"


def metrics(
    dice: Mapping[str, float], *, split: str = "test", headline: str = "dice", **changes: Any
) -> Metrics:
    """Scores of images by name; ``changes`` are of every image row."""
    known = [value for value in dice.values() if not math.isnan(value)]
    mean = sum(known) / len(known)
    score = Score(
        mean=mean,
        ci95=(mean - 0.01, mean + 0.01),
        median=mean,
        p5=mean,
        worst=mean,
        pooled=mean,
        pooled_ci95=(mean, mean),
        n_undefined=len(dice) - len(known),
    )
    row = {"size": (4, 6), "split": split, "counts": {"semantic": {"overlap": [[9, 1], [2, 12]]}}} | changes
    return Metrics(
        pixelwise="1.2.3",
        tasks=("semantic",),
        headline=headline,
        data="lesions",
        split=split,
        n_images=len(dice),
        scores={headline: score},
        classes={},
        tags={},
        images=tuple(
            ImageRow(name=name, image=f"images/{name}.png", tags={}, scores={headline: value}, **row)
            for name, value in dice.items()
        ),
        settings={},
    )


FIRST = {"a": 0.9, "b": 0.8, "c": 0.7, "d": math.nan}


def test_images_are_matched_by_name_whatever_their_order() -> None:
    other = metrics({"e": 0.1, "d": 0.2, "c": 0.3, "b": 0.4, "a": 0.5})
    found = match([("one", metrics(FIRST)), ("two", other)])
    assert [row.name for row in found.images] == ["a", "b", "c"]
    assert found.scores.tolist() == [[0.9, 0.8, 0.7], [0.5, 0.4, 0.3]]
    assert (found.n_unshared, found.n_undefined) == (1, 1)


def test_classes_may_be_numbered_differently() -> None:
    turned = {"semantic": {"overlap": [[12, 2, 0], [1, 9, 0], [0, 0, 0]]}}
    assert len(match([("one", metrics(FIRST)), ("two", metrics(FIRST, counts=turned))]).images) == 3


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (metrics(FIRST, split="val"), "one was scored on the split 'test' but two on 'val'"),
        (metrics(FIRST, headline="iou"), r"one is scored by dice \(semantic\) but two by iou"),
        (metrics({"a": 0.9, "x": 0.9}), "one and two were scored on other images and share 1;"),
        (metrics(FIRST, size=(4, 7)), "one and two were scored on other data: their image 'a' differs"),
        (metrics(FIRST, counts={"semantic": {"overlap": [[9, 1], [1, 13]]}}), None),
        (metrics(FIRST, counts={"semantic": {"overlap": [[8, 1], [3, 12]]}}), "other data: their image 'a'"),
        (
            metrics({"a": 0.9, "b": math.nan, "c": math.nan, "d": 0.5}),
            "share 1 image on which all have a score",
        ),
        (metrics(FIRST).model_copy(update={"tasks": ("other",)}), "compare models of one task"),
    ],
)
def test_what_does_not_match_is_refused(other: Metrics, says: str | None) -> None:
    runs = [("one", metrics(FIRST)), ("two", other)]
    if says is None:  # the same truth, predicted otherwise
        match(runs)
        return
    with pytest.raises(DataError, match=says) as caught:
        match(runs)
    assert str(caught.value).endswith(".")


def test_of_several_runs_the_odd_ones_are_named() -> None:
    own, odd = metrics(FIRST), metrics({"x": 0.9, "y": 0.9, "a": 0.9})
    with pytest.raises(
        DataError, match=r"^odd was scored on other images than one, two and three; "
    ) as caught:
        match([("one", own), ("odd", odd), ("two", own), ("three", own)])
    assert str(caught.value).endswith(".")
    with pytest.raises(DataError, match=r"^odd and other were scored on other images than one and two; "):
        match([("odd", odd), ("one", own), ("other", metrics({"p": 0.9, "q": 0.8})), ("two", own)])


def test_an_image_in_different_splits_is_refused() -> None:
    one, other = metrics(FIRST, split="all"), metrics(FIRST, split="all")
    rows = [row.model_copy(update={"split": "train"}) for row in other.images]
    trained = other.model_copy(update={"images": tuple(rows)})
    tested = one.model_copy(
        update={"images": tuple(row.model_copy(update={"split": "test"}) for row in one.images)}
    )
    with pytest.raises(DataError, match="'a' in its split 'test' but two in 'train'"):
        match([("one", tested), ("two", trained)])


def many(shift: float) -> dict[str, float]:
    return {f"i{index}": 0.8 + shift + 0.001 * ((index * 7) % 11) * (1 + shift) for index in range(20)}


def test_a_comparison_says_what_its_numbers_say(tmp_path: Path) -> None:
    sides = [
        (name, [Contestant(name, metrics(many(shift)), 1)]) for name, shift in (("old", 0.0), ("new", 0.02))
    ]
    found = compare_sides(sides, recipes=False, notes=["a note"])
    pair = found.pairs[0]
    assert (pair.verdict, pair.sentence) == ("better", "new is better than old.")
    assert pair.difference.value == pytest.approx(found.sides[1].score.value - found.sides[0].score.value)
    assert pair.probability > 0.999
    assert pair.win_share.value == 1.0
    assert found.sides[0].score.ci95 == metrics(many(0.0)).scores["dice"].ci95  # as its own file says
    first, last = (next(one for one in found.images if one.name == pair.differ_most[at]) for at in (0, -1))
    assert first.scores["new"] - first.scores["old"] > last.scores["new"] - last.scores["old"]
    assert found.notes == ("a note",)
    back = compare_sides(sides[::-1], recipes=False)
    assert back.pairs[0].sentence == "old is worse than new."
    same = compare_sides([sides[0], ("twin", sides[0][1])], recipes=False).pairs[0]
    assert (same.verdict, same.sentence) == ("not shown", "No difference between twin and old is shown.")
    assert same.differ_most == ()


def test_of_several_comparisons_fewer_are_claimed() -> None:
    """A difference that one pair would show by itself is not claimed among three."""
    noise = [((index * 37) % 101 - 50) / 1000 for index in range(40)]
    base = {f"i{index}": 0.8 for index in range(40)}
    unsure = {f"i{index}": 0.8105 + noise[index] for index in range(40)}
    sides = [("base", [Contestant("base", metrics(base))]), ("one", [Contestant("one", metrics(unsure))])]
    alone = compare_sides(sides, recipes=False)
    assert 0.017 < alone.pairs[0].p_value < 0.05
    assert alone.pairs[0].verdict == "better"
    others = [(name, [Contestant(name, metrics(base))]) for name in ("two", "three")]
    among = compare_sides([*sides, *others], recipes=False)
    assert among.pairs[0].p_value == alone.pairs[0].p_value
    assert among.pairs[0].p_adjusted == pytest.approx(3 * alone.pairs[0].p_value)
    assert among.pairs[0].verdict == "not shown"
    assert "up to 15 of 100 tables" in among.remarks[1]
    assert len(alone.remarks) == 1


def test_what_is_left_out_is_said_and_the_interval_made_anew() -> None:
    found = compare_sides(
        [
            ("one", [Contestant("one", metrics(FIRST | {"e": 0.2, "f": 0.9}))]),
            ("two", [Contestant("two", metrics(FIRST))]),
        ],
        recipes=False,
    )
    assert found.n_images == 3
    assert found.sides[0].score.value == pytest.approx(0.8)
    assert any("2 images that not all" in note for note in found.notes)
    assert any("1 images on which some run has no score" in note for note in found.notes)
    assert any("Only 3 images" in note for note in found.notes)
    assert 0 <= found.sides[0].score.ci95[0] < 0.8 < found.sides[0].score.ci95[1] <= 1


def test_of_objects_the_mean_has_its_own_interval_not_that_of_all_counted_together() -> None:
    """Both runs are compared on all of their images, so that their files tell a score: that of 0.80, pooled."""
    found = metrics({"a": 0.2, "b": 0.4, "c": 0.9}, headline="pq")
    pooled = found.scores["pq"].model_copy(update={"value": 0.8, "pooled": 0.8, "ci95": (0.75, 0.85)})
    counted = found.model_copy(update={"scores": {"pq": pooled}})
    sides = [(name, [Contestant(name, counted)]) for name in ("one", "two")]
    score = compare_sides(sides, recipes=False).sides[0].score
    assert score.value == pytest.approx(0.5)
    assert score.ci95[0] < 0.2
    assert score.ci95[1] > 0.85
    low, high = mean_interval(np.array([[0.2, 0.4, 0.9]]), over_runs=False)
    assert score.ci95 == (max(0.0, low), min(1.0, high))


def test_recipes_are_compared_over_their_seeds() -> None:
    def side(name: str, shift: float) -> tuple[str, list[Contestant]]:
        return name, [
            Contestant(f"{name}{seed}", metrics(many(shift + 0.004 * seed)), seed) for seed in range(3)
        ]

    found = compare_sides([side("a", 0.0), side("b", 0.05)], recipes=True)
    assert found.compares == "recipes"
    assert [run.seed for run in found.sides[0].runs] == [0, 1, 2]
    assert found.sides[0].score.value == pytest.approx(
        sum(run.score.value for run in found.sides[0].runs) / 3
    )
    alone = compare_sides([("a", side("a", 0.0)[1][:1]), ("b", side("b", 0.05)[1][:1])], recipes=False)
    width = [one.pairs[0].difference.ci95[1] - one.pairs[0].difference.ci95[0] for one in (found, alone)]
    assert width[0] > 2 * width[1]  # a model's interval knows nothing of other seeds


def test_the_file_comes_back_fits_its_schema_and_is_documented(tmp_path: Path) -> None:
    found = compare_sides(
        [("one", [Contestant("one", metrics(FIRST))]), ("two", [Contestant("two", metrics(FIRST))])],
        recipes=False,
    )
    found.write(tmp_path / "c.json")
    text = (tmp_path / "c.json").read_text(encoding="utf-8")
    values = json.loads(text)
    jsonschema.validate(values, Comparison.model_json_schema(by_alias=True, mode="serialization"))
    assert values["schema"] == "pixelwise.comparison/1"
    assert values["pairs"][0]["effect"] == {"value": None, "ci95": [None, None]}
    assert Comparison.model_validate_json(text).to_json() == found.to_json()
    documented = DOCUMENT.read_text(encoding="utf-8")
    keys = [
        *values,
        *values["pairs"][0],
        *values["sides"][0],
        *values["sides"][0]["runs"][0],
        *values["sides"][0]["score"],
        *values["images"][0],
    ]
    assert [key for key in sorted(set(keys)) if f"`{key}`" not in documented] == []

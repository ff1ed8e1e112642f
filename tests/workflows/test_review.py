"""The list of what a human should look at first: its order, and what it keeps from one prediction to the next."""

from __future__ import annotations

import csv
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.networks import TINY, tiny_predictor, untrained

from pixelwise.prediction import Prediction, Predictor
from pixelwise.prediction import predictor as predicting
from pixelwise.recipe import PoseTask, Scale
from pixelwise.skeleton import COCO_17
from pixelwise.tasks import PoseResult
from pixelwise.tiling import windows_of
from pixelwise.workflows.review import (
    COLUMNS,
    LOWEST,
    REVIEW,
    Review,
    ordered,
    read_reviews,
    review_of,
    write_reviews,
)

SIZE = (64, 96)


@pytest.fixture(scope="module")
def joints() -> Predictor:
    return untrained(TINY.model_copy(update={"tasks": {"pose": PoseTask(skeleton=COCO_17)}}))


def reviewed(joints: Predictor, name: str, scores: list[float], unlikeness: float | None = None) -> Review:
    """A picture in which people of these scores were found."""
    count = len(scores)
    people = PoseResult(
        np.ones((count, 17, 2), np.float32),
        np.ones((count, 17), np.float32),
        np.array(scores, np.float32),
        SIZE,
    )
    return review_of(
        joints, Prediction(SIZE, {"pose": people}, unlikeness=unlikeness), f"{name}.json", f"{name}.png"
    )


def listed(folder: Path) -> list[list[str]]:
    return list(csv.reader((folder / REVIEW).read_text(encoding="utf-8").splitlines()))


def test_people_are_listed_by_the_least_sure_of_a_picture(joints: Predictor, tmp_path: Path) -> None:
    reviews = [
        reviewed(joints, "good", [0.9, 0.8], 0.5),
        reviewed(joints, "one of them bad", [0.95, 0.25], 0.5),
        reviewed(joints, "nobody", [], 0.5),
        reviewed(joints, "stranger", [0.99], 1.5),
        reviewed(joints, "empty stranger", [], 1.5),
    ]
    names = [one.image.removesuffix(".png") for one in ordered(reviews)]
    assert names == ["empty stranger", "stranger", "nobody", "one of them bad", "good"]
    reasons = {one.image: one.reason for one in reviews}
    assert reasons["stranger.png"] == reasons["empty stranger.png"] == "unlike the training images"
    assert (reasons["nobody.png"], reasons["one of them bad.png"], reasons["good.png"]) == (
        "nothing found",
        "",
        "",
    )
    write_reviews(tmp_path, reviews)
    rows = listed(tmp_path)
    assert rows[0] == [*COLUMNS, LOWEST]
    assert rows[3] == ["nobody.json", "nobody.png", "nothing found", "", "0.5000", "", ""]
    assert rows[4][3:] == ["", "0.5000", "", "0.2500"]
    again = list(read_reviews(tmp_path).values())
    assert [one.image.removesuffix(".png") for one in again] == names
    assert [one.lowest for one in again] == pytest.approx(
        [math.nan, 0.99, math.nan, 0.25, 0.8], abs=1e-4, nan_ok=True
    )
    write_reviews(tmp_path, again)
    assert listed(tmp_path) == rows


def test_a_picture_predicted_in_windows_is_listed_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one beyond 16 million pixels is: nothing is known of it, which is not as if nothing was found in it."""
    monkeypatch.setattr(predicting, "windows_of", partial(windows_of, side=64, large=64 * 96))
    predictor = untrained(TINY.model_copy(update={"scale": Scale(policy="tiles", size=(64, 96))}))
    pixels = np.random.default_rng(0).integers(0, 256, (96, 144, 3), dtype=np.uint8)
    large = review_of(predictor, predictor.predict(pixels), "large.json", "large.png")
    assert large.reason == "too large to be judged"
    small = review_of(predictor, predictor.predict(pixels[:64, :96]), "small.json", "small.png")
    assert small.reason == ""
    found = [
        Review("empty.json", "empty.png", math.nan, 0.5, 0.1, "nothing found"),
        Review("good.json", "good.png", 0.9, 0.5, 0.1, ""),
        small,
        large,
        Review("stranger.json", "stranger.png", 0.9, 1.5, 0.1, "unlike the training images"),
    ]
    write_reviews(tmp_path, found)
    names = [row[0].removesuffix(".json") for row in listed(tmp_path)[1:]]
    assert (names[:2], names[-1]) == (["stranger", "large"], "good")
    assert [
        one.results.removesuffix(".json") for one in ordered(list(read_reviews(tmp_path).values()))
    ] == names


def test_a_list_of_a_semantic_model_has_the_columns_that_it_had(tmp_path: Path) -> None:
    """People found later into the same folder add theirs, and keep the earlier rows."""
    predictor = tiny_predictor()
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    lesion = review_of(predictor, predictor.predict(image), "lesion.json", "lesion.png")
    write_reviews(tmp_path, [lesion])
    header, row = listed(tmp_path)
    assert header == list(COLUMNS)
    assert row == ["lesion.json", "lesion.png", "", "", "", f"{lesion.uncertainty:.4f}"]
    person = Review("person.json", "person.png", math.nan, math.nan, math.nan, "", 0.5)
    write_reviews(tmp_path, [*read_reviews(tmp_path).values(), person])
    header, *rows = listed(tmp_path)
    assert header == [*COLUMNS, LOWEST]
    assert rows == [[*row, ""], ["person.json", "person.png", "", "", "", "", "0.5000"]]

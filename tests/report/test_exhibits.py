"""Which images a page shows, and how: outlines, mistakes, uncertainty, links, size."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.report.pages import Checker, exhibit, metrics, page

from pixelwise.report import Drawn, Exhibit, choose_exhibits, drawn_part, write_report


@pytest.mark.parametrize(
    ("n", "each", "worst", "median", "best"),
    [
        (0, 4, "", "", ""),
        (1, 4, "a", "", ""),
        (2, 4, "a", "", "b"),
        (3, 4, "a", "b", "c"),
        (5, 4, "ab", "c", "ed"),
        (9, 2, "ab", "de", "ih"),
        (10, 2, "ab", "ef", "ji"),
    ],
)
def test_exhibits_are_worst_median_and_best(n: int, each: int, worst: str, median: str, best: str) -> None:
    scores = {chr(ord("a") + i): i / 10 for i in range(n)}
    expected = {"worst": list(worst), "median": list(median), "best": list(best)}
    assert choose_exhibits(dict(reversed(scores.items())), each=each) == expected


def test_images_without_a_score_are_no_exhibits() -> None:
    assert choose_exhibits({"a": math.nan, "b": 0.5}) == {"worst": ["b"], "median": [], "best": []}


def test_outlines_and_mistakes_of_an_exhibit(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"a": 0.8}), exhibits={"worst": [exhibit("a", 0.8)]})
    assert 'd="M0 0h3v4h-3z"' in text
    assert 'd="M0 0h2v4h-2z"' in text
    assert 'fill="var(--missed)" d="M2 0h1v4h-1z"' in text
    assert 'fill="var(--extra)" d=""' in text
    assert "33% of the truth missed; 0% of the prediction outside it" in text
    assert "drawn coarsely" not in text
    assert "no label" not in text


def test_what_nobody_labelled_is_shown_and_not_counted(tmp_path: Path) -> None:
    one = exhibit("a")
    one.truth[:, 2:] = 255
    text = page(tmp_path / "r.html", metrics({"a": 1.0}), exhibits={"worst": [one]})
    assert '<path class="unlabelled" d="M2 0h4v4h-4z"/>' in text
    assert "0% of the truth missed; 0% of the prediction outside it" in text
    assert "Darkened pixels have no label" in text


def test_large_images_are_shown_small_with_outlines_at_full_size(tmp_path: Path) -> None:
    many = [exhibit(f"i{i}", size=(1200, 1600)) for i in range(2)]
    text = page(tmp_path / "r.html", metrics({"a": 0.9}), exhibits={"worst": many})
    assert 'viewBox="0 0 1600 1200"' in text
    assert 'd="M0 0h800v1200h-800z"' in text
    assert len(text) < 75_000


def test_an_exhibit_whose_parts_differ_in_size_is_refused() -> None:
    one = exhibit("a")
    with pytest.raises(ValueError, match="differ in size"):
        Exhibit("a", one.image, one.truth[1:], one.predicted, 0.5, {})


def test_a_task_without_outlines_shows_what_it_draws(tmp_path: Path) -> None:
    found = metrics({"a": 0.9, "b": 0.5})
    drawn = {"worst": [Drawn("b", np.zeros((4, 6, 3), np.uint8), 0.5, {"age": "<7>"})], "best": []}
    part = drawn_part(found, "joints", drawn, asked="finds joints", gives="people")
    write_report(tmp_path / "r.html", title="Men", metrics=found, parts=[part])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert '<figure id="joints-1-1">' in text
    assert "age</bdi>: <bdi>&lt;7&gt;" in text
    assert 'class="toggles"' not in text
    assert "How good is a model that finds joints?" in text


def test_the_picture_of_an_image_is_linked_from_its_dot_and_its_row(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"a": 0.9, "b": 0.8}), exhibits={"worst": [exhibit("b")]})
    assert text.count('<a class="shown" href="#mask-1-1" aria-label="b: Dice 0.800">') == 2, (
        "on a wide and a narrow screen"
    )
    assert '<a href="#mask-1-1"><bdi class="name">b</bdi></a>' in text
    assert '<figure id="mask-1-1">' in text


def test_uncertainty_is_a_layer_that_can_be_shown(tmp_path: Path) -> None:
    sure = exhibit("a")
    plain = page(tmp_path / "1.html", metrics({"a": 0.9}), exhibits={"worst": [sure]})
    unsure = replace(sure, uncertainty=np.full((4, 6), 0.5, np.float32))
    text = page(tmp_path / "2.html", metrics({"a": 0.9}), exhibits={"worst": [unsure]})
    body = [one.split("</style>")[1] for one in (plain, text)]
    assert ["uncertainty" in one for one in body] == [False, True]
    assert 'class="show-uncertainty"' in body[1]


def test_twelve_pictures_of_a_camera_stay_within_three_megabytes(tmp_path: Path) -> None:
    """As many as a run shows, at the size of PH²; noise of a photograph, which compresses badly."""
    random = np.random.default_rng(0)
    noise = random.normal(0, 12, (574, 765, 3))
    rows, columns = np.mgrid[:574, :765]
    image = (150 + 60 * np.sin(columns / 90 + rows / 70)[..., None] + noise).clip(0, 255).astype(np.uint8)
    ragged = (np.hypot(rows - 287, columns - 382) + random.normal(0, 1.5, (574, 765)) < 200).astype(np.uint8)
    unsure = random.random((574, 765)).astype(np.float32)
    items = [Exhibit(f"i{i}", image, ragged, ragged[::-1], 0.9, {}, unsure) for i in range(12)]
    dice = {f"i{i}": 0.9 for i in range(40)}
    page(tmp_path / "r.html", metrics(dice), exhibits={"worst": items})
    assert (tmp_path / "r.html").stat().st_size < 3_000_000

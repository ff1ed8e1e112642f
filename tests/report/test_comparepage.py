"""The page of a comparison: harmless whatever the names, and round axes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.test_matching import metrics
from tests.report.pages import HOSTILE, LESION, Checker

from pixelwise.evaluation import Contestant, compare_sides
from pixelwise.report.comparepage import Beside, Shown, difference_domain, write_comparison
from pixelwise.report.templates import (
    probability_text,
    range_text,
    score_text,
    signed_span_text,
    signed_text,
    span_text,
    unbroken_text,
)


def test_hostile_names_are_harmless(tmp_path: Path) -> None:
    dice = {name: 0.5 + index / 20 for index, name in enumerate(HOSTILE)}
    other = {name: 0.5 - index / 20 for index, name in enumerate(HOSTILE)}
    scores = (dice, other, other)
    sides = [(name, [Contestant(name, metrics(one))]) for name, one in zip(HOSTILE[:3], scores, strict=True)]
    found = compare_sides(sides, recipes=False, notes=HOSTILE)
    truth, less = np.zeros((4, 6), np.uint8), np.zeros((4, 6), np.uint8)
    truth[:, :3], less[:, :2] = 1, 1
    image = np.full((4, 6, 3), 128, np.uint8)
    nothing = np.zeros_like(truth)
    shown = [
        Shown(name, image, truth, less, nothing, (LESION, LESION), (HOSTILE[1], HOSTILE[0]), (0.8, 0.0))
        for name in HOSTILE
    ]
    write_comparison(tmp_path / "c.html", found, [shown, []], HOSTILE[0], "</code></pre><script>")
    text = (tmp_path / "c.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert text.count("<script") == 1, "the page's own"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>bold" not in text
    assert "{{ 7 * 7 }}" in text
    assert text.count('d="M0 0h3v4h-3z"') == text.count('d="M0 0h2v4h-2z"') == len(HOSTILE)
    assert text.count("found nothing here") == len(HOSTILE)


def test_pictures_side_by_side_of_several_pairs_that_differ_most_on_one_image(tmp_path: Path) -> None:
    names = ("base", "one", "two")
    sides = [
        (name, [Contestant(name, metrics({"a": 0.5 + at / 10, "b": 0.6}))]) for at, name in enumerate(names)
    ]
    found = compare_sides(sides, recipes=False)
    image = np.full((4, 6, 3), 128, np.uint8)
    shown = [[Beside("a", image, image.copy(), (name, "base"), (0.6, 0.5))] for name in names[1:]]
    write_comparison(tmp_path / "c.html", found, shown, "", "pixelwise compare base one two")
    text = (tmp_path / "c.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert text.count('viewBox="0 0 13 4"') == 2, "two of 6 pixels and the gap between them"
    for name in names[1:]:
        assert f"<h3><bdi>{name}</bdi> and <bdi>base</bdi></h3>" in text
    assert (
        text.count('Left:</span> <bdi class="name">') == text.count('Right:</span> <bdi class="name">') == 2
    )
    assert 'type="checkbox"' not in text, "there are no layers to hide"
    outlined = [
        [
            Shown(
                "a",
                image,
                image[..., 0] * 0,
                image[..., 0] * 0,
                image[..., 0] * 0,
                (LESION,) * 2,
                pair,
                (0.6, 0.5),
            )
        ]
        for pair in (("one", "base"), ("two", "base"))
    ]
    write_comparison(tmp_path / "c.html", found, outlined, "", "pixelwise compare base one two")
    assert 'type="checkbox"' in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_options_stay_in_one_piece_on_a_narrow_screen(tmp_path: Path) -> None:
    sides = [(name, [Contestant(name, metrics({"a": 0.5, "b": 0.6}))]) for name in ("one", "other-run")]
    found = compare_sides(sides, recipes=False, notes=["Train both with one --splits file."])
    assert any("--recipe" in remark for remark in found.remarks)
    command = "pixelwise compare one --against other-run"
    write_comparison(tmp_path / "c.html", found, [[]], "Name their folder with --data.", command)
    text = (tmp_path / "c.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert ".nowrap { white-space: nowrap; }" in text
    body = text[text.index("<body") :]
    for option in ("--recipe", "--splits", "--data", "--against"):
        assert f'<span class="nowrap">{option}</span>' in body
        assert body.count(option) == body.count(f'<span class="nowrap">{option}</span>')


def test_only_options_are_held_together() -> None:
    held = '<span class="nowrap">--group-by</span>'
    assert unbroken_text("give --group-by folder") == f"give {held} folder"
    assert unbroken_text("'--group-by'") == f"&#39;{held}&#39;"
    for text in ("a--b", "run--two", "out-of-fold", "- -x", "--"):
        assert unbroken_text(text) == text
    assert unbroken_text("<b> --x") == '&lt;b&gt; <span class="nowrap">--x</span>'


@pytest.mark.parametrize(
    ("values", "half"), [([0.012, -0.003], 0.015), ([-0.3], 0.3), ([0.0, math.nan], 0.01), ([0.95], 1.0)]
)
def test_axes_end_at_round_numbers(values: list[float], half: float) -> None:
    assert difference_domain(values) == pytest.approx((-half, half))


def test_numbers_in_words() -> None:
    assert [signed_text(value) for value in (0.0123, -0.0123, math.nan)] == ["+0.0123", "−0.0123", "n/a"]
    assert signed_span_text((-0.5, 0.25), 2) == "−0.50 to +0.25"
    assert signed_span_text((math.nan, 0.25)) == "n/a"
    assert signed_text(-0.00001) == "+0.0000"


def test_numbers_below_zero_have_a_true_minus_and_zero_has_none() -> None:
    assert [score_text(value) for value in (-0.3451, -0.0001, 0.25)] == ["−0.345", "0.000", "0.250"]
    assert span_text((-0.809, 0.382)) == "−0.809 to 0.382"
    assert span_text((-0.0001, 0.382)) == "0.000–0.382"
    assert range_text((-1.5, 2.0), "px") == "−1.50 to 2.00"
    assert [probability_text(p) for p in (0.0, 0.5, 0.9995)] == ["< 0.1%", "50.0%", "> 99.9%"]

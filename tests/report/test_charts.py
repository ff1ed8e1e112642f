"""Charts: marks stand where their numbers say, texts are escaped, odd data does not break them."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from pixelwise.evaluation.intervals import quantile_interval
from pixelwise.report import charts
from pixelwise.report.charts import Dot, Point, Strip


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 1.0, 11, [i / 10 for i in range(11)]),
        (0.68, 0.97, 6, [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]),
        (24.0, 960.0, 6, [200.0, 400.0, 600.0, 800.0]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, most: int, expected: list[float]) -> None:
    assert charts.ticks(low, high, most) == pytest.approx(expected)


def test_tick_labels_line_up() -> None:
    assert charts.tick_labels([0.8, 0.85, 0.9]) == ["0.80", "0.85", "0.90"]
    assert charts.tick_labels([0.0, 1000.0]) == ["0", "1,000"]
    assert charts.tick_labels([0.0, 2e-5]) == ["0", "2e-05"]
    assert charts.tick_labels([-0.05, 0.0]) == ["−0.05", "0.00"]


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        ([0.95, 0.97], (0.8, 1.0)),
        ([0.62, 0.9, math.nan], (0.6, 1.0)),
        ([0.3], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_the_score_axis_holds_every_score(values: list[float], domain: tuple[float, float]) -> None:
    assert charts.score_domain(values) == pytest.approx(domain)


def test_an_interval_spans_its_bounds() -> None:
    drawn = charts.interval(0.5, 0.25, 0.75, (0.0, 1.0), width=118)
    # 118 less the margins of 9 leaves 100 units for 0 to 1.
    assert '<circle class="mean" cx="59.0"' in drawn
    assert '<rect class="range" x="34.0"' in drawn
    assert 'width="50.0"' in drawn


def test_an_undefined_mean_draws_nothing_and_undefined_bounds_no_bar() -> None:
    assert charts.interval(math.nan, math.nan, math.nan, (0.0, 1.0)) == ""
    drawn = charts.interval(0.5, math.nan, math.nan, (0.0, 1.0))
    assert "mean" in drawn
    assert "range" not in drawn
    assert "nan" not in re.sub('aria-label="[^"]*"', "", drawn)


def test_every_scored_image_is_one_dot_and_none_overlap() -> None:
    scores = [0.9, 0.9, 0.9, 0.95, 1.0, 0.2, math.nan]
    drawn = charts.strips(
        [Strip("all", [Dot(s, f"i{i}") for i, s in enumerate(scores)])], (0.0, 1.0), "Dice", 330
    )
    places = re.findall(r'class="dot" cx="([\d.]+)" cy="([\d.]+)"', drawn)
    assert len(places) == len(set(places)) == 6
    assert "<title>i0</title>" in drawn
    assert "i6" not in drawn


def test_the_triangle_stands_at_the_median() -> None:
    drawn = charts.strips([Strip("all", [Dot(s, "") for s in (0.0, 0.2, 0.4, 0.6)])], (0.0, 1.0), "Dice", 128)
    # The mean of the two middle scores, 0.3, on an axis from 14 to 114.
    assert 'class="median" d="M44.0 ' in drawn


def test_the_open_triangle_stands_at_the_5th_percentile_of_enough_dots() -> None:
    dots = [Dot(i / 20, "") for i in range(21)]
    drawn = charts.strips([Strip("all", dots)], (0.0, 1.0), "Dice", 128, marked_from=10)
    assert 'class="fifth" d="M19.0 ' in drawn, "0.05, on an axis from 14 to 114"
    wide = charts.strips([Strip("all", dots)], (0.0, 1.0), "Dice", 900, marked_from=10)
    (low, high), (_zero, above) = (quantile_interval(np.arange(21) / 20, share) for share in (0.5, 0.05))
    assert f"median 0.500 ({low:.3f}–{high:.3f}) · 5th percentile 0.050 (0.000–{above:.3f})" in wide
    one = charts.strips([Strip("all", dots[10:11])], (0.0, 1.0), "Dice", 900, marked_from=10)
    assert ">median 0.500<" in one
    assert "fifth" not in charts.strips([Strip("all", dots[:9])], (0.0, 1.0), "Dice", 128, marked_from=10)


def test_percentiles_are_those_of_numpy() -> None:
    values = sorted(np.random.default_rng(0).random(23).tolist())
    for share in (0, 5, 50, 95, 100):
        assert charts.percentile(values, share) == pytest.approx(np.percentile(values, share))
    assert charts.percentile([0.5], 5) == 0.5


def test_a_strip_of_many_equal_scores_keeps_its_height() -> None:
    drawn = charts.strips([Strip("all", [Dot(0.9, "")] * 5000)], (0.0, 1.0), "Dice", 900)
    height = re.search(r'viewBox="0 0 900 (\d+)"', drawn)
    assert height is not None
    assert int(height[1]) < 250


def test_texts_are_escaped() -> None:
    drawn = charts.strips([Strip("<b>", [Dot(0.5, "<script>")])], (0.0, 1.0), '"x"', 330)
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "&lt;script&gt;" in drawn


def test_the_best_point_is_the_highest() -> None:
    points = [Point(1, 0.5, ""), Point(2, 0.9, ""), Point(3, 0.8, ""), Point(4, math.nan, "")]
    assert "best 0.900" in charts.curve(points, x_label="step", y_label="score", best="max")


@pytest.mark.parametrize(
    "points",
    [
        [],
        [Point(1, 0.5, "")],
        [Point(1, math.nan, "")],
        [Point(1, 0.0, ""), Point(2, 0.0, "")],
        [Point(1, math.inf, ""), Point(2, -3.0, "")],
    ],
)
def test_curves_of_odd_data_hold_no_odd_numbers(points: list[Point]) -> None:
    drawn = charts.curve(points, x_label="step", y_label="loss", best="max", zero=True)
    assert not re.search(r'="[^"]*\b(nan|inf)', drawn)


def test_a_long_curve_is_thinned_and_keeps_its_last_point() -> None:
    drawn = charts.curve([Point(i, i, f"p{i};") for i in range(10_000)], x_label="step", y_label="loss")
    assert drawn.count("curve-dot") <= charts.MOST_POINTS
    assert "p9999;" in drawn


def numbers_of(markup: str, kind: str, *names: str) -> list[tuple[float, ...]]:
    """The attributes of every mark of a class."""
    marks = re.findall(rf'<\w+ class="{kind}"[^>]*>', markup)
    return [tuple(float(re.search(rf'{name}="([-.\d]+)"', mark)[1]) for name in names) for mark in marks]  # type: ignore[index]


def test_what_is_said_and_so_alike_lies_on_the_diagonal() -> None:
    points = [charts.Ranged(x, x, x - 0.05, x + 0.05, f"<{x}>") for x in (0.1, 0.5, 0.9)]
    drawn = charts.reliability(points, label="After", x_label="said", y_label="so")
    [(x1, y1, x2, y2)] = numbers_of(drawn, "reference", "x1", "y1", "x2", "y2")
    for x, y in numbers_of(drawn, "curve-dot", "cx", "cy"):
        assert (x - x1) / (x2 - x1) == pytest.approx((y - y1) / (y2 - y1), abs=0.002)
    for (_, y), (top, height) in zip(
        numbers_of(drawn, "curve-dot", "cx", "cy"), numbers_of(drawn, "range", "y", "height"), strict=True
    ):
        assert top + height / 2 == pytest.approx(y, abs=0.2)
    assert "&lt;0.1&gt;" in drawn


def test_a_point_without_a_score_is_not_scattered() -> None:
    points = [Point(0.9, 0.8, "a"), Point(math.nan, 0.8, "b"), Point(0.7, math.nan, "c")]
    drawn = charts.scatter(points, label="Every image", x_label="predicted", y_label="true")
    assert len(numbers_of(drawn, "dot", "cx", "cy")) == 1
    [(x1, y1, x2, y2)] = numbers_of(drawn, "reference", "x1", "y1", "x2", "y2")
    [(x, y)] = numbers_of(drawn, "dot", "cx", "cy")
    assert (x - x1) / (x2 - x1) > (y - y1) / (y2 - y1)  # less than was predicted lies below the diagonal
    assert "svg" in charts.scatter([], label="", x_label="", y_label="")

"""The page of a comparison: who is better, how sure that is, and where they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pixelwise import files
from pixelwise.evaluation import Comparison, Estimate, Pair, Side
from pixelwise.labels import Labels
from pixelwise.metrics import METRICS
from pixelwise.report import charts
from pixelwise.report.layered import Picture, line, make_picture
from pixelwise.report.templates import LONGEST_SIDE, jpeg, metric_text, score_text, signed_text, template
from pixelwise.types import Image, LabelMap

HERO_WIDTH = 320
WIDE, NARROW = 900, 330
GAP = 50
"""Of two pictures side by side, each is so many times as wide as the gap between them."""


@dataclass(frozen=True)
class Shown:
    """An image as both sides of a pair see it.

    Attributes:
        image: (H, W, 3), at the image's own size.
        truth, one, other: (H, W) class ids; 255 in the truth where nobody labelled.
        labels: of the one and of the other model, which may number classes differently; truth goes by the first.
        runs: names of the run shown of the one side and of the reference.
        scores: their scores on this image.
    """

    name: str
    image: Image
    truth: LabelMap
    one: LabelMap
    other: LabelMap
    labels: tuple[Labels, Labels]
    runs: tuple[str, str]
    scores: tuple[float, float]


@dataclass(frozen=True)
class Beside:
    """An image of objects or people, as the task draws what each side of a pair says of it.

    Attributes:
        one, other: (H, W, 3), of one size, with result and truth drawn into them.
        runs, scores: as in :class:`Shown`.
    """

    name: str
    one: Image
    other: Image
    runs: tuple[str, str]
    scores: tuple[float, float]


def write_comparison(
    path: Path, result: Comparison, pictures: Sequence[Sequence[Shown | Beside]], without: str, command: str
) -> None:
    """Write the page, whole or not at all.

    Args:
        pictures: by pair, those that differ most first.
        without: why there are none, or not all.
        command: what gives this comparison again.
    """
    ends = [end for pair in result.pairs for end in _ends(pair.difference)]
    domain = difference_domain(ends)
    scores = [end for side in result.sides for one in _estimates(side) for end in _ends(one)]
    page = template("compare.html.jinja").render(
        result=result,
        metric=metric_text(result.metric),
        bars=[_bar(pair, domain) for pair in result.pairs],
        axis=charts.interval_axis(domain),
        hero=_bar(result.pairs[0], domain, HERO_WIDTH) + charts.interval_axis(domain, HERO_WIDTH),
        score_bars=_score_bars(result, charts.score_domain(scores)),
        score_axis=charts.interval_axis(charts.score_domain(scores)),
        strips=_strips(result),
        pictures=[[(one, _picture(one)) for one in shown] for shown in pictures],
        outlined=any(isinstance(one, Shown) for shown in pictures for one in shown),
        people=result.metric in METRICS and METRICS[result.metric].of_people,
        rows=_rows(result),
        without=without,
        command=command,
    )
    files.write_text(path, page)


def difference_domain(values: Sequence[float]) -> charts.Domain:
    """A range about 0 that shows all values: a round number to either side."""
    most = max(map(abs, charts.finite(values)), default=0.0) or 0.01
    power = 10.0 ** math.floor(math.log10(most))
    half = next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= most * (1 - 1e-9))
    return -half, half


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, *estimate.ci95


def _bar(pair: Pair, domain: charts.Domain, width: int = charts.INTERVAL_WIDTH) -> Markup:
    value, low, high = _ends(pair.difference)
    return charts.interval(value, low, high, domain, reference=0.0, width=width)


def _score_bars(result: Comparison, domain: charts.Domain) -> list[list[Markup]]:
    """By side: its bar, then those of its runs where there are several."""
    return [[charts.interval(*_ends(one), domain) for one in _estimates(side)] for side in result.sides]


def _estimates(side: Side) -> list[Estimate]:
    return [side.score, *(run.score for run in side.runs if len(side.runs) > 1)]


def _strips(result: Comparison) -> dict[str, Markup]:
    """Differences by image as dots, for a wide and a narrow screen; a row for each pair."""
    rows = [
        charts.Strip(
            f"{pair.name} less {pair.reference}",
            [_dot(pair, image.name, image.scores) for image in result.images],
        )
        for pair in result.pairs
    ]
    domain = difference_domain([dot.score for row in rows for dot in row.dots])
    label = f"difference in {metric_text(result.metric)}"
    return {
        kind: charts.strips(rows, domain, label, width)
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    }


def _dot(pair: Pair, name: str, scores: Mapping[str, float]) -> charts.Dot:
    one, other = scores[pair.name], scores[pair.reference]
    said = f"{name}: {score_text(one)} and {score_text(other)}, {signed_text(one - other)}"
    return charts.Dot(one - other, said)


def _rows(result: Comparison) -> list[tuple[str, list[float], float]]:
    """Name, scores by side and the widest gap to the reference of every image, the widest first."""
    rows = []
    for image in result.images:
        scores = [image.scores[side.name] for side in result.sides]
        rows.append((image.name, scores, max((one - scores[0] for one in scores[1:]), key=abs)))
    return sorted(rows, key=lambda row: -abs(row[2]))


def _picture(shown: Shown | Beside) -> Picture:
    if isinstance(shown, Beside):
        height, width = shown.one.shape[:2]
        gap = np.full((height, max(1, width // GAP), 3), 255, np.uint8)
        both = np.concatenate([shown.one, gap, shown.other], axis=1)
        return Picture(shown.name, both.shape[1], height, jpeg(both, 2 * LONGEST_SIDE), "", ())
    one, other = shown.labels
    layers = (
        line("truth", shown.truth, one),
        line("reference-line", shown.other, other),
        line("predicted", shown.one, one),
    )
    return make_picture(shown.name, shown.image, shown.truth, layers, named=len(one.scored) > 1)

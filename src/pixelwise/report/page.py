"""Assembling the report: what the template shows, worked out from the metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pixelwise import files
from pixelwise.evaluation.schema import Group, Metrics, Score
from pixelwise.labels import Labels
from pixelwise.report import charts
from pixelwise.report.contours import Contour, Mask, contour, outlines
from pixelwise.report.templates import (
    baseline_text,
    ensemble_text,
    jpeg,
    metric_text,
    score_text,
    template,
    time_text,
)
from pixelwise.types import IGNORE_INDEX, Image, LabelMap, LogRow

FEW = 10
"""Below this number of images a bootstrap interval is itself doubtful, and the page says so."""
MOST_STRIPS = 8
HERO_WIDTH = 320
LONG_TABLE = 12
BY_TAG = ("dice", "iou", "sensitivity", "specificity", "hd95", "hd95_mm")
"""Metrics shown for each value of a tag, beside the headline."""


@dataclass(frozen=True)
class Exhibit:
    """An image shown with its outlines.

    Attributes:
        name: the image's name in the data set.
        image: (H, W, 3), at the image's own size.
        truth: (H, W) class ids, 255 where nobody labelled.
        predicted: (H, W) class ids.
        score: per-image Dice.
        tags: facts about the image.
    """

    name: str
    image: Image
    truth: LabelMap
    predicted: LabelMap
    score: float
    tags: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.image.shape[:2] == self.truth.shape == self.predicted.shape:
            shapes = f"{self.image.shape}, {self.truth.shape}, {self.predicted.shape}"
            raise ValueError(f"exhibit {self.name}: image, truth and prediction differ in size: {shapes}")


@dataclass(frozen=True)
class _Picture:
    """An exhibit as the template draws it."""

    name: str
    tags: Mapping[str, str]
    score: float
    missed: float
    extra: float
    width: int
    height: int
    jpeg: str
    truth: dict[str, Contour]
    predicted: dict[str, Contour]
    unlabelled: str


@dataclass(frozen=True)
class _TagRow:
    value: str
    group: Group
    score: Score | None
    bar: Markup


@dataclass(frozen=True)
class _TagTable:
    """Scores by the values of one tag."""

    tag: str
    rows: list[_TagRow]
    axis: Markup


def choose_exhibits(scores: Mapping[str, float], each: int = 4) -> dict[str, list[str]]:
    """Names of the "worst" (worst first), "median" and "best" (best first) images by score.

    No image is chosen twice, none whose score is NaN. Fewer than 3 × ``each`` images are all shared out.
    """
    known = {name: score for name, score in scores.items() if not math.isnan(score)}
    order = sorted(known, key=lambda name: (known[name], name))
    share, rest = divmod(len(order), 3)
    n_worst, n_best = min(each, share + (rest > 0)), min(each, share + (rest > 1))
    between = order[n_worst : len(order) - n_best]
    n_median = min(each, len(between))
    start = (len(between) - n_median) // 2
    return {
        "worst": order[:n_worst],
        "median": between[start : start + n_median],
        "best": order[len(order) - n_best :][::-1],
    }


def write_report(
    path: Path,
    *,
    title: str,
    metrics: Metrics,
    labels: Labels,
    log: Sequence[LogRow],
    exhibits: Mapping[str, Sequence[Exhibit]],
    recipe: str,
    commands: Sequence[str],
    facts: Mapping[str, str],
) -> None:
    """Write the page, whole or not at all.

    Args:
        path: the HTML file.
        title: what the page is about: the data set or the run.
        metrics: the evaluation.
        labels: names of the classes.
        log: the training log in its order; empty where nothing was trained.
        exhibits: images to show under "worst", "median", "best" (other headings are shown as named).
        recipe: TOML text of the recipe.
        commands: what to type to get these figures again.
        facts: a small table: versions, machine, duration, parameters, which weights validation chose.
    """
    main = metrics.headline
    page = template("run.html.jinja").render(
        title=title,
        metrics=metrics,
        main=main,
        others=[name for name in BY_TAG if name != main and name in metrics.scores],
        scored=[labels.classes[i] for i in labels.scored],
        known=charts.finite([row.scores.get(main, math.nan) for row in metrics.images]),
        tables=[_tag_table(tag, groups, metrics, main) for tag, groups in metrics.tags.items()],
        hero=_hero(metrics, main),
        baseline=baseline_text(metrics),
        ensemble=ensemble_text(metrics),
        strips=_strips(metrics, main),
        curves=_curves(log),
        log=log,
        exhibits={
            name: [_picture(item, labels) for item in items] for name, items in exhibits.items() if items
        },
        class_tables={task: rows for task, rows in metrics.classes.items() if len(rows) > 1},
        image_rows=_worst_first(metrics, main),
        recipe=recipe,
        commands=commands,
        facts=facts,
        few=FEW,
        long_table=LONG_TABLE,
    )
    files.write_text(path, page)


def _hero(metrics: Metrics, main: str) -> Markup:
    """The headline's interval and, under it, its axis."""
    score = metrics.scores.get(main)
    if score is None or math.isnan(score.mean):
        return Markup("")
    domain = charts.score_domain([score.mean, score.ci95[0]])
    bar = charts.interval(score.mean, *score.ci95, domain, width=HERO_WIDTH)
    return bar + charts.interval_axis(domain, HERO_WIDTH)


def _tag_table(tag: str, groups: Mapping[str, Group], metrics: Metrics, main: str) -> _TagTable:
    scores = [group.scores[main] for group in groups.values() if main in group.scores]
    domain = charts.score_domain([value for score in scores for value in (score.mean, score.ci95[0])])
    overall = metrics.scores[main].mean if main in metrics.scores else math.nan
    rows = []
    for value, group in groups.items():
        score = group.scores.get(main)
        # The bootstrap of a single image has no width: drawn, it would look certain.
        bounds = score.ci95 if score and group.n_images - score.n_undefined > 1 else (math.nan, math.nan)
        bar = charts.interval(score.mean, *bounds, domain, reference=overall) if score else Markup("")
        rows.append(_TagRow(value, group, score, bar))
    return _TagTable(tag, rows, charts.interval_axis(domain))


def _strips(metrics: Metrics, main: str) -> dict[str, Markup]:
    """The per-image scores as dots, for a wide and a narrow screen; a row for each value of one tag."""
    dots = {
        row.name: charts.Dot(row.scores.get(main, math.nan), _dot_title(row.name, row.scores, main))
        for row in metrics.images
    }
    if not charts.finite([dot.score for dot in dots.values()]):
        return {}
    tag = next((tag for tag, groups in metrics.tags.items() if 2 <= len(groups) <= MOST_STRIPS), None)
    rows: dict[str, list[charts.Dot]] = {}
    for image in metrics.images:
        value = "all images" if tag is None else image.tags.get(tag, f"no {tag}")
        rows.setdefault(value, []).append(dots[image.name])
    known = [value for value in (metrics.tags[tag] if tag else ()) if value in rows]
    order = known + [value for value in rows if value not in known]
    strips = [charts.Strip(f"{value} · {len(rows[value])}", rows[value]) for value in order]
    domain = charts.score_domain([dot.score for dot in dots.values()])
    label = f"{metric_text(main)} (0–1)"
    return {
        kind: charts.strips(strips, domain, label, width) for kind, width in (("wide", 900), ("narrow", 330))
    }


def _dot_title(name: str, scores: Mapping[str, float], main: str) -> str:
    return f"{name}: {metric_text(main)} {score_text(scores.get(main, math.nan))}"


def _curves(log: Sequence[LogRow]) -> list[Markup]:
    """Training loss and validation score over the steps."""
    if not log:
        return []
    loss = [charts.Point(row.step, row.loss, f"{_moment(row)}: loss {row.loss:.4g}") for row in log]
    found = [
        charts.curve(loss, x_label="training step", y_label="Training loss (lower is better)", zero=True)
    ]
    checked = [
        (row, row.val_score) for row in log if row.val_score is not None and math.isfinite(row.val_score)
    ]
    if checked:
        points = [charts.Point(row.step, score, f"{_moment(row)}: {score:.4f}") for row, score in checked]
        found.append(
            charts.curve(
                points,
                x_label="training step",
                y_label="Validation score (0–1, higher is better)",
                best="max",
            )
        )
    return found


def _moment(row: LogRow) -> str:
    return f"epoch {row.epoch}, step {row.step:,}, {time_text(row.seconds)}, learning rate {row.learning_rate:.3g}"


def _worst_first(metrics: Metrics, main: str) -> list[tuple[str, Mapping[str, str], Mapping[str, float]]]:
    rows = [(row.name, row.tags, row.scores) for row in metrics.images]
    # NaN compares with nothing: images without a score go last.
    return sorted(
        rows,
        key=lambda row: (math.isnan(s := row[2].get(main, math.nan)), 0.0 if math.isnan(s) else s, row[0]),
    )


def _picture(exhibit: Exhibit, labels: Labels) -> _Picture:
    height, width = exhibit.truth.shape
    missed, extra = _mistakes(exhibit, labels)
    return _Picture(
        name=exhibit.name,
        tags=exhibit.tags,
        score=exhibit.score,
        missed=missed,
        extra=extra,
        width=width,
        height=height,
        jpeg=jpeg(exhibit.image),
        truth=outlines(exhibit.truth, labels),
        predicted=outlines(exhibit.predicted, labels),
        unlabelled=contour(exhibit.truth == IGNORE_INDEX).data,
    )


def _mistakes(exhibit: Exhibit, labels: Labels) -> tuple[float, float]:
    """Share of the truth that was missed and of the prediction that is extra; NaN with several classes."""
    if len(labels.scored) != 1:
        return math.nan, math.nan
    known: Mask = exhibit.truth != IGNORE_INDEX
    truth, predicted = (known & (part == labels.scored[0]) for part in (exhibit.truth, exhibit.predicted))
    both, n_truth, n_predicted = (
        int(np.count_nonzero(part)) for part in (truth & predicted, truth, predicted)
    )
    missed = 1 - both / n_truth if n_truth else math.nan
    return missed, 1 - both / n_predicted if n_predicted else math.nan

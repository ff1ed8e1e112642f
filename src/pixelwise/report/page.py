"""Assembling the page of a run: what the template shows, worked out from the metrics.

The frame holds what every task has: score with interval, tags, spread over images, training, data, recipe, model card.
What belongs to one task comes as a :class:`~pixelwise.report.parts.TaskPart`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from pixelwise import files
from pixelwise.evaluation.intervals import FEW
from pixelwise.evaluation.schema import BaselineScores, Group, Metrics, Score
from pixelwise.report import charts, words
from pixelwise.report.card import model_card
from pixelwise.report.confidence import confidence_view
from pixelwise.report.parts import Making, TaskPart
from pixelwise.report.templates import metric_text, readable_text, score_text, template, time_text
from pixelwise.types import LogRow

MOST_STRIPS = 8
HERO_WIDTH = 440
LONG_TABLE = 12
MOST_LISTED = 500
"""Images of the table, the worst first: a page of ten thousand is none to send."""
BY_TAG = ("dice", "iou", "sensitivity", "specificity", "hd95", "hd95_mm")
"""Metrics shown for each value of a tag, beside the headline."""
IN_TABLE = ("dice", "iou", "sensitivity", "precision", "hd95", "hd95_mm")
"""Metrics in the table of images, beside the headline; metrics.json holds all."""


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


@dataclass(frozen=True)
class _Bar:
    """The model, or what it is compared with, on the axis of the headline."""

    name: str
    score: Score
    bar: Markup
    known: bool
    """Whether there is an interval."""


@dataclass(frozen=True)
class _Trained:
    """A model whose training is drawn: name, classes of its colour, length in words, best validation score."""

    name: str
    colour: str
    length: str
    best: float


@dataclass(frozen=True)
class _Training:
    """Curves, and the models that they are of."""

    curves: list[Markup]
    models: list[_Trained]

    @property
    def validated(self) -> bool:
        """Whether validation had a say in the weights of any model."""
        return any(not math.isnan(model.best) for model in self.models)


def write_report(
    path: Path,
    *,
    title: str,
    metrics: Metrics,
    parts: Sequence[TaskPart],
    logs: Sequence[Sequence[LogRow]] = (),
    making: Making = Making(),  # noqa: B008 - it is frozen
) -> None:
    """Write the page, whole or not at all.

    Args:
        path: the HTML file.
        title: what the page is about: the data set or the run.
        metrics: the evaluation.
        parts: what each task adds, in the order of the metrics' tasks.
        logs: the training log in its order, of each of several models; none where nothing was trained.
        making: how the model came about.
    """
    main, parts = metrics.headline, _told_apart(parts, metrics)
    shown = {name: place for part in parts for name, place in part.shown.items()}
    page = template("run.html.jinja").render(
        title=title,
        metrics=metrics,
        making=making,
        main=main,
        score=metrics.scores.get(main),
        asked=" and ".join(part.asked for part in parts),
        sections={
            place: [section for part in parts for section in part.sections if section.place == place]
            for place in ("failures", "evidence")
        },
        words=words,
        over=words.over_text(metrics),
        ends=words.ends_sentence(main),
        findings=[sentence for part in parts for sentence in part.findings],
        card=model_card(metrics, parts, making),
        others=[name for name in BY_TAG if name != main and name in metrics.scores],
        columns=[name for name in dict.fromkeys((main, *IN_TABLE)) if name in metrics.scores],
        known=charts.finite([row.scores.get(main, math.nan) for row in metrics.images]),
        tables=[
            _tag_table(tag, groups, metrics, main)
            for tag, groups in metrics.tags.items()
            if not _tells_nothing(groups, metrics)
        ],
        bars=_bars(metrics, main),
        strips=_strips(metrics, main, shown),
        training=_training(logs),
        confidence=confidence_view(metrics),
        image_rows=_worst_first(metrics, main),
        shown=shown,
        few=FEW,
        long_table=LONG_TABLE,
        most=MOST_LISTED,
    )
    files.write_text(path, page)


def _told_apart(parts: Sequence[TaskPart], metrics: Metrics) -> list[TaskPart]:
    """The parts, in whose headings the task is named where another task's section has the same."""
    counts = Counter(section.title for part in parts for section in part.sections)
    if max(counts.values(), default=1) == 1:
        return list(parts)
    return [
        replace(
            part,
            sections=[
                replace(one, title=f"{one.title} ({task})") if counts[one.title] > 1 else one
                for one in part.sections
            ],
        )
        for task, part in zip(metrics.tasks, parts, strict=True)
    ]


def _bars(metrics: Metrics, main: str) -> tuple[list[_Bar], Markup]:
    """The headline of the model and of the best method without training, and their common axis."""
    scores: list[tuple[str, Score, int]] = []
    if main in metrics.scores:
        scores.append(("This model", metrics.scores[main], metrics.n_images))
    baseline: BaselineScores | None = metrics.baseline
    if baseline is not None and main in baseline.scores:
        scores.append((f"Without training: {baseline.title}", baseline.scores[main], baseline.n_images))
    scores = [one for one in scores if not math.isnan(one[1].value)]
    domain = charts.score_domain([value for _, one, _ in scores for value in (one.value, one.ci95[0])])
    found = []
    for name, score, n_images in scores:
        known = n_images - score.n_undefined > 1
        bounds = score.ci95 if known else (math.nan, math.nan)
        found.append(
            _Bar(name, score, charts.interval(score.value, *bounds, domain, width=HERO_WIDTH), known)
        )
    return found, charts.interval_axis(domain, HERO_WIDTH)


def _tells_nothing(groups: Mapping[str, Group], metrics: Metrics) -> bool:
    """Whether all images share one value."""
    return [group.n_images for group in groups.values()] == [metrics.n_images]


def _tag_table(tag: str, groups: Mapping[str, Group], metrics: Metrics, main: str) -> _TagTable:
    scores = [group.scores[main] for group in groups.values() if main in group.scores]
    domain = charts.score_domain([value for score in scores for value in (score.value, score.ci95[0])])
    overall = metrics.scores[main].value if main in metrics.scores else math.nan
    rows = []
    for value, group in groups.items():
        score = group.scores.get(main)
        # The bootstrap of a single image has no width: drawn, it would look certain.
        bounds = score.ci95 if score and group.n_images - score.n_undefined > 1 else (math.nan, math.nan)
        bar = charts.interval(score.value, *bounds, domain, reference=overall) if score else Markup("")
        rows.append(_TagRow(value, group, score, bar))
    return _TagTable(tag, rows, charts.interval_axis(domain))


def _strips(metrics: Metrics, main: str, shown: Mapping[str, str]) -> dict[str, Markup]:
    """The per-image scores as dots, for a wide and a narrow screen; a row for each value of one tag."""
    dots = {
        row.name: charts.Dot(
            row.scores.get(main, math.nan),
            _dot_title(row.name, row.scores, main),
            shown.get(row.name, ""),
            int(unit),
        )
        for row, unit in zip(metrics.images, metrics.units, strict=True)
    }
    if not charts.finite([dot.score for dot in dots.values()]):
        return {}
    tag = next((tag for tag, groups in metrics.tags.items() if 2 <= len(groups) <= MOST_STRIPS), None)
    rows: dict[str, list[charts.Dot]] = {}
    for image in metrics.images:
        value = "All images" if tag is None else image.tags.get(tag, f"no {readable_text(tag)}")
        rows.setdefault(value, []).append(dots[image.name])
    known = [value for value in (metrics.tags[tag] if tag else ()) if value in rows]
    order = known + [value for value in rows if value not in known]
    strips = [charts.Strip(f"{value} · {len(rows[value])}", rows[value]) for value in order]
    domain = charts.score_domain([dot.score for dot in dots.values()])
    label = f"{metric_text(main)} (0–1)"
    few = FEW
    return {
        kind: charts.strips(strips, domain, label, width, marked_from=few)
        for kind, width in (("wide", 900), ("narrow", 330))
    }


def _dot_title(name: str, scores: Mapping[str, float], main: str) -> str:
    return f"{name}: {metric_text(main)} {score_text(scores.get(main, math.nan))}"


def _training(logs: Sequence[Sequence[LogRow]]) -> _Training | None:
    """Training loss and validation score over the steps; None where nothing was trained."""
    named = [(f"fold {number}" if len(logs) > 1 else "", log) for number, log in enumerate(logs, start=1)]
    trained = [(name, log) for name, log in named if log]
    if not trained:
        return None
    x_label = "training step"
    losses = [charts.Line(name, _points(log, "loss")) for name, log in trained]
    scores = [charts.Line(name, _points(log, "val_score")) for name, log in trained]
    drawn = [charts.curves(losses, x_label=x_label, y_label="Training loss (lower is better)", zero=True)]
    if any(line.points for line in scores):
        y_label = "Validation score (0–1, higher is better)"
        drawn.append(charts.curves(scores, x_label=x_label, y_label=y_label, best="max"))
    legend = [
        _Trained(
            line.name.capitalize(),
            charts.series(number),
            _length(log),
            max((p.y for p in line.points), default=math.nan),
        )
        for number, (line, (_, log)) in enumerate(zip(scores, trained, strict=True))
    ]
    return _Training(drawn, legend)


def _points(log: Sequence[LogRow], what: Literal["loss", "val_score"]) -> list[charts.Point]:
    """What was logged of it; of the validation score, which is not known at every row, the rows that have one."""
    found = []
    for row in log:
        value = getattr(row, what)
        if what == "loss":
            found.append(charts.Point(row.step, value, f"{_moment(row)}: loss {value:.4g}"))
        elif value is not None and math.isfinite(value):
            found.append(charts.Point(row.step, value, f"{_moment(row)}: {value:.4f}"))
    return found


def _length(log: Sequence[LogRow]) -> str:
    """How long a training was, in words."""
    last = log[-1]
    steps, epochs = ("step" if last.step == 1 else "steps"), ("epoch" if last.epoch == 1 else "epochs")
    return f"{last.step:,} {steps}, {last.epoch:,} {epochs}, {time_text(last.seconds)}"


def _moment(row: LogRow) -> str:
    return f"epoch {row.epoch}, step {row.step:,}, {time_text(row.seconds)}, learning rate {row.learning_rate:.3g}"


def _worst_first(metrics: Metrics, main: str) -> list[tuple[str, Mapping[str, str], Mapping[str, float]]]:
    rows = [(row.name, row.tags, row.scores) for row in metrics.images]
    # NaN compares with nothing: images without a score go last.
    return sorted(
        rows,
        key=lambda row: (math.isnan(s := row[2].get(main, math.nan)), 0.0 if math.isnan(s) else s, row[0]),
    )

"""What semantic segmentation adds to the page of a run: pictures with outlines, classes, which is taken for which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from pixelwise.evaluation.intervals import resamples, share_intervals
from pixelwise.evaluation.schema import ClassScores, Metrics
from pixelwise.evaluation.units import by_unit, renumbered
from pixelwise.labels import Labels
from pixelwise.report.contours import Mask, contour
from pixelwise.report.layered import Layer, Shown, class_colours, line, make_picture, tint
from pixelwise.report.parts import Section, TaskPart
from pixelwise.report.templates import listed, percent_text, template, within_text
from pixelwise.types import IGNORE_INDEX, Image, LabelMap

Overlap = NDArray[np.int64]

BY_CLASS = ("dice", "iou", "sensitivity", "precision", "boundary_iou")
"""Metrics in the table of classes."""
FEW_CLASSES = 6
"""Classes up to which the table of confusion has room for intervals in its cells."""
DRAWS = 400
MOST_NAMED = 8
"""Classes that are named in a sentence."""


@dataclass(frozen=True)
class Exhibit:
    """An image shown with its outlines.

    Attributes:
        name: the image's name in the data set.
        image: (H, W, 3), at the image's own size.
        truth: (H, W) class ids, 255 where nobody labelled.
        predicted: (H, W) class ids.
        score: the headline score of this image.
        tags: facts about the image.
        uncertainty: (H, W) in 0–1: 0 where the model is sure, 1 where all classes are alike to it; None if unknown.
    """

    name: str
    image: Image
    truth: LabelMap
    predicted: LabelMap
    score: float
    tags: Mapping[str, str]
    uncertainty: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if not self.image.shape[:2] == self.truth.shape == self.predicted.shape:
            shapes = f"{self.image.shape}, {self.truth.shape}, {self.predicted.shape}"
            raise ValueError(f"exhibit {self.name}: image, truth and prediction differ in size: {shapes}")
        if self.uncertainty is not None and self.uncertainty.shape != self.truth.shape:
            raise ValueError(f"exhibit {self.name}: the uncertainty is of another size than the image")


@dataclass(frozen=True)
class Confusion:
    """Pixels by true (rows) and predicted class (columns).

    Attributes:
        names: of all classes, by id.
        pixels: (C, C).
        shares: (C, C) of the true pixels of the row; NaN where there are none.
        ci95: (C, C, 2) their 95% intervals; NaN where fewer than two images show the true class.
    """

    names: tuple[str, ...]
    pixels: Overlap
    shares: NDArray[np.float64]
    ci95: NDArray[np.float64]


def confusion(metrics: Metrics, task: str, labels: Labels) -> Confusion | None:
    """The sum of the images' overlaps; None where they do not hold them."""
    found = _overlaps(metrics, task)
    if not found:
        return None
    pixels = np.sum(list(found.values()), axis=0)
    true = pixels.sum(axis=1, keepdims=True)
    shares = np.divide(pixels, true, out=np.full(pixels.shape, np.nan), where=true > 0)
    units = renumbered(metrics.units[list(found)])
    rows = by_unit(np.stack(list(found.values())).astype(np.float64), units)
    draws = resamples(len(rows))
    if len(pixels) > FEW_CLASSES:  # pairs of them are very many
        draws = draws[:DRAWS]
    within = [share_intervals(row, row.sum(axis=1), draws) for row in rows.swapaxes(0, 1)]
    return Confusion(labels.classes, pixels, shares, np.stack(within))


def _overlaps(metrics: Metrics, task: str) -> dict[int, Overlap]:
    """(C, C) of every image that has one, by its place among the images."""
    rows = enumerate(row.counts.get(task, {}) for row in metrics.images)
    return {at: np.asarray(row["overlap"], np.int64) for at, row in rows if "overlap" in row}


def semantic_part(
    metrics: Metrics, task: str, labels: Labels, exhibits: Mapping[str, Sequence[Exhibit]]
) -> TaskPart:
    """The sections and sentences of one semantic task.

    Args:
        task: its name in ``metrics``.
        exhibits: images to show under "worst", "median", "best" (other headings are shown as named).
    """
    names = [labels.classes[index] for index in labels.scored]
    shown = {
        heading: [_shown(one, f"{task}-{place}-{index}", labels) for index, one in enumerate(items, 1)]
        for place, (heading, items) in enumerate(exhibits.items(), 1)
        if items
    }
    table = confusion(metrics, task, labels)
    return TaskPart(
        asked=f"finds {_classes(names)} in images, pixel by pixel",
        gives=_gives(metrics, task, labels),
        sections=[*_pictures(metrics, task, labels, shown), *_classes_section(metrics, task, table, labels)],
        findings=_findings(metrics, task, labels),
        limits=_limits(metrics, task, labels, table),
        shown={one.picture.name: one.id for items in shown.values() for one in items},
    )


def _classes(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"the class {names[0]}"
    if len(names) > MOST_NAMED:
        return f"{len(names)} classes ({', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more)"
    return f"the classes {listed(names)}"


def _gives(metrics: Metrics, task: str, labels: Labels) -> str:
    threshold = metrics.settings.get(task, {}).get("threshold")
    found = "a class for every pixel, at the image's own size, with probabilities"
    if threshold is None:
        return f"{found}; the most probable class is taken"
    return f"{found}; {labels.classes[1]} is said from a probability of {threshold:.2f} on"


def _pictures(
    metrics: Metrics, task: str, labels: Labels, shown: Mapping[str, Sequence[Shown]]
) -> list[Section]:
    pictures = [one for items in shown.values() for one in items]
    if not pictures:
        return []
    body = template("pictures.html.jinja").render(
        task=task,
        main=metrics.headline,
        about="the outlines of truth and prediction",
        shown=shown,
        kinds=_kinds(labels, any(one.picture.uncertainty for one in pictures)),
        colours=class_colours(labels) if len(labels.scored) > 1 else {},
        unlabelled=any(one.picture.unlabelled for one in pictures),
    )
    return [Section(f"{task}-pictures", "Pictures", "failures", Markup(body))]


def _kinds(labels: Labels, unsure: bool) -> list[tuple[str, str, bool, str]]:
    """Kind, words, whether shown at first, and key of each thing that pictures show."""
    several = len(labels.scored) > 1
    found = [
        ("truth", "Truth", True, "t"),
        ("tinted" if several else "predicted", "Prediction", True, "p"),
        ("mistakes", "Mistakes" if several else "Missed, too much", False, "m"),
    ]
    return [*found, ("uncertainty", "Where it is unsure", False, "u")] if unsure else found


def _classes_section(metrics: Metrics, task: str, table: Confusion | None, labels: Labels) -> list[Section]:
    rows = metrics.classes.get(task, ())
    found = []
    if len(rows) > 1:
        body = template("semantic_classes.html.jinja").render(
            rows=rows,
            metrics=metrics,
            columns=[name for name in BY_CLASS if name in rows[0].scores],
            colours=class_colours(labels),
            total=sum(row.support for row in rows),
        )
        found.append(Section(f"{task}-classes", "Classes", "evidence", Markup(body)))
    if table is not None and table.pixels.sum() > 0:
        body = template("semantic_confusion.html.jinja").render(
            table=table, mixed=_mixed(table), several=len(table.names) > FEW_CLASSES
        )
        found.append(Section(f"{task}-confusion", "Confusion", "evidence", Markup(body)))
    return found


def _mixed(table: Confusion) -> list[tuple[str, str, str]]:
    """The three greatest shares of one class that are taken for another, each with its interval."""
    wrong = [
        (float(table.shares[true, called]), true, called)
        for true in range(len(table.names))
        for called in range(len(table.names))
        if true != called and table.shares[true, called] >= 0.005
    ]
    return [
        (table.names[true], table.names[called], _share_text(share, table.ci95[true, called]))
        for share, true, called in sorted(wrong, key=lambda one: (-one[0], *one[1:]))[:3]
    ]


def _share_text(share: float, ci95: NDArray[np.float64]) -> str:
    return within_text(share, (float(ci95[0]), float(ci95[1])), percent_text)


def _findings(metrics: Metrics, task: str, labels: Labels) -> list[str]:
    if len(labels.scored) == 1:
        return _found_and_right(metrics, labels.classes[labels.scored[0]])
    ranked = [row for row in metrics.classes.get(task, ()) if not math.isnan(_of(row, metrics.headline))]
    if len(ranked) < 2:
        return []
    ranked = sorted(ranked, key=lambda row: -_of(row, metrics.headline))
    best, worst = ranked[0], ranked[-1]
    return [
        f"Of the classes it knows {best.name} best, with a pooled Dice of {_within(best, metrics.headline)}, and "
        f"{worst.name} least, with {_within(worst, metrics.headline)}."
    ]


def _of(row: ClassScores, metric: str) -> float:
    return row.scores.get(metric, math.nan)


def _within(row: ClassScores, metric: str) -> str:
    return within_text(row.scores[metric], row.ci95.get(metric, (math.nan, math.nan)))


def _found_and_right(metrics: Metrics, name: str) -> list[str]:
    scores = [metrics.scores.get(key) for key in ("sensitivity", "precision")]
    known = [score for score in scores if score is not None and not math.isnan(score.mean)]
    if len(known) < len(scores):
        return []
    found, right = (within_text(score.mean, score.ci95, percent_text) for score in known)
    sentence = f"Of the true {name} it finds {found}, and of what it calls {name} {right} is right (means over images)."
    distance = metrics.scores.get("assd_mm") or metrics.scores.get("assd")
    if distance is None or math.isnan(distance.mean):
        return [sentence]
    apart = within_text(distance.mean, distance.ci95, lambda value: f"{value:.1f}")
    words = f"The two outlines lie {apart} {_unit(distance.unit)} apart on average"
    without = f", leaving out {distance.n_undefined} where one is missing" if distance.n_undefined else ""
    return [sentence, f"{words}{without}."]


def _unit(unit: str) -> str:
    return {"px": "pixels"}.get(unit, unit)


def _limits(metrics: Metrics, task: str, labels: Labels, table: Confusion | None) -> list[str]:
    if table is None:
        return []
    absent = [labels.classes[index] for index in labels.scored if not table.pixels[index].any()]
    found = [f"No scored image shows {listed(absent)}: how well it is found is not known."] if absent else []
    if len(labels.scored) > 1:
        return found
    [scored] = labels.scored
    rows = _overlaps(metrics, task).values()
    empty = [row for row in rows if not row[scored].any()]
    name = labels.classes[scored]
    if not empty:
        every = "Every scored image shows" if len(rows) > 1 else "The one scored image shows"
        found.append(f"{every} {name}: what the model does where there is none was not measured.")
    else:
        right = sum(not row[:, scored].any() for row in empty)
        show = "images show" if len(empty) > 1 else "images shows"
        found.append(f"{len(empty)} of {len(rows)} {show} no {name}; the model left {right} of them alone.")
    return found


def _shown(exhibit: Exhibit, name: str, labels: Labels) -> Shown:
    missed, extra = _mistakes(exhibit, labels)
    several = len(labels.scored) > 1
    predicted = (
        tint("tinted", exhibit.predicted, labels) if several else line("predicted", exhibit.predicted, labels)
    )
    layers = (predicted, _wrong(exhibit, labels), line("truth", exhibit.truth, labels))
    picture = make_picture(
        exhibit.name,
        exhibit.image,
        exhibit.truth,
        layers,
        named=several,
        uncertainty=exhibit.uncertainty,
    )
    return Shown(name, picture, exhibit.tags, exhibit.score, missed, extra)


def _wrong(exhibit: Exhibit, labels: Labels) -> Layer:
    """Where truth and prediction differ: of one class what is missed and what is too much."""
    truth, predicted = exhibit.truth, exhibit.predicted
    known: Mask = truth != IGNORE_INDEX
    if len(labels.scored) > 1:
        parts = {"mistaken": known & (truth != predicted)}
    else:
        [scored] = labels.scored
        parts = {
            "missed": known & (truth == scored) & (predicted != scored),
            "too much": known & (truth != scored) & (predicted == scored),
        }
    colours = {"missed": "var(--missed)", "too much": "var(--extra)", "mistaken": "var(--missed)"}
    found = {name: contour(mask) for name, mask in parts.items()}
    return Layer("mistakes", found, {name: colours[name] for name in found})


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

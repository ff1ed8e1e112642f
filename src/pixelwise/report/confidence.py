"""What is said of a model's own word: the section of the report, and the lines of the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from pixelwise.evaluation import Metrics, review_order
from pixelwise.evaluation.believed import CalibrationScores, ConfidenceScores, ImageConfidence
from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.schema import ImageRow
from pixelwise.report import charts
from pixelwise.report.templates import (
    metric_text,
    percent_text,
    score_text,
    signed_span_text,
    signed_text,
    within_text,
)

LOOKED_AT = 5
"""Images listed as the first to look at."""


@dataclass(frozen=True)
class Flagged:
    """An image that a human should look at, with what the model said of it and what was true."""

    name: str
    predicted: float
    true: float
    unlike: bool


@dataclass(frozen=True)
class ConfidenceView:
    """What the section shows."""

    scores: ConfidenceScores
    metric: str
    reliability: list[Markup]
    scatter: Markup
    flagged: list[Flagged]


def confidence_view(metrics: Metrics) -> ConfidenceView | None:
    """The section's contents; None where the model says nothing of itself."""
    found = metrics.confidence
    if found is None:
        return None
    rows = [(row, row.confidence) for row in metrics.images if row.confidence is not None]
    metric = metric_text(metrics.headline)
    reliability = [_reliability(found.after, "After calibration")]
    if found.before is not None:
        reliability.insert(0, _reliability(found.before, "Before calibration"))
    return ConfidenceView(
        found,
        metric,
        reliability,
        Markup("") if found.predicted is None else _scatter(rows, metrics.headline, metric),
        _first(rows, metrics.headline),
    )


def confidence_lines(found: ConfidenceScores, metric: str) -> list[str]:
    """For the terminal: short sentences, each number with its 95% interval.

    Args:
        metric: of the predicted score, as people write it.
    """
    before = "" if found.before is None else f"; before calibration {_text(found.before.band_error)}"
    lines = [f"Probabilities near outlines are off by {_text(found.after.band_error)}{before}."]
    if (predicted := found.predicted) is not None:
        left_out = " (each image left out of the fit)" if found.in_sample else ""
        as_one = ""
        if found.fitted == "each_fold" and predicted.left_out is not None:
            as_one = f", of the fit for all models as one {_text(predicted.left_out)}"
        lines.append(
            f"Predicted {metric}{left_out}: rank correlation with the true one "
            f"{_text(predicted.rank_correlation)}{as_one}; off by {_text(predicted.absolute_error)}."
        )
        if not math.isnan(predicted.auroc.value):
            low = f"{predicted.n_low} image{'s' * (predicted.n_low != 1)}"
            lines.append(
                f"It finds those below {predicted.low_score:g} ({low}): AUROC {_text(predicted.auroc)}."
            )
        if (selection := predicted.selection) is not None:
            gain = f"{signed_text(selection.gain.value, 3)} ({signed_span_text(selection.gain.ci95, 3)})"
            kept = _text(selection.kept)
            lines.append(f"Without the {selection.dropped:.0%} to look at first: {kept}, a gain of {gain}.")
    if found.unlike is not None:
        share = found.unlike.share
        lines.append(
            f"Unlike the training images: {found.unlike.n_flagged}, "
            f"{within_text(share.value, share.ci95, percent_text)}."
        )
    return lines


def _text(estimate: Estimate) -> str:
    return within_text(estimate.value, estimate.ci95)


def _reliability(scores: CalibrationScores, label: str) -> Markup:
    points = [
        charts.Ranged(
            one.probability,
            one.share.value,
            *one.share.ci95,
            f"{one.pixels:,} pixels: said {one.probability:.3f}, true of {_text(one.share)}",
        )
        for one in scores.bins
    ]
    return charts.reliability(points, label=label, x_label="probability said", y_label="share that is so")


def _scatter(rows: Sequence[tuple[ImageRow, ImageConfidence]], headline: str, metric: str) -> Markup:
    points = []
    for row, said in rows:
        predicted, true = _number(said.predicted), row.scores.get(headline, math.nan)
        title = f"{row.name}: predicted {score_text(predicted)}, true {score_text(true)}"
        points.append(charts.Point(predicted, true, title))
    return charts.scatter(
        points, label="Every image", x_label=f"predicted {metric}", y_label=f"true {metric}"
    )


def _first(rows: Sequence[tuple[ImageRow, ImageConfidence]], headline: str) -> list[Flagged]:
    flagged = [
        Flagged(
            row.name,
            _number(said.predicted),
            row.scores.get(headline, math.nan),
            _number(said.unlikeness) > 1,
        )
        for row, said in rows
    ]
    columns = (
        np.array([_number(getattr(said, name)) for _, said in rows], np.float64)
        for name in ("predicted", "unlikeness", "uncertainty")
    )
    order = review_order(*columns)
    return [flagged[at] for at in order[:LOOKED_AT]]


def _number(value: float | None) -> float:
    return math.nan if value is None else value

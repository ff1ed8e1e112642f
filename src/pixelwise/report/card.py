"""The model card: intended use, data, scores and limits (Mitchell et al. 2019), from facts of the run alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pixelwise.evaluation.intervals import FEW
from pixelwise.evaluation.schema import OUT_OF_FOLD, Metrics
from pixelwise.evaluation.unseen import CHOSE_NOTHING
from pixelwise.report.parts import Making, TaskPart
from pixelwise.report.templates import (
    images_text,
    listed,
    mean_text,
    readable_text,
    score_text,
    span_text,
    value_text,
    value_within_text,
)
from pixelwise.report.words import UNSEEN, cautions

Entry = tuple[str, list[str]]
"""A heading and its sentences."""
MOST_VALUES = 8
"""Values of a tag that are named."""


def model_card(metrics: Metrics, parts: Sequence[TaskPart], making: Making) -> list[Entry]:
    """Headings with their sentences; what no fact tells is left out."""
    entries = [
        ("What it is", _what(metrics, parts, making)),
        ("Intended use", _use(metrics, making)),
        ("Data", _data(metrics, making)),
        ("Scores", _scores(metrics)),
        ("Limits", [*cautions(metrics), *_few(metrics), *(limit for part in parts for limit in part.limits)]),
        ("Not for", _not_for(metrics)),
    ]
    return [(heading, lines) for heading, lines in entries if lines]


def _what(metrics: Metrics, parts: Sequence[TaskPart], making: Making) -> list[str]:
    made = [f"A model that {' and '.join(part.asked for part in parts)}."] if parts else []
    if "Network" in making.facts:
        made.append(f"{making.facts['Network']}; made by pixelwise {metrics.pixelwise}.")
    return [*made, *(f"It gives {part.gives}." for part in parts)]


def _use(metrics: Metrics, making: Making) -> list[str]:
    takes = f", read as {making.takes}" if making.takes else ""
    found = [f"Images of the same kind as those of {metrics.data}{takes}."]
    heights, widths = ([row.size[axis] for row in metrics.images] for axis in (0, 1))
    if heights:
        found.append(
            f"It was scored on images of {_range(widths)} × {_range(heights)} pixels (width × height)."
        )
    return found


def _range(values: Sequence[int]) -> str:
    return str(values[0]) if min(values) == max(values) else f"{min(values)}–{max(values)}"


def _data(metrics: Metrics, making: Making) -> list[str]:
    validated = "kept for validation" if CHOSE_NOTHING in metrics.notes else "chosen and tuned on"
    words = {"train": "learned from", "val": validated, "test": "tested on"}
    used = [f"{making.counts[split]:,} {word}" for split, word in words.items() if making.counts.get(split)]
    found = [f"Images of {metrics.data}: {listed(used)}."] if used else []
    if "Weights" in making.facts:
        found.append(f"Weights: {making.facts['Weights']}.")
    if making.check is not None:
        found.append(f"Checked before training: {making.check.summary}")
    for tag, groups in metrics.tags.items():
        counts = [f"{value} {group.n_images}" for value, group in list(groups.items())[:MOST_VALUES]]
        more = f" and {len(groups) - MOST_VALUES} more" if len(groups) > MOST_VALUES else ""
        found.append(f"Scored images by {readable_text(tag)}: {', '.join(counts)}{more}.")
    return found


def _scores(metrics: Metrics) -> list[str]:
    score = metrics.scores.get(metrics.headline)
    if score is None or math.isnan(score.value):
        return ["None: no image could be scored."]
    scored = metrics.n_images - score.n_undefined
    known = scored > 1 and not math.isnan(score.ci95[0])
    within = f" ({span_text(score.ci95)}, 95% interval)" if known else ""
    about, mean = images_text(scored, metrics.split), mean_text(metrics.headline)
    seen = f", {UNSEEN[metrics.split]}" if metrics.split == OUT_OF_FOLD else ""
    found = [f"{mean[0].upper()}{mean[1:]} {score_text(score.value)}{within} on {about}{seen}."]
    if scored > 2:
        bad = value_within_text(score.bad_end, score.bad_end_ci95, score.unit)
        found.append(
            f"Worst image {value_text(score.worst, score.unit)}, worst 5% "
            f"{'above' if score.lower_is_better else 'below'} {bad}."
        )
    return found


def _few(metrics: Metrics) -> list[str]:
    """Values of tags of which too few images were scored to be sure."""
    few = [
        f"{value} ({group.n_images})"
        for groups in metrics.tags.values()
        for value, group in groups.items()
        if group.n_images < FEW
    ]
    shown = few[:MOST_VALUES] + ([f"{len(few) - MOST_VALUES} more"] if len(few) > MOST_VALUES else [])
    return [f"Fewer than {FEW} images were scored of {listed(shown)}: nothing is sure there."] if few else []


def _not_for(metrics: Metrics) -> list[str]:
    found = [
        "Any decision that outlines alone do not carry: what was measured is agreement with labels, "
        "neither diagnosis nor treatment nor safety.",
        f"Images from other devices, places or people than those of {metrics.data}, "
        "before it has been scored on some of them.",
    ]
    if metrics.split in {"val", "train", "all"}:
        found.append("Any claim of how good it is on new images: it was not scored on a test split.")
    return found

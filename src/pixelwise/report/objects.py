"""What objects told apart add to the page of a run: pictures with what was missed and made up, and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from pixelwise.evaluation.schema import Metrics
from pixelwise.labels import Labels
from pixelwise.report.drawn import Drawn, drawn_part
from pixelwise.report.parts import Section, TaskPart
from pixelwise.report.templates import listed, percent_text, template, within_text

BY_CLASS = ("pq", "sq", "rq", "mean_iou", "f1_50", "ap")
"""Metrics in the table of classes."""
MARKS = Markup(
    '<p class="muted">Each object has a colour of its own. Striped in white: missed, no predicted object shares more '
    "than half of the union with it. Striped in red: predicted, but no true object is so near.</p>"
)


def objects_part(
    metrics: Metrics, task: str, labels: Labels, exhibits: Mapping[str, Sequence[Drawn]]
) -> TaskPart:
    """The sections and sentences of one task that tells objects apart.

    Args:
        task: its name in ``metrics``.
        exhibits: images to show under "worst", "median", "best".
    """
    things = listed([labels.classes[at] for at in labels.things])
    stuff = f", and {listed([labels.classes[at] for at in labels.stuff])} as areas" if labels.stuff else ""
    part = drawn_part(
        metrics,
        task,
        exhibits,
        asked=f"finds objects and tells them apart ({things}){stuff}",
        gives="numbered objects with class and score, at the image's own size; objects do not overlap",
    )
    pictures = [replace(one, body=MARKS + one.body) for one in part.sections]
    body = template("objects_classes.html.jinja").render(
        metrics=metrics, columns=BY_CLASS, rows=metrics.classes[task]
    )
    classes = Section(f"{task}-classes", "Classes", "evidence", Markup(body))
    return replace(part, sections=[*pictures, classes], findings=_findings(metrics))


def _findings(metrics: Metrics) -> list[str]:
    """Found and made-up objects in words."""
    found, off = metrics.scores.get("f1_50"), metrics.scores.get("count_error")
    if found is None or off is None or found.value != found.value or off.value != off.value:
        return []
    scores = metrics.scores.get("score_error")
    told = (
        " The score of a predicted object, the IoU that it expects, is off by "
        f"{within_text(scores.value, scores.ci95)} on average."
        if scores is not None and scores.value == scores.value
        else ""
    )
    return [
        "Counted over all images, the F1 score of finding objects is "
        f"{within_text(found.value, found.ci95)}; the number of objects in an image is off by "
        f"{within_text(off.value, off.ci95, percent_text)} on the whole.{told}"
    ]

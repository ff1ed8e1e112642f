"""The table of joints on the page of a run."""

from __future__ import annotations

import math

from markupsafe import Markup

from pixelwise.evaluation.schema import Metrics
from pixelwise.report.parts import Section
from pixelwise.report.templates import mean_text, meaning_text, template, within_text

SHOWN = ("pck", "pckh")


def joint_findings(metrics: Metrics) -> list[str]:
    """Scores of joints and of people with what they mean, apart from the headline, which the page explains."""
    near = "pck" if "pck" in metrics.scores else "oks"
    found = []
    for what, name in (("joints", near), ("people", "oks_ap")):
        score = metrics.scores.get(name)
        if name == metrics.headline or score is None or math.isnan(score.value):
            continue
        reached = within_text(score.value, score.ci95)
        found.append(f"Of {what}, the {mean_text(name)} is {reached}. {meaning_text(name)}")
    return found


def joint_table(metrics: Metrics, task: str) -> Section:
    """How well each joint is found, of a task whose classes are joints."""
    rows = metrics.classes[task]
    names = [name for name in SHOWN if rows and name in rows[0].scores]
    body = template("joints.html.jinja").render(rows=rows, metrics=names)
    return Section(f"{task}-joints", "By joint", "evidence", Markup(body))

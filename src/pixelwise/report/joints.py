"""The table of joints on the page of a run."""

from __future__ import annotations

from markupsafe import Markup

from pixelwise.evaluation.schema import Metrics
from pixelwise.report.parts import Section
from pixelwise.report.templates import template

SHOWN = ("pck", "pckh")


def joint_table(metrics: Metrics, task: str) -> Section:
    """How well each joint is found, of a task whose classes are joints."""
    rows = metrics.classes[task]
    names = [name for name in SHOWN if rows and name in rows[0].scores]
    body = template("joints.html.jinja").render(rows=rows, metrics=names)
    return Section(f"{task}-joints", "By joint", "evidence", Markup(body))

"""One self-contained HTML page from an evaluation: how good, where it fails, how it was made."""

from pixelwise.report.drawn import Drawn, drawn_part
from pixelwise.report.exhibits import choose_exhibits
from pixelwise.report.joints import joint_findings, joint_table
from pixelwise.report.objects import objects_part
from pixelwise.report.page import write_report
from pixelwise.report.parts import Making, Section, TaskPart
from pixelwise.report.semantic import Exhibit, semantic_part
from pixelwise.types import LogRow

__all__ = [
    "Drawn",
    "Exhibit",
    "LogRow",
    "Making",
    "Section",
    "TaskPart",
    "choose_exhibits",
    "drawn_part",
    "joint_findings",
    "joint_table",
    "objects_part",
    "semantic_part",
    "write_report",
]

"""One self-contained HTML page from an evaluation: how good, where it fails, how it was made."""

from pixelwise.report.exhibits import choose_exhibits
from pixelwise.report.page import write_report
from pixelwise.report.parts import Making, Section, TaskPart
from pixelwise.report.semantic import Exhibit, entropy, semantic_part
from pixelwise.types import LogRow

__all__ = [
    "Exhibit",
    "LogRow",
    "Making",
    "Section",
    "TaskPart",
    "choose_exhibits",
    "entropy",
    "semantic_part",
    "write_report",
]

"""One self-contained HTML page from an evaluation: how good, where it fails, how it was made."""

from pixelwise.report.page import Exhibit, choose_exhibits, write_report
from pixelwise.types import LogRow

__all__ = ["Exhibit", "LogRow", "choose_exhibits", "write_report"]

"""What a workflow tells while it works; the command line shows it, the Python API is quiet."""

from __future__ import annotations

from pixelwise.checks import Check
from pixelwise.training import Step


class Listener:
    """Hears of progress and does nothing; subclass it to show something."""

    def say(self, text: str) -> None:
        """A line worth reading."""

    def examined(self, done: int, total: int) -> None:
        """Images checked so far."""

    def checked(self, result: Check) -> None:
        """The data set is checked."""

    def step(self, step: Step) -> None:
        """A training batch is done."""

    def scored(self, done: int, total: int) -> None:
        """Images evaluated or predicted so far."""

"""What a workflow tells while it works; the command line shows it, the Python API is quiet."""

from __future__ import annotations

from pixelwise.training import Step


class Listener:
    """Hears of progress and does nothing; subclass it to show something."""

    def say(self, text: str) -> None:
        """A line worth reading."""

    def step(self, step: Step) -> None:
        """A training batch is done."""

    def scored(self, done: int, total: int) -> None:
        """Images evaluated or predicted so far."""

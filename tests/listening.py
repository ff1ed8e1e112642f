"""A listener for tests of what people are told."""

from __future__ import annotations

from pixelwise.workflows.listener import Listener


class Heard(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)

"""How long training lasts: a number of steps, or the time that a budget leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Length(Protocol):
    """Tells how much of training is done."""

    def progress(self, step: int) -> float:
        """Share done after ``step`` batches, 0–1; training ends at 1."""
        ...


class Steps:
    """A fixed number of batches; nothing depends on the clock, so the same recipe gives the same bits."""

    def __init__(self, total: int) -> None:
        self.total = total

    def progress(self, step: int) -> float:
        """Share of the batches."""
        return min(1.0, step / self.total)


class Until:
    """Until a moment; the schedule follows the share of time, whatever a step costs.

    Args:
        end: on ``clock``, in seconds, when all has to be done.
        reserve: seconds of it that are not for training.
        before: seconds of training that a resumed one has behind it.

    Attributes:
        reserve: may be corrected while training goes on.
    """

    def __init__(
        self,
        end: float,
        reserve: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        before: float = 0.0,
    ) -> None:
        self.clock = clock
        self.begin = clock() - before
        self.end, self.reserve = end, reserve

    def progress(self, step: int) -> float:
        """Share of the time for training that is over; 0 before the first step, so that one is taken."""
        if step == 0:
            return 0.0
        span = self.end - self.reserve - self.begin
        return min(1.0, (self.clock() - self.begin) / span) if span > 0 else 1.0

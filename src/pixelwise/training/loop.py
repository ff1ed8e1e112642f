"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pixelwise.training.candidates import Candidates
from pixelwise.training.checkpoint import Snapshot
from pixelwise.training.length import Length
from pixelwise.training.session import Session
from pixelwise.types import LogRow

KEEPING_SHARE = 0.02
"""Of the time, that checkpoints may take."""
KEEP_SECONDS = 1.0
"""At least between two of them."""
FIRST_COST = 0.1
"""Seconds that the first is taken to cost at most: it may have met a cold disk."""


@dataclass(frozen=True)
class Step:
    """What a progress bar shows after a batch.

    Attributes:
        progress: share of training done, 0–1.
        loss: of the last batch; of all of the row where there was none.
        row: the log row that was just completed, if one was.
    """

    progress: float
    loss: float
    row: LogRow | None


def fit(
    session: Session,
    length: Length,
    on_step: Callable[[Step], None],
    stopped: Callable[[], bool],
    keep: Callable[[Snapshot], None] | None = None,
) -> Candidates:
    """Train; the candidates among which validation chooses.

    At least one batch is taken, and the last one always completes a log row; a session that is at its end already
    takes none, and completes the row that it was killed before.

    Args:
        session: new, or restored from a snapshot.
        length: when training ends; the schedule follows it.
        on_step: called after every batch, and for a row that is completed without one.
        stopped: asked after every batch; True ends training early.
        keep: called with all that changes, now and then and at the end.
    """
    keeping = Keeping(session, keep)
    done = session.step > 0 and length.progress(session.step) >= 1
    if done and session.recorder.has_open_row:
        open_row = session.record(1.0)
        on_step(Step(1.0, open_row.loss, open_row))
        keeping.tick(done)
    while not done:
        loss = session.advance(length.progress(session.step))
        progress = length.progress(session.step)
        done = progress >= 1 or stopped()
        row = session.record(progress) if done or session.recorder.is_due(progress) else None
        on_step(Step(progress, loss, row))
        keeping.tick(done)
    return session.recorder.finished()


class Keeping:
    """Keeps snapshots as often as costs ``KEEPING_SHARE`` of the time."""

    def __init__(self, session: Session, keep: Callable[[Snapshot], None] | None) -> None:
        self.session, self.keep = session, keep
        self.due = time.monotonic() + KEEP_SECONDS
        self.cost, self.count = FIRST_COST, 0

    def tick(self, done: bool) -> None:
        """Keep one where it is due, or training done."""
        begin = time.monotonic()
        if self.keep is None or not (done or begin >= self.due):
            return
        self.keep(self.session.snapshot())
        end = time.monotonic()
        self.cost = min(FIRST_COST, end - begin) if not self.count else end - begin
        self.count += 1
        self.due = end + max(KEEP_SECONDS, self.cost / KEEPING_SHARE)

"""Log rows while training: loss since the row before, validation of the averaged weights."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from torch import Tensor, nn

from pixelwise.data.frames import Frames
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.candidates import Candidates, ImageScores
from pixelwise.training.validate import validate
from pixelwise.types import Json, LogRow

LOG_ROWS = 16
"""Rows in ``log.csv``, each with a validation, spread evenly over training."""
VALIDATING_SHARE = 0.1
"""Of a budget, that validation may take: where it is slow there are fewer rows."""


class Recorder:
    """Collects losses and makes a row of them when one is due.

    Args:
        average: the network whose weights are the average.
        count: number of training images.
        validation: frames to validate on, or None.

    Attributes:
        candidates: what training offers so far.
    """

    def __init__(
        self,
        average: nn.Module,
        count: int,
        tasks: Mapping[str, AnyTask],
        validation: Frames | None,
        recipe: Recipe,
        fabric: Fabric,
    ) -> None:
        self.average, self.count, self.tasks = average, count, tasks
        self.validation, self.recipe, self.fabric = validation, recipe, fabric
        self.candidates = Candidates()
        self._losses: list[float] = []
        self._rows_due = 1
        self._begin = self._rested = time.monotonic()

    def add(self, loss: float) -> None:
        """Take note of a batch's loss."""
        self._losses.append(loss)

    @property
    def has_open_row(self) -> bool:
        """Whether there are batches since the last row."""
        return bool(self._losses)

    def is_due(self, progress: float) -> bool:
        """Whether a row should be made after this share of training.

        With a number of epochs the clock has no say, so that the same recipe gives the same rows.
        """
        rested = self.recipe.train.budget_seconds is None or time.monotonic() >= self._rested
        return rested and progress * LOG_ROWS >= self._rows_due

    def row(self, step: int, progress: float, rate: float) -> LogRow:
        """Validate, and make a row of all since the row before."""
        scores, begin = None, time.monotonic()
        if self.validation is not None:
            scores = validate(self.average, self.tasks, self.validation, self.recipe, self.fabric)
        end = time.monotonic()
        self._rested = end + (end - begin) * (1 / VALIDATING_SHARE - 1)
        row = LogRow(
            epoch=step * self.recipe.train.batch_size // self.count,
            step=step,
            seconds=self.seconds(),
            loss=float(np.mean(self._losses)),
            learning_rate=rate,
            val_score=_mean_defined(scores),
        )
        self.candidates.offer(self.average, row, scores)
        self._losses, self._rows_due = [], int(progress * LOG_ROWS) + 1
        return row

    def finished(self) -> Candidates:
        """The candidates, the averaged weights of now the final ones."""
        self.candidates.finish(self.average)
        return self.candidates

    def seconds(self) -> float:
        """Of training so far."""
        return time.monotonic() - self._begin

    def state(self) -> tuple[dict[str, Tensor], Json]:
        """All that changes: tensors, and the rest as plain JSON values."""
        tensors, numbers = self.candidates.state()
        rest = {"losses": self._losses, "rows_due": self._rows_due, "seconds": self.seconds()}
        return tensors, {**numbers, **rest}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Go on from a :meth:`state`."""
        self.candidates.restore(tensors, numbers)
        self._losses, self._rows_due = list(numbers["losses"]), int(numbers["rows_due"])
        self._begin = time.monotonic() - float(numbers["seconds"])


def _mean_defined(scores: ImageScores | None) -> float | None:
    if scores is None or np.isnan(scores).all():
        return None
    return float(np.nanmean(scores))

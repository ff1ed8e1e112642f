"""Log rows while training: loss since the row before, validation of the averaged weights."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from pixelwise.data.frames import Frames
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.candidates import Candidates, ImageScores
from pixelwise.training.validate import validate
from pixelwise.types import LogRow

LOG_ROWS = 16
"""Rows in ``log.csv``, each with a validation, spread evenly over training."""


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
        self._begin = time.monotonic()

    def add(self, loss: float) -> None:
        """Take note of a batch's loss."""
        self._losses.append(loss)

    def is_due(self, progress: float) -> bool:
        """Whether a row should be made after this share of training."""
        return progress * LOG_ROWS >= self._rows_due

    def row(self, step: int, progress: float, rate: float) -> LogRow:
        """Validate, and make a row of all since the row before."""
        scores = None
        if self.validation is not None:
            scores = validate(self.average, self.tasks, self.validation, self.recipe, self.fabric)
        row = LogRow(
            epoch=step * self.recipe.train.batch_size // self.count,
            step=step,
            seconds=time.monotonic() - self._begin,
            loss=float(np.mean(self._losses)),
            learning_rate=rate,
            val_score=_mean_defined(scores),
        )
        self.candidates.offer(self.average, row, scores)
        self._losses, self._rows_due = [], int(progress * LOG_ROWS) + 1
        return row


def _mean_defined(scores: ImageScores | None) -> float | None:
    if scores is None or np.isnan(scores).all():
        return None
    return float(np.nanmean(scores))

"""A finished run, and what every kind of training writes and tells on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pixelwise.checks import Check
from pixelwise.errors import OutputError
from pixelwise.evaluation import Metrics, Scored
from pixelwise.prediction import Predictor
from pixelwise.workflows.listener import Listener

Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Run:
    """A finished training run: its folder, the predictor it made and the scores it reached."""

    folder: Path
    predictor: Predictor
    metrics: Metrics


@dataclass(frozen=True)
class Background:
    """What was known before training began: notes on the data, reasons of the recipe, what the check found."""

    notes: tuple[str, ...]
    reasons: Mapping[str, str]
    check: Check


def log_writer(
    write_log: Callable[[Path, Rows], None], path: Path, listener: Listener
) -> Callable[[Rows], None]:
    """Writes ``log.csv`` at every row; a program that holds the file open (Excel does) ends no training."""
    said = False

    def write(rows: Rows) -> None:
        nonlocal said
        try:
            write_log(path, rows)
        except OutputError as error:
            if not said:
                listener.say(f"Warning: {error} It is tried again later.")
            said = True

    return write


def counting(listener: Listener, total: int) -> Callable[[Scored], None]:
    """Tells the listener of every image that is scored."""
    done = 0

    def on_image(scored: Scored) -> None:
        nonlocal done
        done += 1
        listener.scored(done, total)

    return on_image


def headline(metrics: Metrics) -> dict[str, object]:
    """Scores with their 95% intervals for a model file's header; ``None`` where there is no such number."""
    parts = {"value", "ci95", "pooled", "pooled_ci95"}
    scores = {
        metric: score.model_dump(mode="json", include=parts) for metric, score in metrics.scores.items()
    }
    return {"split": metrics.split, "n_images": metrics.n_images, **scores}

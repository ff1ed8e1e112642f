"""From data to a run: model, recipe, log, metrics and report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.data.splits import write_splits
from pixelwise.errors import OutputError
from pixelwise.evaluation import Metrics, Scored, evaluate
from pixelwise.prediction import Predictor
from pixelwise.recipe import Recipe
from pixelwise.types import LogRow
from pixelwise.workflows import runfolder
from pixelwise.workflows.budget import parse_budget
from pixelwise.workflows.check import check, refuse_errors
from pixelwise.workflows.data import open_data
from pixelwise.workflows.interrupt import stop_on_interrupt
from pixelwise.workflows.job import Job, prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe, scored_part, with_splits
from pixelwise.workflows.report import report_run

INTERRUPTED = "Stopping: the model is finished with what it has learned; press Ctrl-C again to give up."


@dataclass(frozen=True)
class Run:
    """A finished training run: its folder, the predictor it made and the scores it reached."""

    folder: Path
    predictor: Predictor
    metrics: Metrics


def train(
    data: Dataset | Path | str,
    out: Path | str,
    *,
    recipe: Recipe | None = None,
    budget: float | str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
    allow_leaks: bool = False,
    cache: Path | str | None = None,
    started: float | None = None,
) -> Run:
    """Train, choose on validation, evaluate on the test split and report.

    Args:
        data: an opened data set, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        out: a new folder for the run.
        recipe: all choices; without it they are planned from the data.
        budget: time from ``started`` to the last byte of the report, in seconds or as "5m"; 5 minutes where
            neither length is given.
        epochs: passes over the training images instead of a budget.
        seed: of everything random; the recipe's, or 0.
        allow_leaks: train although near-duplicates, or images of one group, lie in different splits; metrics and
            report then say so.
        cache: folder for decoded images; ``PIXELWISE_CACHE`` or the system's own by default.
        started: moment on ``time.monotonic`` that the budget counts from; the call's by default.

    Raises:
        PixelwiseError: anything that the caller can put right; nothing is left behind then.
    """
    started = time.monotonic() if started is None else started
    listener = listener or Listener()
    seconds = parse_budget(budget) if isinstance(budget, str) else budget
    runfolder.check_free(Path(out))
    drawn_by = seed if seed is not None else recipe.seed if recipe else 0
    opened = data if isinstance(data, Dataset) else open_data(data, strict=False)
    checked = check(_used(opened), cache=cache, listener=listener)
    listener.checked(checked.result)
    notes = refuse_errors(checked, allow_leaks=allow_leaks)
    dataset = with_splits(checked.subject, drawn_by, listener)
    recipe = complete_recipe(recipe, dataset, seconds, epochs, seed, listener)
    with runfolder.run_folder(Path(out)) as folder:
        job = prepare(dataset, recipe, listener, Cache.at(cache))
        job.recipe.write(folder / runfolder.RECIPE)
        write_splits(folder / runfolder.SPLITS, dataset)
        checked.write_page(folder / runfolder.CHECK)
        return _finish(job, folder, started, notes)


def _used(dataset: Dataset) -> Dataset:
    """The samples that are assigned to a split, where any is."""
    return dataset.where(lambda sample: sample.split is not None) if dataset.has_splits() else dataset


def _finish(job: Job, folder: Path, started: float, notes: Sequence[str]) -> Run:
    """Train, then write everything that a run holds."""
    length = job.length(started)
    with stop_on_interrupt(lambda: job.listener.say(INTERRUPTED)) as stopped:
        candidates = job.fit(length, stopped, _log_writer(folder / runfolder.LOG, job.listener))
        stopped_early = stopped()
        choice = candidates.choose()
        job.listener.say(f"Weights: {choice.how}.")
        # Written before anything that takes time, so that giving up from here on loses no training.
        job.write_model(folder / runfolder.MODEL, job.untuned(choice.weights), {})
    runfolder.write_log(folder / runfolder.LOG, candidates.rows)
    predictor = job.tuned(choice.weights)
    job.write_model(folder / runfolder.MODEL, predictor, {})
    metrics = _evaluate(job, predictor, stopped_early, notes)
    metrics.write(folder / runfolder.METRICS)
    job.write_model(folder / runfolder.MODEL, predictor, _headline(metrics))
    facts = job.facts(candidates, choice, time.monotonic() - started)
    log, report = candidates.rows, folder / runfolder.REPORT
    report_run(report, predictor, job.recipe, job.dataset, metrics, log, facts, job.commands(folder))
    return Run(folder, predictor, metrics)


def _log_writer(path: Path, listener: Listener) -> Callable[[Sequence[LogRow]], None]:
    """Writes ``log.csv`` at every row; a program that holds the file open (Excel does) ends no training."""
    said = False

    def write(rows: Sequence[LogRow]) -> None:
        nonlocal said
        try:
            runfolder.write_log(path, rows)
        except OutputError as error:
            if not said:
                listener.say(f"Warning: {error} It is tried again later.")
            said = True

    return write


def _evaluate(job: Job, predictor: Predictor, stopped_early: bool, known: Sequence[str]) -> Metrics:
    dataset, split, notes = scored_part(job.dataset)
    notes = [*known, *notes]
    if stopped_early:
        notes = [*notes, "Training was stopped early by Ctrl-C."]
    done = 0

    def on_image(scored: Scored) -> None:
        nonlocal done
        done += 1
        job.listener.scored(done, len(dataset))

    return evaluate(predictor, dataset, split, notes=notes, on_image=on_image)


def _headline(metrics: Metrics) -> dict[str, object]:
    means = {metric: {"mean": score.mean, "pooled": score.pooled} for metric, score in metrics.scores.items()}
    return {"split": metrics.split, "n_images": metrics.n_images, **means}

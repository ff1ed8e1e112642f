"""From data to a run: model, recipe, log, metrics and report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pixelwise.checks import Looker
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.data.splits import read_splits, write_splits
from pixelwise.evaluation import Metrics, evaluate
from pixelwise.prediction import Predictor
from pixelwise.recipe import Recipe
from pixelwise.types import LogRow
from pixelwise.workflows import runfolder
from pixelwise.workflows.bestbaseline import comparing_seconds, with_baseline
from pixelwise.workflows.budget import parse_budget
from pixelwise.workflows.check import Checked, check, leaks_by_name, refuse_errors
from pixelwise.workflows.choosetasks import parse_tasks
from pixelwise.workflows.data import open_joined
from pixelwise.workflows.foldplan import are_folds_wished, pooled, prepare_folds
from pixelwise.workflows.folds import train_folds
from pixelwise.workflows.interrupt import stop_on_interrupt
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, Job, prepare
from pixelwise.workflows.labelled import assigned, scored_notes, scored_part, sets_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import choose_recipe, group_hint, seen_by, with_splits
from pixelwise.workflows.report import EXHIBITS, report_run
from pixelwise.workflows.resume import Progress, resumed_plan
from pixelwise.workflows.run import Background, Run, counting, headline, log_writer
from pixelwise.workflows.wishes import Wishes

INTERRUPTED = "Stopping: the model is finished with what it has learned; press Ctrl-C again to give up."


def train(
    data: Dataset | Path | str,
    out: Path | str,
    *,
    recipe: Recipe | None = None,
    network: str | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    budget: float | str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    task: str | None = None,
    joints: Path | str | None = None,
    folds: int | None = None,
    listener: Listener | None = None,
    resume: bool = False,
    looker: Looker | None = None,
    allow_leaks: bool = False,
    compared: bool = True,
    cache: Path | str | None = None,
    started: float | None = None,
) -> Run:
    """Train, choose on validation, evaluate on the test split and report.

    Args:
        data: an opened data set, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        out: a new folder for the run.
        recipe: all choices; without it they are planned from the data.
        network: name of a network ("segnet", "fpn:efficientnet-lite1"), in the place of the recipe's.
        settings: of the recipe, to be used instead of what it says or is planned, by their dotted names
            ("train.batch_size").
        budget: time from ``started`` to the last byte of the report, in seconds or as "5m"; 5 minutes where
            neither length is given.
        epochs: passes over the training images instead of a budget.
        seed: of everything random; the recipe's, or 0.
        task: what to learn: "semantic", "instance", "panoptic", "pose", or "semantic,pose"; what the data is labelled
            for if not given.
        joints: folder of another set, of which joints are learned beside the masks of ``data``; both tasks then.
        folds: divide the images of training and validation, or all where there are no splits, into so many folds;
            train a model on all but each of them, within the budget, score every image by the model that never saw
            it, and make one :class:`~pixelwise.prediction.Ensemble` of all.
        resume: go on with the run in ``out`` that was killed, by its own recipe and splits; where none has begun,
            begin, as without it.
        looker: what looks at files for the check, which may have looked at masks when the data was opened.
        allow_leaks: train although near-duplicates, or images of one group, lie in different splits; metrics and
            report then say so.
        compared: choose the best method that needs no training and score it beside the model, where there are two
            classes.
        cache: folder for decoded images; ``PIXELWISE_CACHE`` or the system's own by default.
        started: moment on ``time.monotonic`` that the budget counts from; the call's by default.

    Raises:
        PixelwiseError: anything that the caller can put right; nothing is left behind then.
    """
    wishes = Wishes(
        recipe=recipe,
        network=network,
        settings=settings,
        budget=parse_budget(budget) if isinstance(budget, str) else budget,
        epochs=epochs,
        seed=seed,
        tasks=parse_tasks(task),
        folds=folds,
    )
    call = _Call(
        Path(out),
        wishes,
        listener or Listener(),
        Cache.at(cache),
        started=time.monotonic() if started is None else started,
        begun=resume and runfolder.has_begun(Path(out)),
        compared=compared,
    )
    if not resume:
        runfolder.check_free(call.out)
    looker = looker or Looker(call.cache)
    opened = open_joined(data, task, joints, looker.values)
    drawn = not all(part.has_splits() for part in sets_of(opened))
    if call.begun:
        opened = read_splits(call.out / runfolder.SPLITS, opened)
    in_folds = are_folds_wished(wishes, call.folder)
    if in_folds:
        opened = pooled(opened)
    checked = check(assigned(opened), looker=looker, listener=call.listener)
    call.listener.checked(checked.result)
    notes = refuse_errors(checked, allow_leaks=allow_leaks)
    if not drawn:
        notes += leaks_by_name(checked)
    learn = _learn_in_folds if in_folds else _learn
    return learn(call, checked, notes, drawn)


@dataclass(frozen=True)
class _Call:
    """What :func:`train` is asked for, beside the data; ``begun``: the run in ``out`` is gone on with."""

    out: Path
    wishes: Wishes
    listener: Listener
    cache: Cache
    started: float
    begun: bool
    compared: bool

    @property
    def folder(self) -> Path | None:
        """That of the run that is gone on with, if any."""
        return self.out if self.begun else None


def _learn_in_folds(call: _Call, checked: Checked, notes: Sequence[str], drawn: bool) -> Run:
    """A model on all folds but each, and one of all; ``drawn``: the data has no splits of its own."""
    validation = prepare_folds(checked.subject, call.wishes, call.folder, call.listener)
    hints = validation.hints if drawn else ()
    return train_folds(
        validation,
        call.out,
        Background((*notes, *hints), validation.reasons, checked.result),
        checked.write_page,
        call.cache,
        started=call.started,
        resumed=call.begun,
        compared=call.compared,
    )


def _learn(call: _Call, checked: Checked, notes: Sequence[str], drawn: bool) -> Run:
    """One model on the training split; ``drawn``: the data has no splits of its own."""
    dataset = with_splits(checked.subject, call.wishes.drawn_by, call.listener)
    hint = group_hint(dataset) if drawn else None
    chosen = (
        resumed_plan(call.wishes, dataset, call.out, call.listener)
        if call.begun
        else choose_recipe(call.wishes, dataset, call.listener)
    )
    dataset = seen_by(chosen.recipe, dataset)
    with runfolder.run_folder(call.out, resumed=call.begun) as folder:
        job = prepare(dataset, chosen.recipe, call.listener, call.cache)
        if call.compared:
            job = replace(job, comparing=comparing_seconds(job.recipe, dataset))
        write_splits(folder / runfolder.SPLITS, dataset)
        checked.write_page(folder / runfolder.CHECK)
        runfolder.write_reasons(folder / runfolder.PLAN, chosen.reasons)
        job.recipe.write(folder / runfolder.RECIPE)  # the last: where it is, a run has begun
        progress = Progress(job, folder / runfolder.CHECKPOINT, call.started)
        told = (*notes, hint) if hint is not None else tuple(notes)
        background = Background(told, chosen.reasons, checked.result)
        return _finish(job, folder, progress, background, call.compared)


def _finish(job: Job, folder: Path, progress: Progress, background: Background, compared: bool) -> Run:
    """Train, then write everything that a run holds."""
    session = job.session()
    progress.restore(session)
    length = job.length(progress.started, session.recorder.seconds() if session.step else 0.0)
    with stop_on_interrupt(lambda: job.listener.say(INTERRUPTED)) as stopped:
        on_rows = log_writer(runfolder.write_log, folder / runfolder.LOG, job.listener)
        candidates = job.fit(session, length, stopped, on_rows, progress.keep)
        known = [*background.notes, *_length_notes(candidates.rows[-1], stopped())]
        compared = compared and not stopped()  # who presses Ctrl-C waits for no more than the model
        choice = candidates.choose()
        job.listener.say(f"Weights: {choice.how}.")
        # Written before anything that takes time, so that giving up from here on loses no training.
        job.write_model(folder / runfolder.MODEL, job.untuned(choice.weights), {})
    runfolder.write_log(folder / runfolder.LOG, candidates.rows)
    predictor = job.tuned(choice.weights)
    job.write_model(folder / runfolder.MODEL, predictor, {})
    begin = time.monotonic()
    metrics = _evaluate(job, predictor, known, validated=choice.validated)
    metrics.write(folder / runfolder.METRICS)
    if compared:
        metrics = _compared(job, metrics, progress.started, (time.monotonic() - begin) / metrics.n_images)
        metrics.write(folder / runfolder.METRICS)
    job.write_model(folder / runfolder.MODEL, predictor, headline(metrics))
    log, report = candidates.rows, folder / runfolder.REPORT
    trained = f"{log[-1].step} steps, {log[-1].epoch} epochs"
    facts = job.facts(trained, choice.how, time.monotonic() - progress.started)
    report_run(
        report,
        predictor,
        job.recipe,
        job.dataset,
        metrics,
        [log],
        facts,
        job.commands(folder),
        background.reasons,
        background.check,
    )
    (folder / runfolder.CHECKPOINT).unlink(missing_ok=True)
    return Run(folder, predictor, metrics)


def _compared(job: Job, metrics: Metrics, started: float, image: float) -> Metrics:
    """The metrics with those of the best method without training; ``image`` is seconds that one takes."""
    report = SLACK * 3 * EXHIBITS * image + REPORT_SECONDS
    begin_report = started + (job.recipe.train.budget_seconds or 0.0) - report
    return with_baseline(
        metrics, job.dataset, job.recipe, job.listener, comparing=job.comparing, begin_report=begin_report
    )


def _length_notes(last: LogRow, stopped: bool) -> list[str]:
    """What has to be said of a training that was shorter than it should be."""
    if stopped:
        return ["Training was stopped early by Ctrl-C."]
    if last.epoch < 1:
        return [
            f"Training saw less than all training images once ({last.step} steps): the budget is too short for this "
            "computer, or other programs kept it busy."
        ]
    return []


def _evaluate(job: Job, predictor: Predictor, known: Sequence[str], *, validated: bool) -> Metrics:
    tasks = [task.kind for task in job.recipe.tasks.values()]
    dataset, split = scored_part(job.dataset, tasks)
    notes = [*known, *scored_notes(job.dataset, tasks, validated=validated)]
    on_image = counting(job.listener, len(dataset))
    return evaluate(predictor, dataset, split, notes=notes, on_image=on_image, in_sample=split == "val")

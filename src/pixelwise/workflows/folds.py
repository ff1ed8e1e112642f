"""From data to a run of folds: every image is scored by the one of several models that never saw it.

The models are trained one after another by one recipe and become one ensemble.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pixelwise.data.cache import Cache
from pixelwise.data.splits import write_splits
from pixelwise.evaluation import OUT_OF_FOLD, Metrics, Scored, evaluate
from pixelwise.evaluation.believed import ConfidenceScores
from pixelwise.evaluation.confidence import with_left_out
from pixelwise.prediction import Ensemble, Predictor, load
from pixelwise.tasks.semantic import THRESHOLD
from pixelwise.types import LogRow, Sample
from pixelwise.workflows import runfolder
from pixelwise.workflows.bestbaseline import with_baseline
from pixelwise.workflows.foldplan import CrossValidation
from pixelwise.workflows.foldtrainings import Trainings, decoded, member, train_all
from pixelwise.workflows.interrupt import stop_on_interrupt
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, Job, frame_text, identity_of
from pixelwise.workflows.outoffold import OutOfFold
from pixelwise.workflows.report import EXHIBITS, report_run
from pixelwise.workflows.run import Background, Run, counting, headline

INTERRUPTED = (
    "Stopping: the run is finished with the folds that are done, of the first with what it has learned; press Ctrl-C "
    "again to give up, and go on another time by --resume."
)


def train_folds(
    about: CrossValidation,
    out: Path,
    background: Background,
    write_check: Callable[[Path], None],
    cache: Cache,
    *,
    started: float,
    resumed: bool,
    compared: bool,
) -> Run:
    """Train all folds, make one model of them, score every image by the model that never saw it, and report.

    Args:
        background: what was known before.
        write_check: writes the page of the check to a path.
        started: moment on ``time.monotonic`` that the budget counts from.
        resumed: go on with the run that has begun in ``out``.
        compared: score the best method that needs no training beside the models.
    """
    with runfolder.run_folder(out, resumed=resumed) as folder:
        trainings = decoded(about, cache, compared)
        write_splits(folder / runfolder.SPLITS, about.dataset)
        about.folds.write(folder / runfolder.FOLDS)
        write_check(folder / runfolder.CHECK)
        runfolder.write_reasons(folder / runfolder.PLAN, background.reasons)
        trainings.about.recipe.write(folder / runfolder.RECIPE)  # the last: where it is, a run has begun
        with stop_on_interrupt(lambda: about.listener.say(INTERRUPTED)) as stopped:
            done, started = train_all(trainings, folder, started, stopped)
            stopped_early = stopped()
        return _finish(
            trainings, folder, done, started, background, compared and not stopped_early, stopped_early
        )


def _finish(
    trainings: Trainings,
    folder: Path,
    done: int,
    started: float,
    background: Background,
    compared: bool,
    stopped: bool,
) -> Run:
    """Make one model of the folds that are done, then write everything that a run holds."""
    about, job = trainings.about, trainings.job(0)
    members = [load(member(folder, number)) for number in range(done)]
    found = OutOfFold()
    # Nothing is found yet: a model to have, should the run be given up from here on.
    ensemble = found.ensemble(members)
    job.write_model(folder / runfolder.MODEL, ensemble, {})

    def by(sample: Sample) -> Predictor:
        fold = about.folds.fold_of(sample.name)
        assert fold is not None
        return members[fold]

    scored, begin = trainings.scored(done), time.monotonic()
    count = counting(about.listener, len(scored) + len(about.dataset.split("test")))

    def on_image(one: Scored) -> None:
        count(one)
        found.add(one)

    known = [*background.notes, *_stopped_notes(trainings, done) * stopped]
    metrics = evaluate(ensemble, scored, OUT_OF_FOLD, notes=known, on_image=on_image, by=by)
    image = (time.monotonic() - begin) / metrics.n_images
    ensemble = found.ensemble(members)
    # Of the model that the file holds; the scores are by its members' own, see the schema.
    metrics = metrics.model_copy(update={"settings": ensemble.settings})
    metrics = metrics.model_copy(update={"confidence": _with_ensemble(metrics.confidence, ensemble)})
    job.write_model(folder / runfolder.MODEL, ensemble, {})
    metrics.write(folder / runfolder.METRICS)
    if about.dataset.split("test").samples:
        test = evaluate(ensemble, about.dataset.split("test"), "test", on_image=count)
        metrics = metrics.model_copy(update={"test": test})
        metrics.write(folder / runfolder.METRICS)
    if compared:
        metrics = _compared(trainings, metrics, started, image)
        metrics.write(folder / runfolder.METRICS)
    job.write_model(folder / runfolder.MODEL, ensemble, headline(metrics))
    logs = runfolder.read_fold_log(folder / runfolder.LOG)
    facts = _facts(trainings, job, logs, done, time.monotonic() - started) | _threshold_facts(ensemble)
    commands = job.commands(folder)[:1]  # what trains again scores again
    report = folder / runfolder.REPORT
    reported = replace(about.dataset, samples=(*scored.samples, *about.dataset.split("test").samples))
    report_run(
        report,
        ensemble,
        job.recipe,
        reported,
        metrics,
        [logs[number] for number in sorted(logs) if number <= done],
        facts,
        commands,
        background.reasons,
        background.check,
        by,
    )
    for name in (runfolder.CHECKPOINT, *runfolder.MEMBERS):
        (folder / name).unlink(missing_ok=True)
    return Run(folder, ensemble, metrics)


def _with_ensemble(found: ConfidenceScores | None, ensemble: Ensemble) -> ConfidenceScores | None:
    """What is said of each fold's confidence, with the rank correlation of the score that all as one predict."""
    if found is None or ensemble.confidence is None or found.task not in ensemble.confidence.score:
        return found
    return with_left_out(found, ensemble.confidence.score[found.task])


def _compared(trainings: Trainings, metrics: Metrics, started: float, image: float) -> Metrics:
    """The metrics with those of the best method without training, chosen on the first fold, scored on the others."""
    about = trainings.about
    learned = {row.name for row in metrics.images}
    chosen_on = {name for name in learned if about.folds.fold_of(name) == 0}
    if chosen_on == learned:  # there is one fold: chosen on what its model was chosen on
        dataset = about.folds.dataset(0, about.dataset)
    else:
        dataset = about.dataset.with_splits(
            {name: "val" if name in chosen_on else "test" for name in learned}
        ).where(lambda sample: sample.split is not None)
    report = SLACK * 3 * EXHIBITS * image + REPORT_SECONDS
    begin_report = started + (about.recipe.train.budget_seconds or 0.0) - report
    found = with_baseline(
        metrics,
        dataset,
        about.recipe,
        about.listener,
        comparing=trainings.comparing,
        begin_report=begin_report,
    )
    if found.baseline is None or found.baseline.images is not None:
        return found
    names = tuple(sample.name for sample in dataset.split("test").samples)
    some = None if len(names) == metrics.n_images else names
    return found.model_copy(update={"baseline": found.baseline.model_copy(update={"images": some})})


def _stopped_notes(trainings: Trainings, done: int) -> list[str]:
    count, scored = len(trainings), len(trainings.scored(done))
    if done == 1:
        return [f"Training was stopped by Ctrl-C in the first of {count} folds: {scored} images are scored."]
    if done == count:
        return []
    return [
        f"Training was stopped by Ctrl-C after {done} of {count} folds: only their {scored} images are scored."
    ]


def _facts(
    trainings: Trainings, job: Job, logs: dict[int, list[LogRow]], done: int, seconds: float
) -> dict[str, str]:
    """How the models were made, for the report."""
    about = trainings.about
    steps = ", ".join(str(rows[-1].step) for number, rows in logs.items() if number <= done)
    epochs = ", ".join(str(rows[-1].epoch) for number, rows in logs.items() if number <= done)
    facts = job.facts(
        f"{done} models, one without each fold: {steps} steps, {epochs} epochs",
        "of each model, chosen on a part of the folds that it learned from",
        seconds,
    )
    tested = len(about.dataset.split("test"))
    data = (
        f"{len(about.dataset) - tested} images in {len(trainings)} folds"
        f"{f', {tested} test images apart' if tested else ''}"
    )
    return {
        **facts,
        "Data": f"{about.dataset.root.resolve().name} ({about.dataset.layout}): {data}",
        "Fingerprint": f"{identity_of(trainings.frames)} (of the images and masks of all folds, as decoded)",
        "Frame": frame_text(job.recipe.scale, f"{len(trainings.frames)} in all folds"),
    }


def _threshold_facts(ensemble: Ensemble) -> dict[str, str]:
    """Which threshold was fitted on what, of a task that has one."""
    name = ensemble.classified
    if name is None or THRESHOLD not in ensemble.settings[name]:
        return {}
    own = ", ".join(f"{one.settings[name][THRESHOLD]:.3f}" for one in ensemble.members)
    return {
        "Thresholds": f"of each model {own}, chosen on its validation images: the out-of-fold scores are at these; "
        "that of the models as one was fitted on the out-of-fold predictions"
    }

"""From data to a run of folds: every image is scored by the one of several models that never saw it.

The models are trained one after another by one recipe, each as an ordinary training is, and become one ensemble.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.checks import Subject, kinds_of_masks
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset, check_readable
from pixelwise.data.folds import Folds, draw_folds, read_folds
from pixelwise.data.frames import CachedFrames, read_frames
from pixelwise.data.splits import write_splits
from pixelwise.errors import DataError
from pixelwise.evaluation import OUT_OF_FOLD, Metrics, evaluate
from pixelwise.memory import keep_freed_memory
from pixelwise.prediction import Ensemble, Predictor, mean_settings, padding
from pixelwise.recipe import Recipe, read_recipe
from pixelwise.training import Session, Step
from pixelwise.types import LogRow, Sample
from pixelwise.workflows import runfolder
from pixelwise.workflows.bestbaseline import comparing_seconds, with_baseline
from pixelwise.workflows.budget import check_budget, kept_for_later
from pixelwise.workflows.interrupt import stop_on_interrupt
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, Costs, Job, built, identity_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import Wishes, choose_recipe, group_hint, seen_by
from pixelwise.workflows.report import EXHIBITS, report_run
from pixelwise.workflows.resume import Progress, resumed_plan
from pixelwise.workflows.run import Background, Run, counting, headline, log_writer

INTERRUPTED = (
    "Stopping: the run is finished with the folds that are done, of the first with what it has learned; press Ctrl-C "
    "again to give up, and go on another time by --resume."
)


def are_folds_wished(wishes: Wishes, begun: Path | None) -> bool:
    """Whether a run is one of folds: a new one by what is asked for, one that is gone on with by its recipe."""
    if begun is None:
        return wishes.number_of_folds is not None
    return read_recipe(begun / runfolder.RECIPE).train.folds is not None


def pooled(dataset: Dataset) -> Dataset:
    """The data set with validation images among those of training; all are that where there are no splits."""
    if not dataset.has_splits():
        return replace(dataset, samples=tuple(replace(one, split="train") for one in dataset.samples))
    return replace(
        dataset,
        samples=tuple(replace(one, split="train") if one.split == "val" else one for one in dataset.samples),
    )


@dataclass(frozen=True)
class CrossValidation:
    """What the trainings of a run of folds have in common.

    Attributes:
        dataset: the images of all folds as training, and those of the test split.
        recipe: complete but for what is measured.
        reasons: by setting, what it was set to and why.
    """

    dataset: Dataset
    folds: Folds
    recipe: Recipe
    reasons: Mapping[str, str]
    listener: Listener

    @property
    def hints(self) -> list[str]:
        """What to say where images that belong together may have come to different folds."""
        hint = group_hint(self.dataset)
        return [] if hint is None else [hint.replace("different splits", "different folds")]


def prepare_folds(
    subject: Subject, wishes: Wishes, begun: Path | None, listener: Listener
) -> CrossValidation:
    """Draw folds and complete the recipe; or take both from a run that has begun.

    Raises:
        DataError: nothing to learn from, or too little for so many folds.
        RecipeError: values that a recipe cannot have, or others than the run has begun with.
    """
    dataset = subject.dataset
    pool, tested = dataset.split("train"), len(dataset.split("test"))
    if not pool.samples:
        raise DataError(f"{dataset.root} has no training images; assign some to 'train' in the splits file.")
    if begun is not None:
        chosen = resumed_plan(wishes, dataset, begun, listener)
        folds = read_folds(begun / runfolder.FOLDS, dataset)
    else:
        count = wishes.number_of_folds
        assert count is not None
        folds = draw_folds(
            pool, count, wishes.drawn_by, together=subject.together, kinds=kinds_of_masks(subject)
        )
        chosen = choose_recipe(wishes, folds.dataset(0, dataset), listener)
    apart = f"; {tested} test images stay apart" if tested else ""
    listener.say(f"Data: {len(pool)} images ({dataset.layout}) in {len(folds)} folds{apart}.")
    dataset = seen_by(chosen.recipe, dataset)
    return CrossValidation(dataset, folds, chosen.recipe, chosen.reasons, listener)


@dataclass(frozen=True)
class Trainings:
    """A cross-validation with its images decoded.

    Attributes:
        frames: of the images of all folds.
        comparing: seconds of the budget that are kept for the comparison with methods that need no training.
    """

    about: CrossValidation
    frames: CachedFrames
    comparing: float

    def __len__(self) -> int:
        """How many there are."""
        return len(self.about.folds)

    def job(self, number: int) -> Job:
        """One of the trainings: its test images are those of its fold."""
        about = self.about
        dataset = about.folds.dataset(number, about.dataset)
        training, validation = (
            self.frames.of({sample.name for sample in dataset.split(split).samples})
            for split in ("train", "val")
        )
        listener = FoldListener(about.listener, number, len(self))
        return built(dataset, about.recipe, listener, training, validation if len(validation) else None)

    def scored(self, done: int) -> Dataset:
        """The images of the first ``done`` folds, each with its fold as a tag."""
        return self.about.folds.scored(self.about.dataset, done)

    def ending(self, costs: Costs) -> float:
        """Seconds that evaluation, comparison and report will take after all trainings."""
        scored, tested = len(self.scored(len(self))), len(self.about.dataset.split("test"))
        predicting = (scored + 3 * EXHIBITS + tested * len(self)) * costs.predicting
        return SLACK * (predicting + (scored + tested) * costs.scoring) + REPORT_SECONDS + self.comparing


class FoldListener(Listener):
    """Tells of one of several trainings as a part of all of them."""

    def __init__(self, listener: Listener, number: int, count: int) -> None:
        self.listener, self.number, self.count = listener, number, count

    def say(self, text: str) -> None:
        """The line as it is."""
        self.listener.say(text)

    def step(self, step: Step) -> None:
        """The progress of all."""
        self.listener.step(replace(step, progress=(self.number + step.progress) / self.count))


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
        resumed: go on with the run in ``out``, where one has begun.
        compared: score the best method that needs no training beside the models.
    """
    with runfolder.run_folder(out, resumed=resumed) as folder:
        trainings = _decoded(about, cache, compared)
        write_splits(folder / runfolder.SPLITS, about.dataset)
        about.folds.write(folder / runfolder.FOLDS)
        write_check(folder / runfolder.CHECK)
        runfolder.write_reasons(folder / runfolder.PLAN, background.reasons)
        trainings.about.recipe.write(folder / runfolder.RECIPE)  # the last: where it is, a run has begun
        with stop_on_interrupt(lambda: about.listener.say(INTERRUPTED)) as stopped:
            done, started = _train_all(trainings, folder, started, stopped)
            stopped_early = stopped()
        return _finish(
            trainings, folder, done, started, background, compared and not stopped_early, stopped_early
        )


def _decoded(about: CrossValidation, cache: Cache, compared: bool) -> Trainings:
    """Decode all images once, and settle what is measured on this machine."""
    keep_freed_memory()
    cache.trim()
    recipe = about.recipe
    frames = read_frames(about.dataset.split("train"), recipe.scale, padding(recipe.values), cache)
    check_readable(about.dataset.split("test"))  # better now than after an hour of training
    measured = Trainings(about, frames, 0.0).job(0).recipe
    comparing = comparing_seconds(measured, about.dataset) if compared else 0.0
    return Trainings(replace(about, recipe=measured), frames, comparing)


def _train_all(
    trainings: Trainings, folder: Path, started: float, stopped: Callable[[], bool]
) -> tuple[int, float]:
    """Train the folds that have no model yet; how many have one now, and the moment that the budget counts from."""
    images = identity_of(trainings.frames)
    logs = runfolder.read_fold_log(folder / runfolder.LOG)
    first = next((n for n in range(len(trainings)) if not _member(folder, n).exists()), len(trainings))
    for number in range(first, len(trainings)):
        job = trainings.job(number)
        progress = Progress(job, folder / runfolder.CHECKPOINT, started, images, fold=number)
        session = job.session()
        if number == first:  # the checkpoint is from before a kill, if there is one
            progress.restore(session)
        learned, validated, unseen = (len(job.dataset.split(split)) for split in ("train", "val", "test"))
        job.listener.say(
            f"Fold {number + 1} of {len(trainings)}: {learned} images to learn from, {validated} to validate on, "
            f"{unseen} that this model never sees."
        )
        finished = _train_one(trainings, job, session, progress, folder, logs, stopped)
        started = progress.started
        if not finished:
            return number, started
        if stopped():
            return number + 1, started
    return len(trainings), started


def _train_one(
    trainings: Trainings,
    job: Job,
    session: Session,
    progress: Progress,
    folder: Path,
    logs: dict[int, list[LogRow]],
    stopped: Callable[[], bool],
) -> bool:
    """Train a fold and write its model; False where it was stopped, and others are there to be used without it."""
    number = progress.fold
    before = session.recorder.seconds() if session.step else 0.0
    job = replace(job, later=_keeping(trainings, job, number, progress.started, before))
    length = job.length(progress.started, before)
    write = log_writer(runfolder.write_fold_log, folder / runfolder.LOG, job.listener)

    def on_rows(rows: Sequence[LogRow]) -> None:
        write({**logs, number + 1: rows})

    candidates = job.fit(session, length, stopped, on_rows, progress.keep)
    if number and stopped() and length.progress(session.step) < 1:
        return False
    logs[number + 1] = candidates.rows
    choice = candidates.choose()
    job.listener.say(f"Weights: {choice.how}.")
    job.write_model(_member(folder, number), job.tuned(choice.weights), {})
    return True


def _keeping(
    trainings: Trainings, job: Job, number: int, started: float, before: float
) -> Callable[[Costs], float] | None:
    """What tells, by the costs of an image, how many seconds a fold has to leave; None where passes are counted.

    Args:
        before: seconds of training that a resumed fold has behind it.

    Raises:
        RecipeError: the budget leaves too little for all folds.
    """
    budget = job.recipe.train.budget_seconds
    if budget is None:
        return None
    left = len(trainings) - number
    whole = started + budget - time.monotonic() + before
    if left == len(trainings) and not before:
        costs = job.costs()
        tuning = len(trainings) * job.tuning_seconds(costs)
        check_budget(started, budget, trainings.ending(costs) + tuning)
    return lambda costs: kept_for_later(whole, trainings.ending(costs), left)


def _member(folder: Path, number: int) -> Path:
    return folder / runfolder.MEMBERS[number]


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
    members = [Predictor.load(_member(folder, number)) for number in range(done)]
    ensemble = Ensemble(members, mean_settings(members))
    job.write_model(folder / runfolder.MODEL, ensemble, {})

    def by(sample: Sample) -> Predictor:
        fold = about.folds.fold_of(sample.name)
        assert fold is not None
        return members[fold]

    scored, begin = trainings.scored(done), time.monotonic()
    on_image = counting(about.listener, len(scored) + len(about.dataset.split("test")))
    known = [*background.notes, *_stopped_notes(trainings, done) * stopped]
    metrics = evaluate(ensemble, scored, OUT_OF_FOLD, notes=known, on_image=on_image, by=by)
    image = (time.monotonic() - begin) / metrics.n_images
    metrics.write(folder / runfolder.METRICS)
    if about.dataset.split("test").samples:
        test = evaluate(ensemble, about.dataset.split("test"), "test", on_image=on_image)
        metrics = metrics.model_copy(update={"test": test})
        metrics.write(folder / runfolder.METRICS)
    if compared:
        metrics = _compared(trainings, metrics, started, image)
        metrics.write(folder / runfolder.METRICS)
    job.write_model(folder / runfolder.MODEL, ensemble, headline(metrics))
    logs = runfolder.read_fold_log(folder / runfolder.LOG)
    facts = _facts(trainings, job, logs, done, time.monotonic() - started)
    log = next(iter(logs.values()), [])
    commands = job.commands(folder)[:1]  # what trains again scores again
    report = folder / runfolder.REPORT
    reported = replace(about.dataset, samples=(*scored.samples, *about.dataset.split("test").samples))
    report_run(
        report,
        ensemble,
        job.recipe,
        reported,
        metrics,
        log,
        facts,
        commands,
        background.reasons,
        background.check,
        by,
    )
    for name in (runfolder.CHECKPOINT, *runfolder.MEMBERS):
        (folder / name).unlink(missing_ok=True)
    return Run(folder, ensemble, metrics)


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
        f"{done} models, one without each fold: {steps} steps, {epochs} epochs; the curves are of the first",
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
    }

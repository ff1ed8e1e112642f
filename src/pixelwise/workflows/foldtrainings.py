"""The models of a run of folds, trained one after another, each as an ordinary training is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset, check_readable
from pixelwise.data.frames import CachedFrames, read_frames
from pixelwise.memory import keep_freed_memory
from pixelwise.tasks import build_tasks
from pixelwise.training import Session, Step
from pixelwise.types import LogRow
from pixelwise.workflows import runfolder
from pixelwise.workflows.bestbaseline import comparing_seconds
from pixelwise.workflows.budget import check_budget, kept_for_later
from pixelwise.workflows.foldplan import CrossValidation
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, Costs, Job, built, identity_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.report import EXHIBITS
from pixelwise.workflows.resume import Progress
from pixelwise.workflows.run import log_writer


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
        counting = (scored + tested) * costs.scoring + scored * costs.trying
        return SLACK * (predicting + counting) + REPORT_SECONDS + self.comparing


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


def decoded(about: CrossValidation, cache: Cache, compared: bool) -> Trainings:
    """Decode all images once, and settle what is measured on this machine."""
    recipe = about.recipe
    build_tasks(
        recipe, dict.fromkeys(recipe.tasks, about.dataset.labels)
    )  # refuses before anything is decoded
    keep_freed_memory()
    cache.trim()
    frames = read_frames(about.dataset.split("train"), recipe.scale, recipe.values, cache)
    check_readable(about.dataset.split("test"))  # better now than after an hour of training
    measured = Trainings(about, frames, 0.0).job(0).recipe
    comparing = comparing_seconds(measured, about.dataset) if compared else 0.0
    return Trainings(replace(about, recipe=measured), frames, comparing)


def train_all(
    trainings: Trainings, folder: Path, started: float, stopped: Callable[[], bool]
) -> tuple[int, float]:
    """Train the folds that have no model yet; how many have one now, and the moment that the budget counts from."""
    images = identity_of(trainings.frames)
    logs = runfolder.read_fold_log(folder / runfolder.LOG)
    first = next((n for n in range(len(trainings)) if not member(folder, n).exists()), len(trainings))
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
    # Killed after the last training: what it took counts, and images must be the same.
    if first == len(trainings):
        past = Progress(trainings.job(0), folder / runfolder.CHECKPOINT, started, images)
        past.past()
        started = past.started
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
    job.write_model(member(folder, number), job.tuned(choice.weights), {})
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


def member(folder: Path, number: int) -> Path:
    return folder / runfolder.MEMBERS[number]

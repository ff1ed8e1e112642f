"""The report of a run: picks the images to show and hands everything to the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pixelwise.checks import Check
from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics
from pixelwise.prediction import Predictor, viewable
from pixelwise.recipe import Recipe
from pixelwise.report import (
    Drawn,
    Exhibit,
    Making,
    TaskPart,
    choose_exhibits,
    drawn_part,
    joint_table,
    objects_part,
    semantic_part,
    write_report,
)
from pixelwise.tasks import AnyTask
from pixelwise.types import SPLITS, LogRow
from pixelwise.workflows import runfolder

EXHIBITS = 4
"""Images shown of the worst, the median and the best each."""

BESIDE = {
    runfolder.MODEL: "the model with all it needs to predict",
    runfolder.METRICS: "every score, by image, class and tag",
    runfolder.RECIPE: "every choice; train --recipe trains by it again",
    runfolder.PLAN: "why these choices",
    runfolder.SPLITS: "which image was in which split",
    runfolder.LOG: "loss and validation score over time",
    runfolder.CHECK: "what the check of the data found, with pictures",
}
"""The files that lie beside a report, with what they hold."""


def report_run(
    path: Path,
    predictor: Predictor,
    recipe: Recipe,
    dataset: Dataset,
    metrics: Metrics,
    log: Sequence[LogRow],
    facts: Mapping[str, str],
    commands: Sequence[str],
    reasons: Mapping[str, str] = MappingProxyType({}),
    check: Check | None = None,
) -> None:
    """Write the page of a run.

    Args:
        dataset: holds the images that ``metrics`` are of.
        facts: what to list under how it was made.
        commands: lines that make the same run again.
        reasons: by setting, what it was set to and why.
        check: what was found in the data before training.
    """
    making = Making(
        recipe=recipe.to_toml(),
        takes=str(recipe.values.pixel_format),
        reasons=reasons,
        check=check,
        facts=facts,
        counts={split: len(dataset.split(split)) for split in SPLITS},
        commands=commands,
        files={name: what for name, what in BESIDE.items() if (path.parent / name).exists()},
    )
    parts = [_part(task)(name, predictor, dataset, metrics) for name, task in predictor.tasks.items()]
    write_report(path, title=metrics.data, metrics=metrics, parts=parts, log=log, making=making)


def _objects(name: str, predictor: Predictor, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """What a task that tells objects apart shows of its worst, median and best images."""
    task = predictor.tasks[name]
    scores = {row.name: row.scores[task.headline] for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}

    def drawn(chosen: str) -> Drawn:
        image, truth = dataset.read(samples[chosen])
        shown = viewable(image, predictor.preprocessing.values)
        picture = task.draw(shown, predictor.predict(image)[name], truth)
        return Drawn(chosen, picture, scores[chosen], samples[chosen].tags)

    chosen = choose_exhibits(scores, EXHIBITS).items()
    exhibits = {kind: [drawn(one) for one in names] for kind, names in chosen}
    return objects_part(metrics, name, task.labels, exhibits)


def _part(task: AnyTask) -> Callable[[str, Predictor, Dataset, Metrics], TaskPart]:
    """What makes a task's part of the page."""
    if any(field.points for field in task.fields()):
        return _people
    return _objects if task.labels.things else _semantic


def _semantic(name: str, predictor: Predictor, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """What a semantic task shows of its worst, median and best images."""
    task = predictor.tasks[name]
    scores = {row.name: row.scores[task.headline] for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}

    def exhibit(chosen: str) -> Exhibit:
        image, truth = dataset.read(samples[chosen])
        prediction = predictor.predict(image)
        return Exhibit(
            name=chosen,
            image=viewable(image, predictor.preprocessing.values),
            truth=truth.class_map,
            predicted=prediction[name].label_map,
            score=scores[chosen],
            tags=samples[chosen].tags,
            uncertainty=prediction.uncertainty,
        )

    exhibits = {
        kind: [exhibit(chosen) for chosen in names]
        for kind, names in choose_exhibits(scores, EXHIBITS).items()
    }
    return semantic_part(metrics, name, task.labels, exhibits)


def _people(name: str, predictor: Predictor, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """Skeletons drawn into the worst, median and best images, and the table of joints."""
    task = predictor.tasks[name]
    scores = {row.name: row.scores.get(task.headline, math.nan) for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}

    def drawn(chosen: str) -> Drawn:
        image, truth = dataset.read(samples[chosen])
        shown = viewable(image, predictor.preprocessing.values)
        picture = task.draw(shown, predictor.predict(image)[name], truth)
        return Drawn(chosen, picture, scores[chosen], samples[chosen].tags)

    pictures = {
        kind: [drawn(chosen) for chosen in names] for kind, names in choose_exhibits(scores, EXHIBITS).items()
    }
    part = drawn_part(
        metrics,
        name,
        pictures,
        asked="finds the joints of people",
        gives="people with the joints of each, and how sure it is of them",
    )
    return replace(part, sections=[*part.sections, joint_table(metrics, name)])

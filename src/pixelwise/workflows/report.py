"""The report of a run: picks the images to show and hands everything to the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelwise.checks import Check
from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics
from pixelwise.metrics.keypoints import scored_people
from pixelwise.prediction import Predictor
from pixelwise.recipe import Recipe
from pixelwise.report import (
    Drawn,
    Exhibit,
    Making,
    TaskPart,
    choose_exhibits,
    drawn_part,
    joint_findings,
    joint_table,
    objects_part,
    semantic_part,
    write_report,
)
from pixelwise.tasks import AnyTask
from pixelwise.types import SPLITS, Image, LogRow, Sample
from pixelwise.workflows import runfolder

T = TypeVar("T")
OfImage = Callable[[Sample], Predictor]
"""What predicts an image: of several models the one that never saw it."""
EXHIBITS = 4
"""Images shown of the worst, the median and the best each."""

BESIDE = {
    runfolder.MODEL: "the model with all it needs to predict",
    runfolder.METRICS: "every score, by image, class and tag",
    runfolder.RECIPE: "every choice; train --recipe trains by it again",
    runfolder.PLAN: "why these choices",
    runfolder.SPLITS: "which image was in which split",
    runfolder.FOLDS: "which image was in which fold, and what it was to each model",
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
    logs: Sequence[Sequence[LogRow]],
    facts: Mapping[str, str],
    commands: Sequence[str],
    reasons: Mapping[str, str] = MappingProxyType({}),
    check: Check | None = None,
    by: OfImage | None = None,
) -> None:
    """Write the page of a run.

    Args:
        dataset: holds the images that ``metrics`` are of.
        logs: of the training; of several models that of each.
        facts: what to list under how it was made.
        commands: lines that make the same run again.
        reasons: by setting, what it was set to and why.
        check: what was found in the data before training.
        by: what predicts each image, where that is not ``predictor``.
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
    of_image = by or (lambda _sample: predictor)
    parts = [_part(task)(name, task, of_image, dataset, metrics) for name, task in predictor.tasks.items()]
    write_report(path, title=metrics.data, metrics=metrics, parts=parts, logs=logs, making=making)


def _part(task: AnyTask) -> Callable[[str, AnyTask, OfImage, Dataset, Metrics], TaskPart]:
    """What makes a task's part of the page."""
    if any(field.points for field in task.fields()):
        return _people
    return _objects if task.labels.things else _semantic


def _semantic(name: str, task: AnyTask, of_image: OfImage, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """What a semantic task shows of its worst, median and best images."""

    def exhibit(sample: Sample, score: float) -> Exhibit:
        image, truth = dataset.read(sample)
        predictor = of_image(sample)
        prediction = predictor.predict(image)
        return Exhibit(
            name=sample.name,
            image=predictor.viewable(image),
            truth=truth.class_map,
            predicted=prediction[name].label_map,
            score=score,
            tags=sample.tags,
            uncertainty=prediction.uncertainty,
        )

    return semantic_part(metrics, name, task.labels, _exhibits(task, dataset, metrics, exhibit))


def _objects(name: str, task: AnyTask, of_image: OfImage, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """What a task that tells objects apart shows of its worst, median and best images."""
    drawn = _drawing(name, task, of_image, dataset)
    return objects_part(metrics, name, task.labels, _exhibits(task, dataset, metrics, drawn))


def _people(name: str, task: AnyTask, of_image: OfImage, dataset: Dataset, metrics: Metrics) -> TaskPart:
    """Skeletons drawn into the worst, median and best images, and the table of joints."""
    drawn = _drawing(name, task, of_image, dataset)
    part = drawn_part(
        metrics,
        name,
        _exhibits(task, dataset, metrics, drawn),
        asked="finds the joints of people",
        gives="people with the joints of each, and how sure it is of them",
        main=task.headline,
    )
    worst = _worst_people(name, drawn, dataset, metrics)
    of_people = drawn_part(metrics, f"{name}-people", worst, asked="", gives="", main="oks")
    people = [replace(one, title="Worst people") for one in of_people.sections]
    sections = [*part.sections, *people, joint_table(metrics, name)]
    return replace(part, sections=sections, findings=joint_findings(metrics))


def _worst_people(
    name: str, drawn: Callable[[Sample, float], Drawn], dataset: Dataset, metrics: Metrics
) -> dict[str, list[Drawn]]:
    """What surrounds the people of least OKS, one of an image; nobody where no image shows several people."""
    likeness = {row.name: row.counts[name]["joints"].get("oks_by_person", []) for row in metrics.images}
    if all(len(of_image) < 2 for of_image in likeness.values()):  # the worst images show them
        return {}
    worst = sorted((min(of_image), image) for image, of_image in likeness.items() if of_image)
    samples = {sample.name: sample for sample in dataset.samples}
    found = []
    for score, image in worst[:EXHIBITS]:
        whole = drawn(samples[image], score)
        people = dataset.read(samples[image])[1].people
        assert people is not None
        box = people.boxes[scored_people(people)][likeness[image].index(score)]
        found.append(replace(whole, image=around(whole.image, box)))
    return {"Least OKS, one person of a picture": found}


def around(image: Image, box: NDArray[np.float32]) -> Image:
    """The part of an image that shows a box and half of its longer side about it."""
    more = max(8.0, 0.5 * float((box[2:] - box[:2]).max()))
    (x0, y0), (x1, y1) = np.floor(box[:2] - more), np.ceil(box[2:] + more)
    height, width = image.shape[:2]
    left, top = min(max(0, int(x0)), width - 1), min(max(0, int(y0)), height - 1)
    return image[top : max(top + 1, int(y1)), left : max(left + 1, int(x1))]


def _drawing(
    name: str, task: AnyTask, of_image: OfImage, dataset: Dataset
) -> Callable[[Sample, float], Drawn]:
    """What draws an image with what was found in it."""

    def drawn(sample: Sample, score: float) -> Drawn:
        image, truth = dataset.read(sample)
        predictor = of_image(sample)
        picture = task.draw(predictor.viewable(image), predictor.predict(image)[name], truth)
        return Drawn(sample.name, picture, score, sample.tags)

    return drawn


def _exhibits(
    task: AnyTask, dataset: Dataset, metrics: Metrics, shown: Callable[[Sample, float], T]
) -> dict[str, list[T]]:
    """The worst, median and best images, as ``shown`` makes them of sample and score."""
    scores = {row.name: row.scores.get(task.headline, math.nan) for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}
    return {
        kind: [shown(samples[name], scores[name]) for name in names]
        for kind, names in choose_exhibits(scores, EXHIBITS).items()
    }

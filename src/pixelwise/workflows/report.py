"""The report of a run: picks the images to show and hands everything to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pixelwise.checks import Check
from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics
from pixelwise.prediction import Predictor, viewable
from pixelwise.recipe import Recipe
from pixelwise.report import (
    Exhibit,
    Making,
    TaskPart,
    choose_exhibits,
    entropy,
    semantic_part,
    write_report,
)
from pixelwise.types import SPLITS, LogRow, Sample
from pixelwise.workflows import runfolder

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
    log: Sequence[LogRow],
    facts: Mapping[str, str],
    commands: Sequence[str],
    reasons: Mapping[str, str] = MappingProxyType({}),
    check: Check | None = None,
    by: Callable[[Sample], Predictor] | None = None,
) -> None:
    """Write the page of a run.

    Args:
        dataset: holds the images that ``metrics`` are of.
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
    parts = [_semantic(name, predictor, dataset, metrics, by) for name in predictor.tasks]
    write_report(path, title=metrics.data, metrics=metrics, parts=parts, log=log, making=making)


def _semantic(
    name: str,
    predictor: Predictor,
    dataset: Dataset,
    metrics: Metrics,
    by: Callable[[Sample], Predictor] | None,
) -> TaskPart:
    """What a semantic task shows of its worst, median and best images."""
    task = predictor.tasks[name]
    scores = {row.name: row.scores[task.headline] for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}

    def exhibit(chosen: str) -> Exhibit:
        image, truth = dataset.read(samples[chosen])
        result = (by(samples[chosen]) if by else predictor).predict(image)[name]
        return Exhibit(
            name=chosen,
            image=viewable(image, predictor.preprocessing.values),
            truth=truth.class_map,
            predicted=result.label_map,
            score=scores[chosen],
            tags=samples[chosen].tags,
            uncertainty=entropy(result.probs),
        )

    exhibits = {
        kind: [exhibit(chosen) for chosen in names]
        for kind, names in choose_exhibits(scores, EXHIBITS).items()
    }
    return semantic_part(metrics, name, task.labels, exhibits)

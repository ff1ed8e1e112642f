"""The report of a run: picks the images to show and hands everything to the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics
from pixelwise.prediction import Predictor, viewable
from pixelwise.recipe import Recipe
from pixelwise.report import Exhibit, choose_exhibits, write_report
from pixelwise.types import LogRow

EXHIBITS = 4
"""Images shown of the worst, the median and the best each."""


def report_run(
    path: Path,
    predictor: Predictor,
    recipe: Recipe,
    dataset: Dataset,
    metrics: Metrics,
    log: Sequence[LogRow],
    facts: Mapping[str, str],
    commands: Sequence[str],
) -> None:
    """Write the page of a run.

    Args:
        dataset: holds the images that ``metrics`` are of.
        facts: what to list under how it was made.
        commands: lines that make the same run again.
    """
    samples = {sample.name: sample for sample in dataset.samples}
    first = next(iter(predictor.tasks))

    def exhibit(name: str, chosen: str, score: float) -> Exhibit:
        task = predictor.tasks[name]
        image, truth = dataset.read(samples[chosen])
        result = predictor.predict(image)[name]
        shown = viewable(image, predictor.preprocessing.values)
        if task.labels.things or any(field.points for field in task.fields()):
            # Skeletons, and objects in colours of their own, are drawn into the picture.
            drawn, nothing = task.draw(shown, result, truth), np.zeros(shown.shape[:2], np.uint8)
            return Exhibit(chosen, drawn, nothing, nothing, score, samples[chosen].tags, drawn=True)
        predicted = result.label_map
        return Exhibit(chosen, shown, truth.class_map, predicted, score, samples[chosen].tags)

    write_report(
        path,
        title=metrics.data,
        metrics=metrics,
        labels=predictor.tasks[first].labels,
        log=log,
        exhibits={
            kind if name == first else f"{name}: {kind}": [
                exhibit(name, chosen, scores[chosen]) for chosen in names
            ]
            for name, task in predictor.tasks.items()
            for scores in [{row.name: row.scores.get(task.headline, math.nan) for row in metrics.images}]
            for kind, names in choose_exhibits(scores, EXHIBITS).items()
        },
        recipe=recipe.to_toml(),
        commands=commands,
        facts=facts,
    )

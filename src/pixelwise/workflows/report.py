"""The report of a run: picks the images to show and hands everything to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics
from pixelwise.prediction import Predictor, viewable
from pixelwise.recipe import Recipe
from pixelwise.report import Exhibit, choose_exhibits, write_report
from pixelwise.types import LogRow, Sample

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
    by: Callable[[Sample], Predictor] | None = None,
) -> None:
    """Write the page of a run.

    Args:
        dataset: holds the images that ``metrics`` are of.
        facts: what to list under how it was made.
        commands: lines that make the same run again.
        by: what predicts each image, where that is not ``predictor``.
    """
    name, task = next(iter(predictor.tasks.items()))
    scores = {row.name: row.scores[task.headline] for row in metrics.images}
    samples = {sample.name: sample for sample in dataset.samples}

    def exhibit(chosen: str) -> Exhibit:
        image, truth = dataset.read(samples[chosen])
        predicted = (by(samples[chosen]) if by else predictor).predict(image)[name].label_map
        shown = viewable(image, predictor.preprocessing.values)
        return Exhibit(chosen, shown, truth.class_map, predicted, scores[chosen], samples[chosen].tags)

    write_report(
        path,
        title=metrics.data,
        metrics=metrics,
        labels=task.labels,
        log=log,
        exhibits={
            kind: [exhibit(chosen) for chosen in names]
            for kind, names in choose_exhibits(scores, EXHIBITS).items()
        },
        recipe=recipe.to_toml(),
        commands=commands,
        facts=facts,
    )

"""What a training is compared with: the best method that needs none."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from pixelwise.baselines import METHODS, Baseline, Example, choose_best
from pixelwise.baselines.choosing import FIRST
from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import BaselineScores, Metrics, score_images, scores_of
from pixelwise.evaluation.comparison import difference
from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.units import Units, count_of, renumbered, units_of
from pixelwise.recipe import Recipe
from pixelwise.types import Sample
from pixelwise.workflows.baseline import read_examples
from pixelwise.workflows.labelled import scored_part
from pixelwise.workflows.listener import Listener

SHARE = 0.05
"""Of a budget."""
LONGEST = 120.0
"""Seconds after which a comparison tells no more; all methods have had their turn by then."""
SHORTEST = 3.0
"""In less nothing can be compared: the libraries alone take part of it."""
EXAMPLES = 24
"""Images that methods are chosen on at the most: validation first, then training, of which methods learn nothing."""
FEWEST = 1
"""Images that every method is tried on where passes are counted; of a budget ``FIRST``."""
MOST_SCORED = 50
"""Images that the chosen method is scored on where passes are counted; of a budget, what there is time for."""
FOR_CHOOSING = 0.6
"""Share of the time for choosing; the rest is for scoring."""


def can_compare(dataset: Dataset) -> bool:
    """Whether methods that need no training do the same: tell two classes apart, and nothing else."""
    labels = dataset.labels
    return labels.is_binary and not labels.things and dataset.skeleton is None


def comparing_seconds(recipe: Recipe, dataset: Dataset) -> float:
    """Seconds of the recipe's budget that are kept for the comparison; 0 where there is none."""
    budget = recipe.train.budget_seconds
    if budget is None or not can_compare(dataset) or SHARE * budget < SHORTEST:
        return 0.0
    return min(SHARE * budget, LONGEST)


@dataclass(frozen=True)
class Clock:
    """When choosing and scoring have to be over, on the monotonic clock; both None where nothing depends on time."""

    chosen: float | None = None
    scored: float | None = None

    @classmethod
    def of(cls, seconds: float | None) -> Clock:
        """So many seconds from now."""
        if seconds is None:
            return cls()
        now = time.monotonic()
        return cls(now + FOR_CHOOSING * seconds, now + seconds)


def with_baseline(
    metrics: Metrics,
    dataset: Dataset,
    recipe: Recipe,
    listener: Listener,
    *,
    comparing: float,
    begin_report: float,
) -> Metrics:
    """The metrics with those of the best method that needs no training, if it can be known in time.

    Args:
        comparing: seconds of the budget that are kept for this.
        begin_report: moment on the monotonic clock at which a budget wants the report begun.
    """
    seconds = None
    if not can_compare(dataset):
        return metrics
    if recipe.train.budget_seconds is not None:
        if not comparing:
            listener.say("Without training: nothing was compared, since the budget is too short for it.")
            return metrics
        seconds = min(comparing, begin_report - time.monotonic())
    found = compare(dataset, recipe, seconds, listener)
    if found is not None:
        found = found.model_copy(update={"lead": lead_over(found.by_image, metrics)})
    return metrics.model_copy(update={"baseline": found})


def lead_over(by_image: Mapping[str, float], metrics: Metrics) -> Estimate | None:
    """How much higher the model's mean headline score is than that of ``by_image``, image by image; see the schema."""
    both = [
        (score, by_image[row.name], unit)
        for row, unit in zip(metrics.images, metrics.units, strict=True)
        if row.name in by_image
        and not math.isnan((score := row.scores.get(metrics.headline, math.nan)) + by_image[row.name])
    ]
    units = renumbered(np.array([unit for *_, unit in both], np.intp))
    if count_of(units) < 2:
        return None
    pairs = np.array([scores for *scores, _ in both])
    found = difference(pairs[None, :, 0], pairs[None, :, 1], over_runs=False, units=units)
    return Estimate(value=found.mean, ci95=found.mean_ci95)


def compare(
    dataset: Dataset, recipe: Recipe, seconds: float | None, listener: Listener
) -> BaselineScores | None:
    """Choose the best method on validation and training images, and score it on images that the model is scored on.

    Args:
        dataset: of two classes, every sample in a split.
        recipe: of the training; methods see the same range of values.
        seconds: what it may take, at the most: methods are tried in their order until it is over, and as many images
            are scored as fit into it. None takes the quick methods and fixed numbers of images, so that the result
            depends on no clock.

    Returns:
        None where the time was too short to choose or to score anything; the listener is told.
    """
    clock = Clock.of(seconds)
    scored, split = scored_part(dataset, ("semantic",))
    examples = Examples(_choosing(dataset, split) or list(scored.samples), dataset, recipe)
    methods = [method for method in METHODS.values() if seconds is not None or not method.slow]
    first = FIRST if seconds is not None else FEWEST
    best = choose_best(methods, examples, lambda more: _is_over(clock.chosen, more), first=first)
    if best is None:
        listener.say("Without training: no method was compared, since there was no time left for it.")
        return None
    segmenter = Baseline(
        best.method, best.choice, dataset.labels, {recipe.values.pixel_format: recipe.values}, recipe.seed
    )
    rows = _rows(segmenter, scored.evenly(MOST_SCORED) if seconds is None else scored, clock)
    if not rows:
        listener.say("Without training: no method was scored, since there was no time left for it.")
        return None
    task = next(iter(segmenter.tasks))
    return BaselineScores(
        method=best.method.name,
        title=best.method.title,
        choice=best.choice.as_json(),
        chosen_on=tuple(sample.name for sample in examples.seen),
        n_methods=best.n_methods,
        tried_on=min(first, len(examples)),
        n_images=len(rows),
        images=None if len(rows) == len(scored) else tuple(rows),
        scores=scores_of(segmenter.tasks, {task: list(rows.values())}, _units(scored, rows)),
        by_image={name: segmenter.tasks[task].headline_score(row) for name, row in rows.items()},
    )


def _units(dataset: Dataset, rows: Mapping[str, Any]) -> Units:
    """Of the images that have rows, in their order."""
    tags = {sample.name: sample.tags for sample in dataset.samples}
    return units_of([tags[name] for name in rows], dataset.group)


def _choosing(dataset: Dataset, scored: str) -> list[Sample]:
    """The images that methods may be chosen on: those of validation first, each split in a spread order."""
    found: list[Sample] = []
    for name in ("val", "train"):
        samples = dataset.where(lambda one, name=name: one.split == name != scored).samples  # type: ignore[misc]
        found += [samples[index] for index in spread_order(len(samples))]
    return found


class Examples(Sequence[Example]):
    """Small copies of images, up to ``EXAMPLES``, each read when it is asked for: large ones take their time.

    Attributes:
        seen: the samples that were read.
    """

    def __init__(self, samples: Sequence[Sample], dataset: Dataset, recipe: Recipe) -> None:
        self._samples, self._dataset, self._recipe = samples[:EXAMPLES], dataset, recipe
        self._read: list[Example] = []

    @property
    def seen(self) -> Sequence[Sample]:
        """Those whose copies there are."""
        return self._samples[: len(self._read)]

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        """One by its number; those before it are read too."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        while len(self._read) <= index:
            one = replace(self._dataset, samples=(self._samples[len(self._read)],))
            self._read += read_examples(one, self._recipe.values, self._recipe.seed)
        return self._read[index]


def _is_over(end: float | None, more: float) -> bool:
    return end is not None and time.monotonic() + more > end


def _rows(segmenter: Baseline, scored: Dataset, clock: Clock) -> Mapping[str, Any]:
    """The row of each image by its name; where time is over before the last, of images that are spread evenly."""
    task = next(iter(segmenter.tasks))
    mixed = replace(scored, samples=tuple(scored.samples[index] for index in spread_order(len(scored))))
    found: dict[str, Any] = {}
    longest, begin = 0.0, time.monotonic()
    for one in score_images(segmenter, mixed):
        found[one.sample.name] = one.rows[task]
        now = time.monotonic()
        longest, begin = max(longest, now - begin), now
        if _is_over(clock.scored, longest):
            break
    return {sample.name: found[sample.name] for sample in scored.samples if sample.name in found}


def spread_order(count: int) -> list[int]:
    """All indices below ``count`` in an order of which every beginning is spread about evenly (van der Corput 1935).

    >>> spread_order(6)
    [0, 4, 2, 1, 5, 3]
    """
    digits = max(count - 1, 0).bit_length()
    mirrored = (int(f"{index:0{digits}b}"[::-1], 2) if digits else 0 for index in range(2**digits))
    return [index for index in mirrored if index < count]

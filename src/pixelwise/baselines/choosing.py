"""Choosing free parameters on labelled images, and the best of all methods while there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pixelwise.baselines.base import Method, Values
from pixelwise.baselines.objectrule import RULES
from pixelwise.baselines.picture import Picture, small_copy
from pixelwise.baselines.segmenter import Choice
from pixelwise.geometry import resize_ids
from pixelwise.metrics import ClassCounts, overlap_matrix
from pixelwise.types import Image, LabelMap

OBJECT = 1
"""Class id of the object in two classes."""
REFINED = 3
"""Of the quick methods and of the slow ones, so many, the best by their defaults, are tried with other values."""


@dataclass(frozen=True)
class Example:
    """A labelled image, small.

    Attributes:
        truth: (h, w) class ids, 255 where nobody labelled.
    """

    picture: Picture
    truth: LabelMap

    @classmethod
    def of(cls, image: Image, truth: LabelMap, seed: int = 0) -> Example:
        """The small copies of an image (H, W, 3) and its class ids (H, W)."""
        copy, frame = small_copy(image)
        ids = resize_ids(torch.from_numpy(np.array(truth))[None], frame.content_size)[0]
        return cls(Picture(copy, seed), ids.numpy())


@dataclass(frozen=True)
class Chosen:
    """A method with the choice that scored best.

    Attributes:
        score: mean Dice over the examples where it is defined, at the working size; -1 where it is nowhere.
        seconds: processor time that parting one example took, on average.
    """

    method: Method
    choice: Choice
    score: float
    seconds: float


Enough = Callable[[float], bool]
"""Whether what will take so many seconds should not be begun."""


def never(seconds: float) -> bool:
    """There is all the time in the world."""
    return False


def choose(method: Method, examples: Sequence[Example]) -> Chosen:
    """The values and the rule that score best, among all; of equal ones the first."""
    found = [_best_rule(method, values, examples, never) for values in method.combinations()]
    return max((one for one in found if one is not None), key=lambda one: one.score)


def choose_best(
    methods: Iterable[Method], examples: Sequence[Example], enough: Enough = never
) -> Chosen | None:
    """The best of all methods: each by its defaults, then the best few by their other values; the slow ones after.

    Args:
        enough: asked before every picture; from the first time that it is true, nothing more is tried, and what
            has not seen all examples does not count.

    Returns:
        None where time was over before anything had been tried.
    """
    found: list[Chosen] = []
    for one in _tried(list(methods), examples, enough):
        if one is None:
            break
        found.append(one)
    return max(found, key=lambda one: one.score, default=None)


def _tried(methods: Sequence[Method], examples: Sequence[Example], enough: Enough) -> Iterator[Chosen | None]:
    for slow in (False, True):
        beginning: list[Chosen] = []
        for method in (one for one in methods if one.slow == slow):
            chosen = _best_rule(method, method.default, examples, enough)
            yield chosen
            if chosen is not None:
                beginning.append(chosen)
        for one in sorted(beginning, key=lambda one: -one.score)[:REFINED]:
            for values in list(one.method.combinations())[1:]:
                yield _best_rule(one.method, values, examples, enough)


def _best_rule(method: Method, values: Values, examples: Sequence[Example], enough: Enough) -> Chosen | None:
    """The best of all rules with these values; None if time was over before all examples were seen."""
    scores = np.full((len(examples), len(RULES)), np.nan)
    spent, slowest = 0.0, 0.0
    for index, example in enumerate(examples):
        if enough(slowest):
            return None
        begin, ticks = time.monotonic(), time.process_time()
        picture = example.picture
        side = np.zeros(picture.size, bool) if picture.is_blank else method(picture, values)
        spent += time.process_time() - ticks
        scores[index] = [dice(rule.apply(side, picture), example.truth) for rule in RULES]
        slowest = max(slowest, time.monotonic() - begin)
    defined = ~np.isnan(scores)
    count = defined.sum(axis=0)
    means = np.where(count > 0, np.where(defined, scores, 0).sum(axis=0) / np.maximum(count, 1), -1.0)
    best = int(np.argmax(means))
    choice = Choice(values, RULES[best])
    return Chosen(method, choice, float(means[best]), spent / max(len(examples), 1))


def dice(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], truth: LabelMap) -> float:
    """Dice of the object; NaN where it is in neither."""
    counts = ClassCounts.of(overlap_matrix(truth, mask.astype(np.uint8), 2))
    return float(counts.dice()[OBJECT])

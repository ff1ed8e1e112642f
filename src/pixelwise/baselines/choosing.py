"""Choosing free parameters on labelled images, and the best of all methods while there is time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

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
FIRST = 2
"""Examples that everything is tried on."""
CUT = 2.5
"""One in so many of what was tried sees more examples; on 36 images of PH² better for its time than 2 or 3."""


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
        n_methods: methods that it was compared with, itself among them.
    """

    method: Method
    choice: Choice
    score: float
    seconds: float
    n_methods: int = 1


Enough = Callable[[float], bool]
"""Whether what will take so many seconds should not be begun."""


def never(seconds: float) -> bool:
    """There is all the time in the world."""
    return False


@dataclass
class _Trial:
    """A method with values for its parameters, and what it has scored so far.

    Attributes:
        scores: of each example seen, in their order, by rule.
        spent: processor seconds.
    """

    method: Method
    values: Values
    scores: list[list[float]] = field(default_factory=list)
    spent: float = 0.0

    def see(self, examples: Sequence[Example], count: int, enough: Enough) -> bool:
        """Score the first ``count`` of the examples, but for those seen before; False if time was over before."""
        slowest = 0.0
        while len(self.scores) < count:
            if enough(slowest):
                return False
            begin = time.monotonic()
            example = examples[len(self.scores)]
            picture, ticks = example.picture, time.process_time()
            side = np.zeros(picture.size, bool) if picture.is_blank else self.method(picture, self.values)
            self.spent += time.process_time() - ticks
            self.scores.append([dice(rule.apply(side, picture), example.truth) for rule in RULES])
            slowest = max(slowest, time.monotonic() - begin)
        return True

    def best(self, count: int) -> Chosen:
        """With the rule that does best on the first ``count`` examples, all of which it has seen."""
        scores = np.array(self.scores[:count]).reshape(-1, len(RULES))
        defined = ~np.isnan(scores)
        known = defined.sum(axis=0)
        means = np.where(known > 0, np.where(defined, scores, 0).sum(axis=0) / np.maximum(known, 1), -1.0)
        at = int(np.argmax(means))
        spent = self.spent / max(len(self.scores), 1)
        return Chosen(self.method, Choice(self.values, RULES[at]), float(means[at]), spent)


def choose(method: Method, examples: Sequence[Example]) -> Chosen:
    """The values and the rule that score best, among all; of equal ones the first."""
    count, found = len(examples), []
    for values in method.combinations():
        trial = _Trial(method, values)
        trial.see(examples, count, never)
        found.append(trial.best(count))
    return max(found, key=lambda one: one.score)


def choose_best(
    methods: Iterable[Method], examples: Sequence[Example], enough: Enough = never, *, first: int = FIRST
) -> Chosen | None:
    """The best of all methods by successive halving (Jamieson and Talwalkar 2016): many on few examples, few on many.

    All methods with all values of their parameters see the first examples. The best of them, one in ``CUT``, see twice
    as many, and so on until all examples are seen or one is left. Slow methods follow when the quick ones are through.

    Args:
        examples: in the order in which they are to be used.
        enough: asked before every picture; from the first time that it is true, nothing more is tried, and what
            has not seen the examples of a round does not count.
        first: examples that everything is tried on.

    Returns:
        None where time was over before anything had been tried.
    """
    quick, slow = ([one for one in methods if one.slow == kind] for kind in (False, True))
    best, finished = _halved(quick, examples, enough, first)
    if not finished or not slow:
        return best
    other, finished = _halved(slow, examples, enough, first)
    if best is None or other is None or not finished:
        return best or other
    found = other if other.score > best.score else best
    return replace(found, n_methods=best.n_methods + other.n_methods)


def _halved(
    methods: Sequence[Method], examples: Sequence[Example], enough: Enough, first: int
) -> tuple[Chosen | None, bool]:
    """The best of some, scored on all examples; or of what it had seen when time was over, and False."""
    count = min(first, len(examples))
    others = [(method, values) for method in methods for values in list(method.combinations())[1:]]
    kept: list[_Trial] = []
    for method, values in [*((method, method.default) for method in methods), *others]:
        trial = _Trial(method, values)
        if not trial.see(examples, count, enough):
            return _best(kept, count, _n_methods(kept)), False
        kept.append(trial)
    tried = _n_methods(kept)
    while kept and count < len(examples):
        ranked = sorted(kept, key=lambda trial: -trial.best(count).score)  # of equal ones the first
        fewer = ranked[: math.ceil(len(ranked) / CUT)]
        more = min(2 * count, len(examples)) if len(fewer) > 1 else len(examples)
        if not all(trial.see(examples, more, enough) for trial in fewer):
            return _best(kept, count, tried), False
        kept, count = fewer, more
    return _best(kept, count, tried), True


def _n_methods(trials: Sequence[_Trial]) -> int:
    return len({trial.method.name for trial in trials})


def _best(trials: Sequence[_Trial], count: int, n_methods: int) -> Chosen | None:
    """The best of those that have seen the first ``count`` examples; the first of equal ones."""
    best = max((trial.best(count) for trial in trials), key=lambda one: one.score, default=None)
    return None if best is None else replace(best, n_methods=n_methods)


def dice(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], truth: LabelMap) -> float:
    """Dice of the object; NaN where it is in neither."""
    counts = ClassCounts.of(overlap_matrix(truth, mask.astype(np.uint8), 2))
    return float(counts.dice()[OBJECT])

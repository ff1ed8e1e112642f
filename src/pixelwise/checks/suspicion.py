"""Labels that a model which never saw them contradicts with confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pixelwise.types import IGNORE_INDEX, LabelMap, Probs

LEAST = 0.1
"""Excess of errors below which no label is called suspicious: people who outline the same thing differ by as much."""
DEVIATIONS = 4.0
"""How many robust standard deviations above the median of all images an excess has to be, too."""
FEWEST = 5
"""Of fewer images nobody knows what is usual."""
MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True)
class Disagreement:
    """How far a label is from what a model predicts, and from how far the model itself expected it to be.

    Attributes:
        dice: of label and prediction, all scored classes counted together, 0–1; 1 where both are empty.
        expected: what ``dice`` would be if the label erred where, and as often as, the model's own probabilities say;
            0–1.
    """

    dice: float
    expected: float

    @property
    def excess(self) -> float:
        """Dice that is lost beyond what the model expected: the higher, the more suspicious; below 0 is none."""
        return self.expected - self.dice


def disagreement(label: LabelMap, predicted: LabelMap, probs: Probs, scored: Sequence[int]) -> Disagreement:
    """How far a label is from a prediction, where something is labelled.

    With L the pixels of a class in the label, P those in the prediction and E the sum over all pixels of the model's
    own probability to be wrong about the class there, Dice is 1 − |L xor P| / (|L| + |P|), and with E in the place of
    the pixels that differ it is what the model expected. An image that the model finds hard has a large E, and is not
    blamed for it; a label is that contradicts what the model is sure of, also one with nothing in it, or with
    something where nothing is.

    Args:
        label, predicted: (H, W) class ids.
        probs: (C, H, W) by class, 0–1.
        scored: ids of the classes that count.
    """
    labelled = label != IGNORE_INDEX
    wrong = doubt = size = 0.0
    for class_id in scored:
        in_label, in_result = (label == class_id)[labelled], (predicted == class_id)[labelled]
        probability = probs[class_id][labelled]
        wrong += float(np.count_nonzero(in_label != in_result))
        doubt += float(np.where(in_result, 1 - probability, probability).sum(dtype=np.float64))
        size += float(np.count_nonzero(in_label) + np.count_nonzero(in_result))
    if not size:
        return Disagreement(1.0, 1.0)
    return Disagreement(1 - wrong / size, 1 - min(1.0, doubt / size))


def suspicious(excesses: Sequence[float]) -> list[int]:
    """The places of those that stand out, the highest first.

    An excess stands out that is at least ``LEAST``, and ``DEVIATIONS`` robust standard deviations above the median: a
    model that is sure of too much is so on all images. Of fewer than ``FEWEST`` none does.
    """
    if len(excesses) < FEWEST:
        return []
    values = np.array(excesses)
    middle = float(np.median(values))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(values - middle)))
    limit = max(LEAST, middle + DEVIATIONS * deviation)
    order = np.argsort(-values, kind="stable")
    # Where more than half are the same, nothing deviates, and the limit is that of the usual ones themselves.
    return [int(place) for place in order if values[place] >= limit and values[place] > middle]

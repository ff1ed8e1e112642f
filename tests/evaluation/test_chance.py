"""Predictions of other images score what chance gives, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.masks import blob

from pixelwise.evaluation.intervals import interval, resamples
from pixelwise.labels import Labels
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks import SemanticResult, SemanticTask
from pixelwise.tasks.semantic import SemanticRow
from pixelwise.types import CLASSES, Label, LabelMap

TASK = SemanticTask(Labels(classes=("background", "lesion")), SemanticRecipe())
COUNT, SIZE = 40, (56, 76)  # PH²'s aspect


def row(truth: LabelMap, predicted: LabelMap) -> SemanticRow:
    probs = np.stack([1 - predicted, predicted]).astype(np.float32)
    return TASK.row(SemanticResult(predicted, probs), Label({CLASSES: truth}))


@pytest.fixture(scope="module")
def masks() -> list[LabelMap]:
    draw = np.random.default_rng(0)
    return [blob(draw, SIZE).astype(np.uint8) for _ in range(COUNT)]


def test_all_other_pairings_together_score_what_the_overlap_of_random_pairs_gives(
    masks: list[LabelMap],
) -> None:
    # Every ordered pair of two images occurs in one of the turns.
    turns = [[row(masks[i], masks[(i + turn) % COUNT]) for i in range(COUNT)] for turn in range(1, COUNT)]
    pooled = TASK.summary([one for rows in turns for one in rows])["dice"]["pooled"]
    # A pixel that lies in s of n masks is shared by s·(s-1) ordered pairs.
    covered = np.sum(masks, axis=0, dtype=np.int64)
    shared = (covered * (covered - 1)).sum() / (COUNT * (COUNT - 1))
    assert pooled == pytest.approx(2 * shared / (2 * covered.sum() / COUNT))


def test_shuffled_labels_score_chance(masks: list[LabelMap]) -> None:
    others = [row(masks[i], masks[j]) for i in range(COUNT) for j in range(COUNT) if i != j]
    chance = TASK.summary(others)["dice"]["mean"]
    turn = np.random.default_rng(1).permutation(COUNT)
    order = np.roll(turn, 1)  # of turn's images each gets another one's mask
    shuffled = [row(masks[i], masks[j]) for i, j in zip(turn, order, strict=True)]
    low, high = interval(TASK.ratios(shuffled)["dice"].of_images(), resamples(COUNT))
    assert low < chance < high < 0.9
    assert TASK.summary([row(mask, mask) for mask in masks])["dice"]["mean"] == 1

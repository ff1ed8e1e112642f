"""Which weights validation chooses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from torch import nn

from pixelwise.training import Candidates
from pixelwise.types import LogRow


def candidates(*scores: Sequence[float] | None) -> Candidates:
    """Candidates whose weight at the i-th row is i, and whose final weight is that of the last row."""
    found, module = Candidates(), nn.Linear(1, 1, bias=False)
    for step, one in enumerate(scores):
        nn.init.constant_(module.weight, step)
        values = None if one is None else np.array(one)
        found.offer(
            module,
            LogRow(0, step, 0.0, 0.0, 0.0, None if values is None else float(np.nanmean(values))),
            values,
        )
    found.finish(module)
    return found


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ([[0.5, 0.5, 0.5], [0.9, 0.8, 0.9], [0.7, 0.7, 0.7]], 1),  # better on every image
        ([[0.5, 0.5, 0.5], [0.9, 0.3, 0.7], [0.6, 0.6, 0.6]], 2),  # gains 0.3, -0.3, 0.1: no more than chance
        ([[0.9, 0.9, 0.9], [0.9, 0.9, 0.9]], 1),  # a tie goes to the end
        ([None, None], 1),  # no validation
        ([[0.9], [0.5]], 1),  # one image is no evidence
        ([[np.nan, 0.9, 0.9, 0.95], [np.nan, 0.5, 0.6, 0.6]], 0),  # undefined images do not count
    ],
)
def test_choice(scores: list[list[float] | None], chosen: int) -> None:
    choice = candidates(*scores).choose()
    assert choice.weights["weight"].item() == chosen
    assert ("final" in choice.how.split(",")[0]) == (chosen == len(scores) - 1)


@pytest.mark.parametrize(
    ("scores", "validated"), [([None, None], False), ([[np.nan], [np.nan]], False), ([[np.nan, 0.5]], True)]
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")  # of the helper above
def test_a_choice_knows_whether_validation_had_a_say(
    scores: list[list[float] | None], validated: bool
) -> None:
    choice = candidates(*scores).choose()
    assert choice.validated == validated
    assert ("nothing was validated" in choice.how) == (not validated)


def test_of_equally_good_averages_the_last_is_taken_in_nine_trainings_of_ten() -> None:
    """16 looks at 20 images, each look like the one before it but for luck."""
    generator = np.random.default_rng(0)
    early = 0
    for _ in range(300):
        scores = [generator.standard_normal(20)]
        for _ in range(15):
            scores.append(0.8 * scores[-1] + 0.6 * generator.standard_normal(20))
        choice = candidates(*((0.8 + 0.05 * one).tolist() for one in scores)).choose()
        early += choice.weights["weight"].item() != 15
    assert early < 30


def test_weights_are_copies() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, 1.0)
    found = Candidates()
    found.finish(module)
    nn.init.constant_(module.weight, 2.0)
    assert found.choose().weights["weight"].item() == 1.0

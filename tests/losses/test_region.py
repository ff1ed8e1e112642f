"""Losses of regions against numbers worked out by hand and against their definitions."""

from __future__ import annotations

import itertools

import pytest
import torch
from tests.losses.examples import example, plane

from pixelwise.losses import lovasz, soft_dice, tversky


@pytest.mark.parametrize(
    ("probs", "target", "weight", "loss"),
    [
        # Overlap 1/2 + 1/4 = 3/4, sums 5/4 and 2: 1 − (3/2 + 1) / (13/4 + 1) = 1 − 10/17.
        ((0.5, 0.25, 0.5), (1, 1, 0), (1, 1, 1), 7 / 17),
        # Without the last pixel: 1 − (3/2 + 1) / (11/4 + 1) = 1 − 2/3.
        ((0.5, 0.25, 0.5), (1, 1, 0), (1, 1, 0), 1 / 3),
        # The first pixel counts twice: overlap 5/4, sums 7/4 and 3: 1 − (5/2 + 1) / (19/4 + 1) = 1 − 14/23.
        ((0.5, 0.25, 0.5), (1, 1, 0), (2, 1, 1), 9 / 23),
        ((1, 1, 0), (1, 1, 0), (1, 1, 1), 0),
        ((1, 1, 0), (1, 1, 0), (0.5, 0.5, 0.5), 0),  # a perfect prediction is perfect at any weight
        ((0, 0, 0), (0, 0, 0), (1, 1, 1), 0),  # nothing there and nothing found
        ((0, 1, 1), (0, 0, 0), (1, 1, 1), 2 / 3),  # 1 − 1 / (2 + 1)
        ((1, 1, 1), (0, 0, 0), (0, 0, 0), 0),  # nothing labelled
    ],
)
def test_soft_dice_by_hand(
    probs: tuple[float, ...], target: tuple[float, ...], weight: tuple[float, ...], loss: float
) -> None:
    assert soft_dice(plane(*probs), plane(*target), plane(*weight)).item() == pytest.approx(loss, abs=1e-12)


def test_soft_dice_is_the_mean_over_images_and_channels() -> None:
    probs, target, weight = example(soft_dice)
    each = [
        soft_dice(probs[n : n + 1, c : c + 1], target[n : n + 1, c : c + 1], weight[n : n + 1]).item()
        for n in range(2)
        for c in range(3)
    ]
    assert soft_dice(probs, target, weight).item() == pytest.approx(sum(each) / 6)


def test_tversky_by_hand() -> None:
    # Hit 3/4, false alarm 1/2, missed 5/4: 1 − (3/4 + 1/2) / (3/4 + 0.3/2 + 0.7·5/4 + 1/2).
    probs, target, weight = plane(0.5, 0.25, 0.5), plane(1, 1, 0), plane(1, 1, 1)
    assert tversky(probs, target, weight).item() == pytest.approx(1 - 1.25 / 2.275)
    assert tversky(probs, target, weight, 0.5, 0.5).item() == pytest.approx(7 / 17)


def test_tversky_makes_misses_dearer_than_false_alarms() -> None:
    target, weight = plane(1, 1, 0, 0), plane(1, 1, 1, 1)
    assert tversky(plane(1, 0, 0, 0), target, weight) > tversky(plane(1, 1, 1, 0), target, weight) + 0.1


def jaccard_lost(wrong: set[int], truth: set[int]) -> float:
    """1 − IoU of the truth and a prediction that is wrong at exactly these pixels."""
    found = truth ^ wrong
    return 1 - len(truth & found) / len(truth | found)


def lovasz_by_definition(errors: list[float], truth: set[int]) -> float:
    """Mean of the set function over the sets of pixels whose error exceeds a threshold drawn from 0–1."""
    levels = sorted({0.0, *errors, 1.0})
    return sum(
        (high - low) * jaccard_lost({i for i, error in enumerate(errors) if error > low}, truth)
        for low, high in itertools.pairwise(levels)
    )


@pytest.mark.parametrize("seed", range(4))
def test_lovasz_is_the_mean_of_jaccard_over_thresholds(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    probs = torch.rand(12, generator=draw, dtype=torch.float64)
    target = (torch.rand(12, generator=draw) < 0.4).double()
    target[0] = 1
    expected = lovasz_by_definition((probs - target).abs().tolist(), set(target.nonzero()[:, 0].tolist()))
    found = lovasz(plane(*probs.tolist()), plane(*target.tolist()), torch.ones(1, 1, 1, 12))
    assert found.item() == pytest.approx(expected)


def test_lovasz_of_a_hard_prediction_is_one_minus_iou() -> None:
    # Found 1 of 2 and one beside: 1 of 3.
    hard = lovasz(plane(1, 0, 1, 0), plane(1, 1, 0, 0), plane(1, 1, 1, 1))
    assert hard.item() == pytest.approx(2 / 3)
    # Where the second and third are not labelled, the rest is right.
    assert lovasz(plane(1, 0, 1, 0), plane(1, 1, 0, 0), plane(1, 0, 0, 1)).item() == 0


def test_lovasz_is_the_mean_over_channels_that_are_present() -> None:
    probs, target, weight = example(lovasz)
    target[0, 1], target[0, 0] = 0, 1 - target[0, 2]
    each = [
        lovasz(probs[n : n + 1, c : c + 1], target[n : n + 1, c : c + 1], weight[n : n + 1]).item()
        for n in range(2)
        for c in range(3)
        if (target[n, c] * weight[n, 0]).any()
    ]
    assert 1 < len(each) < 6
    assert lovasz(probs, target, weight).item() == pytest.approx(sum(each) / len(each))

"""Losses of single pixels against numbers worked out by hand and PyTorch's own."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from tests.losses.examples import example, plane

from pixelwise.losses import (
    binary_cross_entropy,
    binary_focal,
    cross_entropy,
    focal,
    mean_squared_error,
)


def test_binary_cross_entropy_by_hand() -> None:
    # Logits ln 3 and 0 are probabilities 3/4 and 1/2; truth 1 and 0 cost ln 4/3 and ln 2. The third is not labelled.
    logits, target, weight = plane(math.log(3), 0, 50), plane(1, 0, 0), plane(1, 1, 0)
    expected = (math.log(4 / 3) + math.log(2)) / 2
    assert binary_cross_entropy(logits, target, weight).item() == pytest.approx(expected)
    # A weight of 3 counts a pixel three times.
    weighted = (3 * math.log(4 / 3) + math.log(2)) / 4
    assert binary_cross_entropy(logits, target, plane(3, 1, 0)).item() == pytest.approx(weighted)


def test_cross_entropy_by_hand() -> None:
    # Logits ln 1, ln 2, ln 5 are probabilities 1/8, 2/8, 5/8 at both pixels; truth is class 2, then class 0.
    logits = torch.tensor([0, math.log(2), math.log(5)])[None, :, None, None].repeat(1, 1, 1, 2)
    target = torch.tensor([[0.0, 1], [0, 0], [1, 0]])[None, :, None]
    both = (math.log(8 / 5) + math.log(8)) / 2
    assert cross_entropy(logits, target, torch.ones(1, 1, 1, 2)).item() == pytest.approx(both)
    first = math.log(8 / 5)
    assert cross_entropy(logits, target, torch.tensor([1.0, 0])[None, None, None]).item() == pytest.approx(
        first
    )
    # A target that is a distribution: half class 0, half class 2.
    half = torch.tensor([0.5, 0, 0.5])[None, :, None, None].repeat(1, 1, 1, 2)
    assert cross_entropy(logits, half, torch.ones(1, 1, 1, 2)).item() == pytest.approx(both)


def test_focal_by_hand() -> None:
    # Probabilities 3/4 and 1/2 of the truth: (1/4)² ln 4/3 and (1/2)² ln 2.
    expected = (math.log(4 / 3) / 16 + math.log(2) / 4) / 2
    logits, target = plane(math.log(3), 0), plane(1, 0)
    assert binary_focal(logits, target, plane(1, 1)).item() == pytest.approx(expected)
    two = torch.cat([-logits / 2, logits / 2], dim=1)  # the same as a softmax over two
    one_hot = torch.cat([1 - target, target], dim=1)
    assert focal(two, one_hot, plane(1, 1)).item() == pytest.approx(expected)
    # γ = 1: (1/4) ln 4/3 and (1/2) ln 2.
    expected = (math.log(4 / 3) / 4 + math.log(2) / 2) / 2
    assert binary_focal(logits, target, plane(1, 1), gamma=1).item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_focal_without_focus_is_cross_entropy(seed: int) -> None:
    for one, other in ((binary_focal, binary_cross_entropy), (focal, cross_entropy)):
        torch.testing.assert_close(one(*example(one, seed), gamma=0), other(*example(other, seed)))


def test_mean_squared_error_by_hand() -> None:
    # (1/4)² + (1/4)² over two channels, and 1² + 1²: means 1/16 and 1.
    probs = torch.tensor([[0.75, 1.0], [0.25, 0.0]])[None, :, None]
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0]])[None, :, None]
    assert mean_squared_error(probs, target, torch.ones(1, 1, 1, 2)).item() == pytest.approx(17 / 32)
    assert mean_squared_error(probs, target, torch.tensor([[[[1.0, 0.0]]]])).item() == pytest.approx(1 / 16)


def test_squared_error_hardly_moves_what_is_surely_wrong() -> None:
    logits = plane(-12.0).requires_grad_()
    slopes = [
        torch.autograd.grad(loss, logits)[0].abs().item()
        for loss in (
            mean_squared_error(logits.sigmoid(), plane(1), plane(1)),
            binary_cross_entropy(logits, plane(1), plane(1)),
        )
    ]
    assert slopes[0] < 1e-4
    assert slopes[1] > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_hard_targets_equal_pytorch(seed: int) -> None:
    logits, target, weight = example(cross_entropy, seed)
    classes = target.argmax(1).masked_fill(weight[:, 0] == 0, 255)
    torch.testing.assert_close(
        cross_entropy(logits, target, weight), F.cross_entropy(logits, classes, ignore_index=255)
    )
    logits, target, weight = example(binary_cross_entropy, seed)
    labelled = weight > 0
    torch.testing.assert_close(
        binary_cross_entropy(logits, target, weight),
        F.binary_cross_entropy_with_logits(logits[labelled], target[labelled]),
    )

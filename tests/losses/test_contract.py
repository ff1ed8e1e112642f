"""What every loss promises."""

from __future__ import annotations

import math

import pytest
import torch
from tests.losses.examples import LOSSES, OF_LOGITS, Loss, example

from pixelwise.losses import boundary, lovasz

ALL = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)


@ALL
def test_pixels_that_nobody_labelled_change_nothing(loss: Loss) -> None:
    values, target, weight = example(loss)
    values.requires_grad_()
    value = loss(values, target, weight)
    (gradient,) = torch.autograd.grad(value, values)
    unlabelled = (weight == 0).expand_as(values)
    assert unlabelled.any()
    assert (gradient[unlabelled] == 0).all()
    # Lovász is flat for small errors once larger ones have lost the object; a class everywhere has no boundary.
    if loss not in {lovasz, boundary}:
        assert (gradient[~unlabelled] != 0).all()
    with torch.no_grad():
        disturbed = torch.where(unlabelled, 1 - values, values)
        turned = torch.where(unlabelled, 1 - target, target)
        assert loss(disturbed, turned, weight).item() == value.item()


@ALL
def test_nothing_labelled_costs_nothing(loss: Loss) -> None:
    values, target, weight = example(loss)
    values.requires_grad_()
    value = loss(values, target, torch.zeros_like(weight))
    (gradient,) = torch.autograd.grad(value, values)
    assert value.item() == 0
    assert (gradient == 0).all()


@ALL
def test_perfect_is_near_0_and_worse_is_more(loss: Loss) -> None:
    _, target, weight = example(loss)
    if loss not in OF_LOGITS:
        perfect, middling, wrong = target, 0.5 * target + 0.25, 1 - target
    else:
        perfect, middling, wrong = 40 * target - 20, torch.zeros_like(target), 20 - 40 * target
    costs = [loss(values, target, weight).item() for values in (perfect, middling, wrong)]
    assert 0 <= costs[0] < 1e-6
    assert costs[0] + 0.02 < costs[1] < costs[2] - 0.02


@ALL
def test_logits_beyond_any_probability_stay_finite(loss: Loss) -> None:
    values, target, weight = example(loss)
    extreme = 1e4 * values
    values = (extreme if loss in OF_LOGITS else extreme.softmax(1)).requires_grad_()
    value = loss(values, target, weight)
    (gradient,) = torch.autograd.grad(value, values)
    assert math.isfinite(value.item())
    assert gradient.isfinite().all()


@ALL
def test_gradients_equal_finite_differences(loss: Loss) -> None:
    values, target, weight = example(loss)
    weight = weight * torch.linspace(0.5, 2, 20, dtype=torch.float64).view(1, 1, 4, 5)
    values.requires_grad_()
    assert torch.autograd.gradcheck(lambda free: loss(free, target, weight), (values,))

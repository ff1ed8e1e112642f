"""Losses against numbers worked out by hand, PyTorch's own, and finite differences."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.losses import binary_cross_entropy, cross_entropy, soft_dice

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
ALL = pytest.mark.parametrize("loss", [binary_cross_entropy, cross_entropy, soft_dice])


def plane(*values: float) -> Tensor:
    """(1, 1, 1, W) float64."""
    return torch.tensor(values, dtype=torch.float64)[None, None, None]


def example(loss: Loss, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Input, hard target and 0/1 weight as ``loss`` takes them: 2 images of 4×5."""
    draw = torch.Generator().manual_seed(seed)
    channels = 1 if loss is binary_cross_entropy else 3
    values = torch.randn(2, channels, 4, 5, generator=draw, dtype=torch.float64)
    classes = torch.randint(0, max(channels, 2), (2, 4, 5), generator=draw)
    target = classes[:, None] if channels == 1 else F.one_hot(classes, channels).movedim(-1, 1)
    weight = (torch.rand(2, 1, 4, 5, generator=draw) < 0.7).double()
    return values.softmax(1) if loss is soft_dice else values, target.double(), weight


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


@ALL
def test_pixels_that_nobody_labelled_change_nothing(loss: Loss) -> None:
    values, target, weight = example(loss)
    values.requires_grad_()
    value = loss(values, target, weight)
    (gradient,) = torch.autograd.grad(value, values)
    unlabelled = (weight == 0).expand_as(values)
    assert unlabelled.any()
    assert (gradient[unlabelled] == 0).all()
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
    if loss is soft_dice:
        perfect, middling, wrong = target, 0.5 * target + 0.25, 1 - target
    else:
        perfect, middling, wrong = 40 * target - 20, torch.zeros_like(target), 20 - 40 * target
    costs = [loss(values, target, weight).item() for values in (perfect, middling, wrong)]
    assert 0 <= costs[0] < 1e-6
    assert costs[0] + 0.1 < costs[1] < costs[2] - 0.1


@ALL
def test_logits_beyond_any_probability_stay_finite(loss: Loss) -> None:
    values, target, weight = example(loss)
    extreme = 1e4 * values
    values = (extreme.softmax(1) if loss is soft_dice else extreme).requires_grad_()
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

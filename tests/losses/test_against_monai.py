"""Losses against those of MONAI, where it has the same ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from monai.losses.dice import DiceLoss
from monai.losses.focal_loss import FocalLoss
from monai.losses.tversky import TverskyLoss
from torch import Tensor

from pixelwise import losses

SEEDS = range(5)


def drawn(seed: int, channels: int) -> tuple[Tensor, Tensor]:
    """Logits (3, C, 9, 7) and a one-hot target; of one channel, foreground."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, channels, 9, 7, generator=generator, dtype=torch.float64)
    ids = torch.randint(max(2, channels), (3, 9, 7), generator=generator)
    if channels == 1:
        return logits, ids[:, None].double()
    return logits, torch.nn.functional.one_hot(ids, channels).movedim(-1, 1).double()


def everywhere(target: Tensor) -> Tensor:
    return torch.ones_like(target[:, :1])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.3, 0.7), (1.0, 0.2)])
def test_tversky(seed: int, channels: int, alpha: float, beta: float) -> None:
    logits, target = drawn(seed, channels)
    probs = logits.sigmoid() if channels == 1 else logits.softmax(dim=1)
    theirs = TverskyLoss(alpha=alpha, beta=beta, smooth_nr=0.5, smooth_dr=0.5)(probs, target)
    ours = losses.tversky(probs, target, everywhere(target), alpha, beta)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channels", [1, 4])
def test_soft_dice(seed: int, channels: int) -> None:
    logits, target = drawn(seed, channels)
    probs = logits.sigmoid() if channels == 1 else logits.softmax(dim=1)
    theirs = DiceLoss(smooth_nr=1.0, smooth_dr=1.0)(probs, target)
    torch.testing.assert_close(losses.soft_dice(probs, target, everywhere(target)), theirs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
@pytest.mark.parametrize(
    ("channels", "ours"), [(1, losses.binary_focal), (4, losses.focal)], ids=["binary", "softmax"]
)
def test_focal(seed: int, gamma: float, channels: int, ours: Callable[..., Tensor]) -> None:
    logits, target = drawn(seed, channels)
    theirs = FocalLoss(gamma=gamma, use_softmax=channels > 1, reduction="none")(logits, target)
    # A pixel's loss is the sum over its channels: with softmax only the true one is not 0.
    wanted = theirs.sum(dim=1).mean()  # in float32
    torch.testing.assert_close(ours(logits, target, everywhere(target), gamma).float(), wanted.float())

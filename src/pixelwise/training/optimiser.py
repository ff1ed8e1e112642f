"""Optimiser, learning-rate schedule and weight averaging."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pixelwise.models import Network
from pixelwise.recipe import Train

FINAL_RATE = 0.01
"""Learning rate at the end, as a share of the highest."""


def build_optimiser(network: Network, recipe: Train) -> torch.optim.AdamW:
    """AdamW (Loshchilov 2019): the encoder learns more slowly; norms and biases do not decay."""
    groups = []
    for part, share in ((network.encoder, recipe.encoder_rate), (network.decoder, 1.0), (network.heads, 1.0)):
        for decays in (True, False):
            parameters = [p for p in part.parameters() if p.requires_grad and (p.ndim > 1) == decays]
            decay = recipe.weight_decay if decays else 0.0
            groups.append({"params": parameters, "weight_decay": decay, "share": share})
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def rate_at(progress: float, warmup: float) -> float:
    """Share of the highest learning rate: linear warm-up, then half a cosine to ``FINAL_RATE`` (Loshchilov 2017)."""
    if progress < warmup:
        return max(progress / warmup, FINAL_RATE)
    along = (progress - warmup) / (1 - warmup)
    return FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * along)) / 2


def set_rate(optimiser: torch.optim.Optimizer, recipe: Train, progress: float) -> float:
    """Set every group's learning rate for ``progress``; returns the decoder's."""
    rate = recipe.learning_rate * rate_at(progress, recipe.warmup)
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]
    return rate


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An exponential moving average of weights and buffers (Polyak 1992); short at first, then of ``decay``."""

    @torch.no_grad()
    def update(
        averages: tuple[Tensor, ...] | list[Tensor],
        current: tuple[Tensor, ...] | list[Tensor],
        count: Tensor | int,
    ) -> None:
        seen = int(count)
        weight = 1 - min(decay, (1 + seen) / (10 + seen))
        for average, value in zip(averages, current, strict=True):
            if average.is_floating_point():
                average.lerp_(value, weight)
            else:
                average.copy_(value)

    return AveragedModel(network, multi_avg_fn=update, use_buffers=True)

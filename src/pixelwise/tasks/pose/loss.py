"""The losses of fields that are near 0 almost everywhere."""

from __future__ import annotations

from torch import Tensor

LEAST = 1e-3
"""Of a target's mean square: pictures without people are not weighed as if all depended on them."""
SHARP = 12.0
"""What heat is multiplied by before its softmax: e^12 is more than there are cold pixels, so the warmest have it."""
SHOWN = 0.5
"""Heat that a map must reach to count as showing a joint."""
NOWHERE = -1e4
"""In the place of heat where nobody said anything: its softmax is 0 there."""


def unexplained(values: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted squared error as a share of the target's weighted squares: 1 if all values are 0, 0 if all are right.

    Heat maps and part affinity fields hold something on a few per cent of their pixels, each its own share; so
    measured their losses are of one size, whatever the size of people.

    Args:
        values, target, weight: (N, C, H, W).
    """
    error = (weight * (values - target).square()).sum()
    held = (weight * target.square()).sum()
    return error / held.clamp(min=LEAST * float(weight.sum()) + 1e-6)


def misplaced(values: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """How far the places that are warm are from those that should be: 0 if all are right, in nats.

    The Kullback–Leibler divergence of the softmax of heat over all places from that of the true heat, both ``SHARP``:
    the mean over maps that show a joint. A squared error asks of every pixel to be right, this for a joint to be
    warmer where it is than anywhere else, and is least where the other is. Places without weight have no part in it.

    Args:
        values, target, weight: (N, C, H, W).
    """
    unsaid = weight.flatten(2) <= 0
    said, true = (
        (heat.flatten(2) * SHARP).masked_fill(unsaid, NOWHERE).log_softmax(dim=-1)
        for heat in (values, target)
    )
    shown = target.flatten(2).masked_fill(unsaid, 0).amax(dim=-1) > SHOWN
    apart = (true.exp() * (true - said)).sum(dim=-1)
    return (apart * shown).sum() / shown.sum().clamp(min=1)

"""The loss of fields that are near 0 almost everywhere."""

from __future__ import annotations

from torch import Tensor

LEAST = 1e-3
"""Of a target's mean square: pictures without people are not weighed as if all depended on them."""


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

"""What every encoder promises."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Encoder(Protocol):
    """A network that makes features at halving sizes.

    Attributes:
        channels: channels of the features at strides 2, 4, 8, … in this order.
    """

    channels: tuple[int, ...]

    def __call__(self, images: Tensor) -> list[Tensor]:
        """(N, C, H, W) to a list of (N, channels[i], H / 2^(i+1), W / 2^(i+1)); sides multiples of 2^len."""
        ...

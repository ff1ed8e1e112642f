"""What every decoder promises."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Decoder(Protocol):
    """A network that makes one dense feature map of what an encoder gives.

    Attributes:
        channels: of the result.
        stride: the image's sides over the result's.
    """

    channels: int
    stride: int

    def __call__(self, features: Any) -> Tensor:
        """What the encoder gives to (N, channels, H / stride, W / stride)."""
        ...

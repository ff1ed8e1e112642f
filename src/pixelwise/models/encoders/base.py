"""What every encoder promises."""

from __future__ import annotations

from typing import Any, Protocol


class Encoder(Protocol):
    """A network that makes features of falling size.

    Attributes:
        channels: channels of the features, finest first.
        strides: of the same; each is the one before or twice that. Sides of images are multiples of the last.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]

    def __call__(self, images: Any) -> Any:
        """(N, C, H, W) to what decoders take: as a rule a list of (N, channels[i], H / strides[i], W / strides[i])."""
        ...

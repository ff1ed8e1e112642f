"""The order in which training sees its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.types import Json


class BatchOrder:
    """Indices of batches without end: every image once per pass, in an order drawn anew for each pass.

    Args:
        count: number of images.
        size: of a batch; one that ends a pass begins the next.
        wanted: groups of images of which more are shown, such as those of a rare class.
        share: of all images, that are drawn from ``wanted``, each group alike; they are then no part of the pass.
    """

    def __init__(
        self, count: int, size: int, seed: int, wanted: Sequence[NDArray[np.int64]] = (), share: float = 0.0
    ) -> None:
        self.count, self.size = count, size
        self.wanted = [group for group in wanted if len(group)]
        self.share = share if self.wanted else 0.0
        self._generator = np.random.default_rng(seed)
        self._waiting = np.empty(0, np.int64)

    def __next__(self) -> Tensor:
        """(size,) int64."""
        drawn = self._drawn()
        rest = self.size - len(drawn)
        while len(self._waiting) < rest:
            self._waiting = np.concatenate([self._waiting, self._generator.permutation(self.count)])
        batch, self._waiting = self._waiting[:rest], self._waiting[rest:]
        return torch.from_numpy(np.concatenate([batch, drawn]))

    def _drawn(self) -> NDArray[np.int64]:
        """Images of the wanted groups, as many as their share of a batch, on average."""
        if not self.share:
            return np.empty(0, np.int64)
        number = self._generator.binomial(self.size, self.share)
        groups = self._generator.integers(len(self.wanted), size=number)
        return np.array([self._generator.choice(self.wanted[group]) for group in groups], np.int64)

    def state(self) -> Json:
        """Where the order is, as plain JSON values."""
        return {"generator": self._generator.bit_generator.state, "waiting": self._waiting.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a :meth:`state`."""
        self._generator.bit_generator.state = state["generator"]
        self._waiting = np.array(state["waiting"], np.int64)

"""The order in which training sees its images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from pixelwise.types import Json


class BatchOrder:
    """Indices of batches without end: every image once per pass, in an order drawn anew for each pass.

    Args:
        count: number of images.
        size: of a batch; one that ends a pass begins the next.
    """

    def __init__(self, count: int, size: int, seed: int) -> None:
        self.count, self.size = count, size
        self._generator = np.random.default_rng(seed)
        self._waiting = np.empty(0, np.int64)

    def __next__(self) -> Tensor:
        """(size,) int64."""
        while len(self._waiting) < self.size:
            self._waiting = np.concatenate([self._waiting, self._generator.permutation(self.count)])
        batch, self._waiting = self._waiting[: self.size], self._waiting[self.size :]
        return torch.from_numpy(batch)

    def state(self) -> Json:
        """Where the order is, as plain JSON values."""
        return {"generator": self._generator.bit_generator.state, "waiting": self._waiting.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a :meth:`state`."""
        self._generator.bit_generator.state = state["generator"]
        self._waiting = np.array(state["waiting"], np.int64)

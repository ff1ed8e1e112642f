"""The weights that training offers, among which validation chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelwise.types import Json, LogRow

Weights = dict[str, Tensor]
ImageScores = NDArray[np.float64]
"""(N,) headline scores of the validation images, 0–1; NaN where undefined."""
LUCK = 2.5
"""Standard errors by which the best of many looks must beat the last: of 16 equally good ones the best does so in about
one training of twenty, and by one standard error in every second."""


@dataclass(frozen=True)
class Choice:
    """Weights that validation chose, and how, in words.

    Attributes:
        validated: whether validation had a say; it has none without images that have a score.
    """

    weights: Weights
    how: str
    validated: bool = True


@dataclass(frozen=True)
class Validated:
    """Averaged weights at a log row, with their scores image by image."""

    row: LogRow
    scores: ImageScores
    weights: Weights


@dataclass
class Candidates:
    """The final averaged weights and the best validated ones before them.

    Attributes:
        rows: all log rows, in order.
        final: averaged weights at the end of training.
    """

    rows: list[LogRow] = field(default_factory=list)
    final: Weights = field(default_factory=dict)
    _best: Validated | None = None
    _last: ImageScores | None = None

    def offer(self, network: nn.Module, row: LogRow, scores: ImageScores | None) -> None:
        """Take note of the averaged network at a log row; ``scores`` are None without validation."""
        self.rows.append(row)
        self._last = scores
        if scores is None or row.val_score is None or np.isnan(row.val_score):
            return
        if self._best is None or row.val_score >= (self._best.row.val_score or 0.0):
            self._best = Validated(row, scores, copied(network))

    def finish(self, network: nn.Module) -> None:
        """Take note of the averaged network at the end."""
        self.final = copied(network)

    def state(self) -> tuple[dict[str, Tensor], Json]:
        """All but the final weights: tensors, and the rest as plain JSON values."""
        tensors = {} if self._last is None else {"last": torch.tensor(self._last)}
        if self._best is not None:
            tensors["best"] = torch.tensor(self._best.scores)
            tensors |= {f"weights.{name}": tensor for name, tensor in self._best.weights.items()}
        best = None if self._best is None else self.rows.index(self._best.row)
        return tensors, {"rows": [asdict(row) for row in self.rows], "best": best}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Go on from a :meth:`state`."""
        self.rows = [LogRow(**row) for row in numbers["rows"]]
        self._last = tensors["last"].numpy() if "last" in tensors else None
        if numbers["best"] is not None:
            prefix = "weights."
            weights = {n.removeprefix(prefix): one for n, one in tensors.items() if n.startswith(prefix)}
            self._best = Validated(self.rows[numbers["best"]], tensors["best"].numpy(), weights)

    def choose(self) -> Choice:
        """The best average on validation if it beats the final one by more than chance, else the final one.

        By more than chance: the mean gain over images exceeds ``LUCK`` standard errors. A maximum over many looks at
        few images is lucky as a rule, so without that margin the full schedule's end is the better bet.
        """
        if self._best is None or self._last is None:
            return Choice(self.final, "the final average (nothing was validated)", validated=False)
        if not _beats(self._best.scores, self._last):
            return Choice(self.final, "the final average; none was better on validation by more than chance")
        of = f"step {self._best.row.step} of {self.rows[-1].step}"
        return Choice(self._best.weights, f"the average at {of}, better on validation than the final one")


def copied(network: nn.Module) -> Weights:
    """Weights and buffers of a network, on the CPU, independent of it."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def _beats(one: ImageScores, other: ImageScores) -> bool:
    gain = (one - other)[~np.isnan(one - other)]
    if len(gain) < 2:
        return False
    return bool(gain.mean() > LUCK * gain.std(ddof=1) / np.sqrt(len(gain)))

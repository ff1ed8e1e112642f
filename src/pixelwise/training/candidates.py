"""The weights that training offers, among which validation chooses."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from pixelwise.types import LogRow

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Choice:
    """Weights that validation chose, and how, in words."""

    weights: Weights
    how: str


@dataclass
class Candidates:
    """The final averaged weights and the best validated ones before them.

    Attributes:
        rows: all log rows, in order.
        final: averaged weights at the end of training.
        best: averaged weights of the row with the highest validation score; None without validation.
        best_row: that row.
    """

    rows: list[LogRow] = field(default_factory=list)
    final: Weights = field(default_factory=dict)
    best: Weights | None = None
    best_row: LogRow | None = None

    def offer(self, network: nn.Module, row: LogRow) -> None:
        """Take note of the averaged network at a log row."""
        self.rows.append(row)
        best_score = self.best_row.val_score if self.best_row else None
        if row.val_score is not None and (best_score is None or row.val_score >= best_score):
            self.best, self.best_row = copied(network), row

    def finish(self, network: nn.Module) -> None:
        """Take note of the averaged network at the end."""
        self.final = copied(network)

    def choose(self) -> Choice:
        """The best on validation; the final average where it ties or nothing was validated."""
        if self.best is None or self.best_row is None:
            return Choice(self.final, "the final average (there are no validation images to choose by)")
        if self.best_row is self.rows[-1]:
            return Choice(self.final, "the final average, the best on validation")
        of = f"step {self.best_row.step} of {self.rows[-1].step}"
        return Choice(self.best, f"the average at {of}, the best on validation")


def copied(network: nn.Module) -> Weights:
    """Weights and buffers of a network, on the CPU, independent of it."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}

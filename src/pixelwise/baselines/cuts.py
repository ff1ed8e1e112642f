"""The cheapest cut through a grid of pixels (Boykov and Jolly 2001), by maximum flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelwise.baselines.picture import Lab, Mask

Costs = NDArray[np.float64]

_STEPS = 1000
"""Flow is counted in whole numbers: one unit of cost is so many."""
_MOST = 1_000_000
"""Cost, in those numbers, of what must not be."""


def minimum_cut(object_cost: Costs, background_cost: Costs, across: Costs, down: Costs) -> Mask:
    """The labelling whose costs are least.

    Args:
        object_cost, background_cost: (h, w), of calling a pixel so; inf where it must not be called so.
        across: (h, w - 1), of parting horizontal neighbours.
        down: (h - 1, w), of parting vertical neighbours.

    Returns:
        (h, w) bool: called object.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    count = object_cost.size
    numbers = np.arange(count).reshape(object_cost.shape)
    source, sink = count, count + 1
    shared = np.minimum(object_cost, background_cost)  # both ways cost that much: it decides nothing
    edges = [
        (np.full(count, source), numbers.ravel(), (background_cost - shared).ravel()),
        (numbers.ravel(), np.full(count, sink), (object_cost - shared).ravel()),
    ]
    for one, other, cost in (
        (numbers[:, :-1], numbers[:, 1:], across),
        (numbers[:-1], numbers[1:], down),
    ):
        edges += [(one.ravel(), other.ravel(), cost.ravel()), (other.ravel(), one.ravel(), cost.ravel())]
    start, end, cost = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    capacity = np.minimum(np.rint(cost * _STEPS), _MOST).astype(np.int32)
    graph = coo_array((capacity, (start, end)), shape=(count + 2, count + 2)).tocsr()
    left = graph - maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(count + 2, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    side: Mask = reached[:count].reshape(object_cost.shape)
    return side


def contrast_costs(lab: Lab, weight: float) -> tuple[Costs, Costs]:
    """Costs of parting neighbours, across and down: ``weight`` where they are alike, little where they differ.

    weight · exp(-d² / (2 · mean d²)), d being the distance of their colours (Rother et al. 2004, equation 11).
    """
    across, down = ((np.diff(lab, axis=axis).astype(np.float64) ** 2).sum(axis=2) for axis in (1, 0))
    usual = max(float(np.concatenate([across.ravel(), down.ravel()]).mean()), 1e-9)
    return weight * np.exp(-across / (2 * usual)), weight * np.exp(-down / (2 * usual))

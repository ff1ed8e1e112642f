"""The order of images, and those that are shown more often."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from pixelwise.training.order import BatchOrder

RARE, COMMON = np.array([3]), np.array([0, 1, 2, 5])


def drawn(order: BatchOrder, batches: int) -> list[int]:
    return [index for _ in range(batches) for index in next(order).tolist()]


def test_a_pass_shows_every_image_once() -> None:
    found = drawn(BatchOrder(10, 4, seed=0), 5)
    assert sorted(found[:10]) == sorted(found[10:]) == list(range(10))


def test_wanted_groups_get_their_share_each_alike() -> None:
    order = BatchOrder(100, 8, 0, (RARE, COMMON, np.empty(0, np.int64)), share=0.5)
    counts = Counter(drawn(order, 1000))
    # Half of 8000 by groups, 2000 each; the rest is spread over all 100.
    assert abs(counts[3] - 2040) < 120
    assert all(abs(counts[index] - 540) < 80 for index in (0, 1, 2, 5))
    assert all(abs(counts[index] - 40) < 3 for index in range(6, 100))


def test_without_any_wanted_image_it_is_a_plain_pass() -> None:
    order = BatchOrder(6, 3, 0, (np.empty(0, np.int64),), share=0.5)
    assert sorted(drawn(order, 2)) == list(range(6))


def test_it_goes_on_where_it_was() -> None:
    one, other = (BatchOrder(50, 8, 1, (RARE, COMMON), share=0.3) for _ in range(2))
    drawn(one, 7)
    other.restore(json.loads(json.dumps(one.state())))
    assert drawn(one, 20) == drawn(other, 20)

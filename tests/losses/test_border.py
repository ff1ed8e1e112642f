"""Weights near contours, by hand, against SciPy's distances and under mirrors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from pixelwise.losses import border_weights
from pixelwise.losses.distance import distance_to, distance_within


def row(*ids: int) -> Tensor:
    """(1, 1, W) uint8."""
    return torch.tensor(ids, dtype=torch.uint8)[None, None]


def weights(ids: Tensor, border: float, width: float, *others: Tensor) -> Tensor:
    """(N, H, W) weights of maps in which 255 is not labelled."""
    return border_weights([ids, *others], ids != 255, border, width)[:, 0]


def blobs(seed: int, size: tuple[int, int] = (40, 56)) -> Tensor:
    """(2, H, W) uint8: a few regions of three classes, some of it not labelled."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.randn(2, 3, 5, 7, generator=draw)
    ids = torch.nn.functional.interpolate(coarse, size=size, mode="bicubic").argmax(dim=1).to(torch.uint8)
    ids[:, 10:20, 12:40] = 255
    return ids


def test_by_hand() -> None:
    # The two pixels at the contour have the distance 0, those behind them 1 and 2.
    near, far = 1 + 2 * math.exp(-1 / 2), 1 + 2 * math.exp(-4 / 2)
    found = weights(row(0, 0, 0, 4, 4, 4), border=2, width=1)
    assert found[0, 0].tolist() == pytest.approx([far, near, 3, 3, near, far])
    # Of twice the width a pixel twice as far has the same.
    found = weights(row(0, 0, 0, 4, 4, 4), border=2, width=2)
    assert found[0, 0].tolist() == pytest.approx(
        [near, 1 + 2 * math.exp(-1 / 8), 3, 3, 1 + 2 * math.exp(-1 / 8), near]
    )


def test_what_is_not_labelled_counts_nothing_and_has_no_contour() -> None:
    assert weights(row(0, 0, 255, 1, 1), border=2, width=1).tolist() == [[[1, 1, 0, 1, 1]]]
    assert weights(row(0, 1, 255, 1, 1), border=2, width=9)[0, 0, :2].tolist() == [3, 3]


def test_without_a_contour_or_a_border_all_count_alike() -> None:
    assert weights(torch.full((2, 5, 6), 3), border=7, width=2).eq(1).all()
    ids = blobs(0)
    assert torch.equal(weights(ids, border=0, width=5), (ids != 255).float())


def test_objects_of_one_class_are_parted_where_they_are_told_apart() -> None:
    classes, objects = row(1, 1, 1, 1, 0), torch.tensor([[[1, 1, 70_000, 70_000, 0]]], dtype=torch.int32)
    assert weights(classes, 2, 0.1).tolist() == [[[1, 1, 1, 3, 3]]]
    assert weights(classes, 2, 0.1, objects).tolist() == [[[1, 3, 3, 3, 3]]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [0.4, 2.0, 5.0, 40.0])
def test_distances_equal_scipys(seed: int, width: float) -> None:
    ids = blobs(seed)
    found = weights(ids, border=4, width=width).numpy()
    for each, weight in zip(ids.numpy(), found, strict=True):
        height, breadth = each.shape
        at = np.zeros(each.shape, bool)
        for y in range(height):
            for x in range(breadth):
                around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                beside = {int(each[v, u]) for v, u in around if 0 <= v < height and 0 <= u < breadth}
                at[y, x] = each[y, x] != 255 and bool(beside - {int(each[y, x]), 255})
        assert 20 < at.sum() < at.size / 2
        distance = distance_transform_edt(~at)
        expected = np.where(distance <= 3 * width, 1 + 4 * np.exp(-(distance**2) / (2 * width**2)), 1)
        np.testing.assert_allclose(weight, np.where(each == 255, 0, expected), rtol=1e-5)


@pytest.mark.parametrize(
    "turned", [lambda t: t.flip(-1), lambda t: t.flip(-2), lambda t: t.transpose(-1, -2)]
)
def test_a_mirrored_label_has_mirrored_weights(turned: Callable[[Tensor], Tensor]) -> None:
    ids = blobs(3)
    assert torch.equal(weights(turned(ids), 3, 2.5), turned(weights(ids, 3, 2.5)))


@pytest.mark.parametrize("reach", [0.0, 1.0, 3.7, 12.0, 500.0])
def test_near_distances_are_those_of_all(reach: float) -> None:
    mask = torch.rand(3, 17, 23, generator=torch.Generator().manual_seed(0)) < 0.02
    mask[2] = False
    whole = distance_to(mask[:, None])[:, 0]
    assert torch.equal(distance_within(mask, reach), whole.where(whole <= reach, torch.inf))

"""The boundary loss, by hand and by comparing every pixel with every other."""

from __future__ import annotations

import math

import pytest
import torch
from tests.losses.examples import plane

from pixelwise.losses import boundary
from pixelwise.losses.distance import distance_to


@pytest.mark.parametrize("seed", range(3))
def test_distances_equal_comparing_all_pixels(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    mask = torch.rand(2, 2, 9, 13, generator=draw) < 0.04
    found = distance_to(mask)
    for n in range(2):
        for c in range(2):
            places = mask[n, c].nonzero().tolist()
            for y in range(9):
                for x in range(13):
                    expected = min((math.dist((y, x), place) for place in places), default=math.inf)
                    assert found[n, c, y, x].item() == pytest.approx(expected)


def test_boundary_by_hand() -> None:
    # Of 4 pixels the first two are the object: their distances to the outline are 3/2, 1/2, 1/2, 3/2 pixels of 4.
    # Wrong by 1/2, 0, 1 and 1: (3/4 + 1/2 + 3/2) / 4 of the width, over 4 pixels.
    probs, target = plane(0.5, 1, 1, 1), plane(1, 1, 0, 0)
    assert boundary(probs, target, plane(1, 1, 1, 1)).item() == pytest.approx(2.75 / 16)
    # Without the last, the others' distances stay what they were.
    assert boundary(probs, target, plane(1, 1, 1, 0)).item() == pytest.approx(1.25 / 12)
    # Without the third, the first is 5/2 from the outline and the last 3/2: (1/2 · 5/2 + 3/2) / 4, over 3 pixels.
    assert boundary(probs, target, plane(1, 1, 0, 1)).item() == pytest.approx(2.75 / 12)


def test_what_has_no_outline_costs_nothing() -> None:
    for everywhere in (0.0, 1.0):
        target = plane(*[everywhere] * 3)
        assert boundary(1 - target, target, plane(1, 1, 1)).item() == 0


def test_the_gradient_is_that_of_the_paper() -> None:
    # Kervadec's loss is the mean of probs × signed distance, negative inside.
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 2:5, 3:7] = 1
    probs = torch.rand_like(target).requires_grad_()
    [found] = torch.autograd.grad(boundary(probs, target, torch.ones_like(target)), probs)
    inside = target > 0
    signed = torch.where(inside, -(distance_to(~inside) - 0.5), distance_to(inside) - 0.5)
    torch.testing.assert_close(found, (signed / 8 / 64).double())

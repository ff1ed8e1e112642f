"""Masks of other images, and two that were exchanged."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from pixelwise.checks import strangers
from pixelwise.checks.strangers import Strangers, find_strangers
from pixelwise.data.synthetic import draw_lesion

Plane = NDArray[np.uint8]
NUMBER = 14


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Plane, Plane]]:
    """Brightness and mask of drawings of two sizes."""
    drawings = [draw_lesion(seed, (96, 128) if seed % 3 else (120, 100)) for seed in range(NUMBER)]
    return [(one.image[..., 1].copy(), one.mask.astype(np.uint8)) for one in drawings]


def with_masks(pairs: list[tuple[Plane, Plane]], moved: dict[int, int]) -> list[tuple[Plane, Plane]]:
    """Images get the masks of others, scaled to fit."""
    found = list(pairs)
    for place, source in moved.items():
        grey = pairs[place][0]
        mask = PIL.Image.fromarray(pairs[source][1])
        size = (grey.shape[1], grey.shape[0])
        found[place] = (grey, np.asarray(mask.resize(size, PIL.Image.Resampling.NEAREST)))
    return found


def test_nobody_is_strange_where_all_is_in_order(pairs: list[tuple[Plane, Plane]]) -> None:
    assert find_strangers(pairs, [0.0] * NUMBER) == Strangers([], [])


def test_two_exchanges_at_once_are_told_apart(pairs: list[tuple[Plane, Plane]]) -> None:
    found = find_strangers(with_masks(pairs, {1: 7, 7: 1, 2: 10, 10: 2}), [0.0] * NUMBER)
    assert {frozenset(swap) for swap in found.exchanged} == {frozenset({1, 7}), frozenset({2, 10})}
    assert found.alone == []


def test_a_mask_whose_image_is_not_there_is_alone(pairs: list[tuple[Plane, Plane]]) -> None:
    planted = with_masks(pairs, {4: NUMBER - 1})[:-1]
    assert find_strangers(planted, [0.0] * (NUMBER - 1)) == Strangers([], [4])


def test_exchanged_masks_do_not_hide_a_stranger(pairs: list[tuple[Plane, Plane]]) -> None:
    planted = with_masks(pairs, {1: 7, 7: 1, 4: NUMBER - 1})[:-1]
    found = find_strangers(planted, [0.0] * (NUMBER - 1))
    assert [set(swap) for swap in found.exchanged] == [{1, 7}]
    assert found.alone == [4]


def test_all_may_be_exchanged(pairs: list[tuple[Plane, Plane]]) -> None:
    swaps = {0: 7, 1: 6, 2: 5, 3: 4}
    planted = with_masks(pairs, {**swaps, **{other: one for one, other in swaps.items()}})[:8]
    found = find_strangers(planted, [0.0] * 8)
    assert {frozenset(swap) for swap in found.exchanged} == {frozenset(swap) for swap in swaps.items()}


def test_of_many_pairs_those_that_fit_least_are_compared(
    pairs: list[tuple[Plane, Plane]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST", 12)
    planted = with_masks(pairs, {5: 8, 8: 5})
    assert find_strangers(planted, [float(place in {5, 8}) for place in range(NUMBER)]).exchanged == []
    swaps = find_strangers(planted, [float(place not in {5, 8}) for place in range(NUMBER)]).exchanged
    assert [set(swap) for swap in swaps] == [{5, 8}]


def test_too_few_to_know_how_strangers_fit(pairs: list[tuple[Plane, Plane]]) -> None:
    assert find_strangers(with_masks(pairs, {0: 1, 1: 0})[:7], [0.0] * 7) == Strangers([], [])

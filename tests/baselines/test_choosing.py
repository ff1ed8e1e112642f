"""Choosing: on the examples alone, and never beyond the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.baselines.drawn import coloured, disc, mole

from pixelwise.baselines import METHODS, Example, choose, choose_best
from pixelwise.baselines.base import Method
from pixelwise.baselines.choosing import dice
from pixelwise.baselines.picture import Mask, Picture


def examples(inside: tuple[int, int, int], outside: tuple[int, int, int]) -> list[Example]:
    found = []
    for seed in range(3):
        mask = disc((60, 80), 12 + seed, (4 * seed, -5))
        found.append(Example.of(coloured(mask, inside, outside, seed), mask.astype(np.uint8)))
    return found


@pytest.mark.parametrize("bright", [False, True])
def test_the_side_is_learned(bright: bool) -> None:
    light, dark = (230, 220, 210), (40, 50, 60)
    chosen = choose(METHODS["otsu"], examples(*((light, dark) if bright else (dark, light))))
    assert chosen.score > 0.97


def test_an_object_on_the_border_is_told_by_brightness() -> None:
    mask = np.ones((60, 80), bool)
    mask[20:40, 30:50] = False  # what is inside is background here
    image = coloured(mask, (40, 40, 40), (220, 220, 220))
    chosen = choose(METHODS["k-means"], [Example.of(image, mask.astype(np.uint8))])
    assert chosen.choice.rule.side == "dark"
    assert chosen.score > 0.99


def test_a_parameter_is_learned() -> None:
    """Grey is the same inside and outside; only another plane tells them apart."""
    mask = disc((60, 80), 15)
    image = coloured(mask, (152, 110, 90), (118, 118, 118))
    lightness = np.abs(
        np.diff([np.array([image[mask], image[~mask]], dtype=object)[k].mean() for k in (0, 1)])
    )
    assert lightness[0] < 3
    chosen = choose(METHODS["otsu"], [Example.of(image, mask.astype(np.uint8))])
    assert chosen.choice.values["plane"] in {"blue", "saturation", "main"}
    assert chosen.score > 0.9


def test_unlabelled_pixels_do_not_count() -> None:
    mask = disc((60, 80), 15)
    truth = mask.astype(np.uint8)
    truth[:, 60:] = 255
    image = coloured(mask, (40, 40, 40), (220, 220, 220))
    image[:, 62:] = 40  # as dark as the object, but nobody said what it is
    chosen = choose(METHODS["otsu"], [Example.of(image, truth)])
    assert chosen.score > 0.97


def test_dice_by_hand() -> None:
    truth = np.array([[1, 1, 0, 0]], np.uint8)
    assert dice(np.array([[True, False, True, False]]), truth) == 0.5
    assert np.isnan(dice(np.zeros((1, 4), bool), np.zeros((1, 4), np.uint8)))


def test_no_time_is_no_method() -> None:
    assert choose_best(METHODS.values(), examples((0, 0, 0), (255, 255, 255)), lambda seconds: True) is None


@pytest.mark.parametrize("calls", [2, 3, 5, 40])
def test_what_has_not_seen_all_examples_of_a_round_does_not_count(calls: int) -> None:
    """Otsu is the first; after two pictures it has seen those of the first round, and the next one begins."""
    asked = 0

    def enough(seconds: float) -> bool:
        nonlocal asked
        asked += 1
        return asked > calls

    some = examples((40, 40, 40), (220, 220, 220))
    best = choose_best(METHODS.values(), some, enough)
    assert best is not None
    assert asked == calls + 1  # nothing is begun after the first no
    if calls < 4:
        assert best.method.name == "otsu"
    # Two pictures each, and every quick method by its first values before any by others.
    assert best.n_methods == min(calls // 2, sum(not one.slow for one in METHODS.values()))


def test_few_see_many_and_many_see_few() -> None:
    """What is poor on the first pictures is not tried on others; the best is scored on all of them."""
    seen: dict[str, int] = {}

    def always(name: str, grey: int) -> Method:
        def part(picture: Picture) -> Mask:
            seen[name] = seen.get(name, 0) + 1
            return picture.rgb[..., 0] < grey

        return Method(name, name, "", "", {}, part)

    some = examples((40, 40, 40), (220, 220, 220)) * 4
    methods = [always(f"{grey}", grey) for grey in (45, 90, 150, 230, 250)]
    best = choose_best(methods, some)
    assert best is not None
    assert best.method.name in {"90", "150"}
    assert sorted(seen.values()) == [2, 2, 2, 4, 12]  # 5 on 2, the best 2 on 4, the best on all
    assert best.n_methods == 5
    both = choose_best([*methods[1:], replace(methods[0], slow=True)], some)
    assert both is not None
    assert both.n_methods == 5  # four, and the slow one after them
    assert best.score == pytest.approx(choose(METHODS["otsu"], some).score, abs=0.03)


def test_the_best_of_all_beats_its_own_default() -> None:
    some = [Example.of(image, mask.astype(np.uint8)) for image, mask in [mole(0, (60, 80))]]
    quick = [METHODS[name] for name in ("otsu", "adaptive", "graph-cut")]
    best = choose_best(quick, some)
    assert best is not None
    assert best.score >= max(choose_best([one], some).score for one in quick)  # type: ignore[union-attr]

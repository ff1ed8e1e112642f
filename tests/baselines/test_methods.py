"""What every method promises: it finds what is plain to see, and no picture makes it fail."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from tests.baselines.drawn import coloured, disc, mole

from pixelwise.baselines import METHODS, WORKING_SIDE, Choice, Example, Method, ObjectRule, choose, segment
from pixelwise.baselines.choosing import dice
from pixelwise.types import Image

EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))


def odd_pictures() -> Iterator[tuple[str, Image]]:
    """Pictures that nobody meant to segment."""
    generator = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 40), (40, 1), (7, 30), (8, 8), (9, 700), (3, 2000)):
        yield f"{width}x{height} noise", generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    for name, value in (("black", 0), ("grey", 128), ("white", 255)):
        yield name, np.full((40, 50, 3), value, np.uint8)
    speck = np.full((40, 50, 3), 255, np.uint8)
    speck[20, 25] = 0
    yield "speck", speck
    corner = np.zeros((40, 50, 3), np.uint8)
    corner[0, 0] = (0, 0, 1)
    yield "nearly black", corner
    halves = np.zeros((40, 50, 3), np.uint8)
    halves[:, 25:] = 255
    yield "halves", halves
    board = (np.indices((40, 50)).sum(axis=0) % 2 * 255).astype(np.uint8)
    yield "board", np.repeat(board[..., None], 3, axis=2)
    yield "ramp", np.repeat(np.tile(np.arange(50, dtype=np.uint8), (40, 1))[..., None], 3, axis=2)


@pytest.mark.slow
@EVERY
def test_it_finds_a_mole_after_choosing_on_others(method: Method) -> None:
    examples = [Example.of(image, mask.astype(np.uint8)) for image, mask in map(mole, range(3))]
    choice = choose(method, examples).choice
    image, truth = mole(9)
    assert dice(segment(method, choice, image), truth.astype(np.uint8)) > 0.85


@EVERY
def test_no_picture_makes_it_fail(method: Method) -> None:
    for name, image in odd_pictures():
        kept = image.copy()
        for values in method.combinations():
            mask = segment(method, Choice(values, ObjectRule("dark", "largest")), image)
            assert mask.shape == image.shape[:2], name
            assert mask.dtype == bool, name
        np.testing.assert_array_equal(image, kept, err_msg=name)  # a pure function


@EVERY
def test_a_picture_of_one_colour_has_no_object(method: Method) -> None:
    blank = np.full((50, 60, 3), 90, np.uint8)
    assert not segment(method, Choice(method.default), blank).any()


@EVERY
def test_the_same_seed_gives_the_same_mask(method: Method) -> None:
    image, _ = mole(1)
    one, other = (segment(method, Choice(method.default), image, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@EVERY
def test_a_large_image_gets_a_mask_of_its_own_size(method: Method) -> None:
    mask = disc((700, 501), 160)
    image = coloured(mask, (40, 40, 60), (220, 200, 190))
    assert max(image.shape) > WORKING_SIDE
    found = segment(method, Choice(method.default, ObjectRule("inside", "central")), image)
    assert found.shape == (700, 501)


def test_what_is_said_of_methods() -> None:
    for name, method in METHODS.items():
        assert method.name == name
        assert re.fullmatch(r"[a-z-]+", name)
        assert re.fullmatch(r"[A-Z][^.]+\.", method.how), f"{name}: not one sentence"
        assert len(method.how) <= 130
        assert re.search(r"\b(19|20)\d\d\.$", method.source), f"{name}: its source has no year"
        assert method.default == next(method.combinations())
    assert len({method.title for method in METHODS.values()}) == len(METHODS)

"""The parts that methods are made of, against numbers worked out by hand and other ways to the same result."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.baselines.drawn import coloured, disc

from pixelwise.baselines.cuts import minimum_cut
from pixelwise.baselines.kmeans import cluster
from pixelwise.baselines.meanshift import part as mean_shift
from pixelwise.baselines.normalisedcut import part as normalised_cut
from pixelwise.baselines.objectrule import ObjectRule
from pixelwise.baselines.picture import Picture, full_size, small_copy
from pixelwise.baselines.randomwalker import LEAST, first_inside
from pixelwise.baselines.regions import brighter_regions, otsu_side
from pixelwise.baselines.seeds import Seeds, find_seeds, inner_side, margin, middle
from pixelwise.baselines.slic import merged
from pixelwise.types import Image


def flat(colours: list[list[tuple[int, int, int]]], block: int = 10) -> Image:
    """Blocks of one colour each."""
    return np.array(colours, np.uint8).repeat(block, axis=0).repeat(block, axis=1)


@pytest.mark.parametrize("seed", range(20))
def test_the_cut_is_the_cheapest_of_all_labellings(seed: int) -> None:
    generator = np.random.default_rng(seed)
    inside, outside = generator.integers(0, 20, (2, 3, 3)).astype(float)
    across, down = (
        generator.integers(0, 8, (3, 2)).astype(float),
        generator.integers(0, 8, (2, 3)).astype(float),
    )
    inside[0, 0] = np.inf  # must be background

    def cost(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> float:
        labels = np.where(mask, inside, outside).sum()
        links = across[mask[:, 1:] != mask[:, :-1]].sum() + down[mask[1:] != mask[:-1]].sum()
        return float(labels + links)

    every = (np.array(bits).reshape(3, 3) for bits in itertools.product((False, True), repeat=9))
    found = minimum_cut(inside, outside, across, down)
    assert cost(found) == min(map(cost, every))


def test_otsu_splits_where_the_variance_between_the_groups_is_largest() -> None:
    generator = np.random.default_rng(1)
    drawn = np.concatenate([generator.normal(0.3, 0.05, 300), generator.normal(0.7, 0.05, 100)])
    plane = drawn.reshape(20, 20).astype(np.float32)
    values = plane.ravel()

    def between(cut: float) -> float:
        low, high = values[values <= cut], values[values > cut]
        return float(len(low) * len(high) * (high.mean() - low.mean()) ** 2)

    best = max(between(cut) for cut in np.sort(values)[:-1])
    found = otsu_side(plane)
    chosen = between(float(plane[~found].max()))
    assert chosen > 0.99 * best  # brightness is counted in 256 steps


def test_a_walker_on_a_line_is_the_gamblers_ruin() -> None:
    plane = np.full((1, 6), 0.5, np.float32)
    ends = np.zeros((2, 1, 6), bool)
    ends[0, 0, 5] = ends[1, 0, 0] = True
    found = first_inside(plane, Seeds(ends[0], ends[1]), caution=100.0)
    np.testing.assert_allclose(found[0], np.arange(6) / 5, atol=1e-12)


def test_a_walker_seldom_crosses_an_edge() -> None:
    plane = np.array([[0, 0, 1, 1]], np.float32)
    seeds = Seeds(np.array([[True, False, False, False]]), np.array([[False, False, False, True]]))
    across = np.exp(-5.0) + LEAST
    # Resistances in a row: 1/(1 + LEAST) on both sides of 1/across; the chance falls in proportion.
    steps = np.array([1 / (1 + LEAST), 1 / across, 1 / (1 + LEAST)])
    expected = 1 - np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    np.testing.assert_allclose(first_inside(plane, seeds, caution=5.0)[0], expected, atol=1e-12)


def test_k_means_finds_groups_that_lie_apart() -> None:
    generator = np.random.default_rng(0)
    centres = np.array([[0.0, 0, 0], [50, 0, 0], [0, 80, 0]])
    truth = generator.integers(3, size=600)
    numbers = cluster(centres[truth] + generator.normal(0, 3, (600, 3)), 3, seed=5)
    assert len(set(zip(truth.tolist(), numbers.tolist(), strict=True))) == 3  # one number for each group


def test_k_means_of_fewer_colours_than_groups() -> None:
    assert set(cluster(np.repeat([[1.0, 2, 3], [4, 5, 6]], 10, axis=0), 5, seed=0).tolist()) == {0, 1}


def test_mean_shift_keeps_peaks_apart_that_are_farther_than_the_bandwidth() -> None:
    mask = disc((60, 80), 20)
    picture = Picture(coloured(mask, (60, 60, 60), (200, 200, 200)))
    found = mean_shift(picture, bandwidth=12.0, plane="grey")
    assert (found == ~mask).all()


def test_the_normalised_cut_goes_between_two_colours() -> None:
    image = flat([[(200, 60, 60)] * 4 + [(60, 60, 200)] * 4] * 6)
    found = normalised_cut(Picture(image), likeness=10.0)
    left = np.zeros((60, 80), bool)
    left[:, :40] = True
    wrong = (found != left).mean()
    assert min(wrong, 1 - wrong) < 0.03  # patches may run over the border by a pixel


def test_merging_joins_what_is_alike_first() -> None:
    image = flat([[(10, 10, 10), (20, 20, 20)], [(200, 200, 200), (120, 200, 120)]])
    regions = np.kron(np.array([[0, 1], [2, 3]]), np.ones((10, 10), np.int64))
    three, two = (merged(regions, Picture(image), left) for left in (3, 2))
    assert [three[5, 5] == three[5, 15], three[15, 5] == three[15, 15]] == [True, False]
    assert two[15, 5] == two[15, 15] != two[5, 5]


def test_regions_are_parted_by_their_means() -> None:
    plane = np.array([[0.1, 0.9, 0.2, 0.3]], np.float32)
    regions = np.array([[0, 0, 1, 1]])  # means 0.5 and 0.25, although a pixel of the first is the darkest
    assert brighter_regions(regions, plane).tolist() == [[True, True, False, False]]


def test_the_object_by_its_brightness() -> None:
    mask = disc((40, 40), 10)
    picture = Picture(coloured(mask, (30, 30, 30), (220, 220, 220)))
    for side in (mask, ~mask):
        assert (ObjectRule("dark").apply(side, picture) == mask).all()
        assert (ObjectRule("bright").apply(side, picture) == ~mask).all()
        assert (ObjectRule("inside").apply(side, picture) == mask).all()


def test_parts_that_are_kept() -> None:
    large, central = disc((60, 120), 14, (0, -44)), disc((60, 120), 10)
    ring = central & ~disc((60, 120), 3)
    picture = Picture(coloured(large | ring, (30, 30, 30), (220, 220, 220)))
    assert (ObjectRule("dark", "largest").apply(large | ring, picture) == large).all()
    assert (ObjectRule("dark", "central").apply(large | ring, picture) == central).all()  # its hole is filled
    assert (ObjectRule("dark", "all").apply(large | ring, picture) == (large | ring)).all()


def test_one_side_alone_is_no_object() -> None:
    picture = Picture(coloured(disc((20, 20), 5), (0, 0, 0), (255, 255, 255)))
    for side in (np.zeros((20, 20), bool), np.ones((20, 20), bool)):
        assert not ObjectRule().apply(side, picture).any()


def test_seeds_never_overlap_and_are_never_missing() -> None:
    for image in (coloured(disc((40, 50), 12), (0, 0, 0), (255, 255, 255)), np.zeros((9, 9, 3), np.uint8)):
        for way in ("centre", "otsu"):
            seeds = find_seeds(Picture(image), way)
            assert seeds.inside.any()
            assert seeds.outside.any()
            assert not (seeds.inside & seeds.outside).any()
    assert not (middle((8, 8)) & margin((8, 8))).any()


def test_the_inner_side_touches_the_border_less() -> None:
    mask = disc((30, 30), 9)
    assert (inner_side(mask) == mask).all()
    assert (inner_side(~mask) == mask).all()


def test_small_copies_keep_the_place() -> None:
    mask = disc((600, 800), 150, (60, -90))
    image = np.repeat((mask * 255).astype(np.uint8)[..., None], 3, axis=2)
    copy, frame = small_copy(image)
    assert copy.shape == (192, 256, 3)
    back = full_size(copy[..., 0] > 127, frame)
    assert (back != mask).sum() < 0.02 * mask.sum()  # no shift by as much as a pixel of the copy
    assert small_copy(image[:90, :120])[0].shape == (90, 120, 3)

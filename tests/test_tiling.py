"""Canvases and the tiles that cover them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from tests.networks import tiny_predictor

from pixelwise.geometry import Frame
from pixelwise.prediction import Predictor
from pixelwise.recipe import Preprocessing, Scale
from pixelwise.tiling import OVERLAP, Tiling
from pixelwise.types import Size

TILES = Scale(policy="tiles", size=(64, 96))


@pytest.mark.parametrize("size", [(64, 96), (65, 97), (400, 300), (1000, 96), (70, 1003), (1, 500)])
def test_tiles_cover_the_canvas_and_overlap(size: Size) -> None:
    tiling = Tiling.of(size, TILES)
    height, width = tiling.canvas.frame_size
    assert (height, width) == (max(64, size[0]), max(96, size[1]))
    covered = np.zeros((height, width), int)
    for top, left in tiling.places:
        assert 0 <= top <= height - 64
        assert 0 <= left <= width - 96
        covered[top : top + 64, left : left + 96] += 1
    assert covered.min() >= 1
    for axis, side in ((0, 64), (1, 96)):
        starts = sorted({place[axis] for place in tiling.places})
        assert all(second - first <= side * (1 - OVERLAP) + 1 for first, second in pairwise(starts))


def test_tiles_by_hand() -> None:
    # 208 = 64 + 3 · 48, so four rows a quarter of a tile into each other.
    tiling = Tiling.of((416, 96), Scale(policy="tiles", size=(64, 96), zoom=0.5))
    assert tiling.canvas == Frame((416, 96), (208, 96), (208, 48), 0, 24)
    assert tiling.places == ((0, 0), (48, 0), (96, 0), (144, 0))


def test_one_frame_is_a_single_tile() -> None:
    tiling = Tiling.of((400, 300), Scale(size=(64, 96)))
    assert tiling.canvas == Frame.fit((400, 300), (64, 96))
    assert tiling.places == ((0, 0),)


def test_what_is_cut_and_joined_is_as_before() -> None:
    tiling = Tiling.of((150, 333), TILES)
    values = torch.rand(3, *tiling.canvas.frame_size)
    torch.testing.assert_close(tiling.joined(tiling.cut(values)), values)


def test_where_tiles_disagree_the_nearer_middle_counts_more() -> None:
    tiling = Tiling.of((64, 168), TILES)  # two tiles that share 24 columns
    tiles = iter([torch.zeros(1, 64, 96), torch.ones(1, 64, 96)])
    row = tiling.joined(tiles)[0, 10]
    assert torch.equal(row[:72], torch.zeros(72))
    assert torch.equal(row[96:], torch.ones(72))
    assert (row[72:96].diff() > 0).all()
    torch.testing.assert_close(row[83] + row[84], torch.tensor(1.0))


def tiled(scale: Scale) -> Predictor:
    known = tiny_predictor()
    preprocessing = Preprocessing(scale=scale, values=known.preprocessing.values)
    return Predictor(known.network, known.tasks, preprocessing, known.settings, "cpu")


def test_a_prediction_by_tiles_has_the_image_s_size_and_turns_with_it() -> None:
    predictor = tiled(Scale(policy="tiles", size=(64, 64)))
    image = np.random.default_rng(0).integers(0, 255, (160, 208, 3)).astype(np.uint8)
    values = predictor.field_values(image)["semantic"]["classes"]
    assert values.shape[1:] == (160, 208)
    mirrored = predictor.field_values(image[:, ::-1].copy())["semantic"]["classes"]
    np.testing.assert_allclose(mirrored[..., ::-1], values, atol=1e-5)


def test_far_from_other_tiles_it_is_what_the_tile_alone_gives() -> None:
    predictor = tiled(Scale(policy="tiles", size=(64, 64)))
    image = np.random.default_rng(1).integers(0, 255, (64, 160, 3)).astype(np.uint8)
    values = predictor.field_values(image)["semantic"]["classes"]
    alone = predictor.field_values(image[:, :64].copy())["semantic"]["classes"]
    np.testing.assert_allclose(values[..., :40], alone[..., :40], atol=1e-5)

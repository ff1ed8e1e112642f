"""Label maps drawn over images."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pixelwise.tasks.drawing import PALETTE, TINT, draw_label_map, outline


@pytest.mark.parametrize("background", [0, None])
def test_each_class_is_tinted_and_outlined_in_its_colour(background: int | None) -> None:
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (60, 80, 3), np.uint8)
    label_map = np.kron(generator.integers(0, 12, (6, 8)), np.ones((10, 10), int)).astype(np.uint8)
    label_map[0, 0] = 254
    drawn, edge = draw_label_map(image, label_map, background=background), outline(label_map, 1)
    for place in np.ndindex(label_map.shape):
        class_id = int(label_map[place])
        if class_id == background:
            assert (drawn[place] == image[place]).all()
            continue
        colour = PALETTE[(class_id - 1) % 7].astype(float)
        wanted = colour if edge[place] else (1 - TINT) * image[place] + TINT * colour
        assert (drawn[place] == wanted.astype(np.uint8)).all()


def test_a_picture_that_is_all_one_object_takes_little_memory() -> None:
    image, label_map = np.zeros((1000, 1000, 3), np.uint8), np.ones((1000, 1000), np.uint8)
    tracemalloc.start()
    draw_label_map(image, label_map)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 12 * label_map.size

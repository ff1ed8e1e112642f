"""What is planned from the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pixelwise.data.synthetic import draw_lesion
from pixelwise.data.valuerange import ValueRange
from pixelwise.labels import Labels
from pixelwise.plan import Fingerprint, ceiling, plan, plan_frame
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.recipe import Values
from pixelwise.tasks import SemanticTask
from pixelwise.types import CLASSES, Label, PixelFormat, Size


def test_frame_follows_the_usual_aspect_and_the_reason_says_so() -> None:
    planned = plan(Fingerprint({(576, 768): 90, (768, 576): 3}, any_way_up=True))
    assert planned.recipe.scale.size == (192, 256)
    assert "256×192" in planned.reasons["scale.size"]
    assert "768×576" in planned.reasons["scale.size"]


def test_only_pictures_without_up_and_down_are_turned_over() -> None:
    skin, people = (plan(Fingerprint({(100, 100): 1}, any_way_up=up)).recipe.augment for up in (True, False))
    assert (skin.vflip, skin.rotate) == (0.5, 180.0)
    assert people.vflip == 0.0
    assert people.rotate < 45


def test_usual_pictures_are_scaled_as_ever_and_nothing_is_said_of_it() -> None:
    planned = plan(Fingerprint({(100, 100): 1}, any_way_up=True))
    assert planned.recipe.values == Values()
    assert "values" not in planned.reasons


def test_deep_values_are_scaled_over_their_range_and_the_reason_says_so() -> None:
    found = ValueRange(PixelFormat(1, "uint16"), 0.0, 4000.0, 37)
    planned = plan(Fingerprint({(100, 100): 1}, any_way_up=True, found=found))
    assert planned.recipe.values == Values(channels=1, dtype="uint16", minimum=0.0, maximum=4000.0)
    assert planned.reasons["values"] == (
        "1 channel of 16 bits, 0 to 4000: what lies between the 0.1th and the 99.9th percentile "
        "of 37 training images, rounded outwards"
    )


def by_area(size: Size) -> float:
    """A ceiling that rises with the frame's area: 0.99 at 224×224, 0.997 at about 410×410."""
    return 1 - 0.01 * (224 * 224 / (size[0] * size[1]))


def area(known: Fingerprint) -> int:
    height, width = plan_frame(known).size
    return height * width


def test_the_frame_grows_until_masks_go_through_it_unharmed() -> None:
    known = Fingerprint({(2000, 2000): 9}, any_way_up=True, ceiling=by_area)
    assert by_area(plan_frame(known).size) >= 0.997
    assert 416**2 * 0.9 < area(known) < 448**2 * 1.1
    assert "masks keep a score of 0.997" in plan_frame(known).reason
    assert area(replace(known, ceiling=lambda size: 0.998)) < 250**2


def test_no_larger_than_the_images_are() -> None:
    known = Fingerprint({(300, 300): 9}, any_way_up=True, ceiling=by_area)
    assert plan_frame(known).size == (288, 288)
    assert "would show no more" in plan_frame(known).reason


def test_no_larger_than_the_time_allows() -> None:
    known = Fingerprint({(2000, 2000): 9}, any_way_up=True, training=100, rate=20.0, ceiling=by_area)
    # 20 images a second for 0.85 · 300 s are 51 passes at 224×224 and 25 at √2 times its side.
    found = plan_frame(replace(known, seconds=300.0))
    assert found.size == (288, 288)
    assert "would leave less than 25 passes" in found.reason
    assert area(replace(known, seconds=30.0)) < 250**2  # never smaller than that
    assert area(replace(known, seconds=3000.0)) > 400**2


def test_a_ceiling_by_hand() -> None:
    task = SemanticTask(Labels(classes=("background", "dot")), SemanticRecipe())
    mask = np.zeros((64, 64), np.uint8)
    mask[32:, :] = 1
    halves = Label({CLASSES: mask})
    assert ceiling(task, [halves], (64, 64)) == 1.0  # an edge between pixels of every size stays where it is
    dots = np.zeros((64, 64), np.uint8)
    dots[::4, ::4] = 1  # one pixel in sixteen: gone where two by two are averaged
    assert ceiling(task, [Label({CLASSES: dots})], (64, 64)) == 0.0
    assert ceiling(task, [halves, Label({CLASSES: dots})], (64, 64)) == pytest.approx(0.5)
    empty = Label({CLASSES: np.zeros((64, 64), np.uint8)})
    assert np.isnan(ceiling(task, [empty], (64, 64)))


@pytest.mark.parametrize("size", [(40, 56), (57, 33)])
def test_a_larger_frame_keeps_more(size: Size) -> None:
    task = SemanticTask(Labels(classes=("background", "lesion")), SemanticRecipe())
    labels = [Label({CLASSES: draw_lesion(seed, size).mask.astype(np.uint8)}) for seed in range(4)]
    found = [ceiling(task, labels, (side, side)) for side in (16, 32, 64, 128)]
    assert found == sorted(found)
    assert found[0] < found[-1] > 0.98

"""What is planned from the data."""

from __future__ import annotations

from pixelwise.data.valuerange import ValueRange
from pixelwise.plan import plan
from pixelwise.recipe import Values
from pixelwise.types import PixelFormat


def test_frame_follows_the_usual_aspect_and_the_reason_says_so() -> None:
    planned = plan({(576, 768): 90, (768, 576): 3}, any_way_up=True)
    assert planned.recipe.scale.size == (192, 256)
    assert "256×192" in planned.reasons["scale.size"]
    assert "768×576" in planned.reasons["scale.size"]


def test_only_pictures_without_up_and_down_are_turned_over() -> None:
    skin, people = (plan({(100, 100): 1}, any_way_up=up).recipe.augment for up in (True, False))
    assert (skin.vflip, skin.rotate) == (0.5, 180.0)
    assert people.vflip == 0.0
    assert people.rotate < 45


def test_usual_pictures_are_scaled_as_ever_and_nothing_is_said_of_it() -> None:
    planned = plan({(100, 100): 1}, any_way_up=True)
    assert planned.recipe.values == Values()
    assert "values" not in planned.reasons


def test_deep_values_are_scaled_over_their_range_and_the_reason_says_so() -> None:
    found = ValueRange(PixelFormat(1, "uint16"), 0.0, 4000.0, 37)
    planned = plan({(100, 100): 1}, any_way_up=True, found=found)
    assert planned.recipe.values == Values(channels=1, dtype="uint16", minimum=0.0, maximum=4000.0)
    assert planned.reasons["values"] == (
        "1 channel of 16 bits, 0 to 4000: what lies between the 0.1th and the 99.9th percentile "
        "of 37 training images, rounded outwards"
    )

"""What is planned from the data."""

from __future__ import annotations

from pixelwise.plan import plan


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

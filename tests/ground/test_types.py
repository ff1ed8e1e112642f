"""What a field may declare, so that flips and resizing can rely on it."""

from pathlib import Path
from typing import Any

import pytest

from pixelwise.types import Field, Sample, Window


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"channels": 0}, "channels must be at least 1, got 0"),
        ({"channels": 3, "hflip": (0, 1)}, "no order of 3 channels"),
        ({"channels": 2, "hflip": (0, 0)}, "no order of 2 channels"),
        ({"channels": 3, "hflip": (1, 2, 0)}, "applied twice does not give back the order"),
        ({"channels": 2, "vectors": ((0, 2),)}, "channels it does not have"),
        ({"channels": 2, "vectors": ((-1, 0),)}, "channels it does not have"),
        ({"channels": 3, "vectors": ((0, 1), (1, 2))}, "name a channel twice"),
        ({"channels": 1, "vectors": ((0, 0),)}, "name a channel twice"),
        ({"channels": 2, "vectors": ((0, 1),), "hflip": (1, 0)}, "does not take vectors to vectors"),
        ({"channels": 3, "vectors": ((0, 1),), "in_pixels": True}, "each channel must be in one"),
        ({"channels": 1, "in_pixels": True}, "each channel must be in one"),
    ],
)
def test_a_field_that_contradicts_itself_is_refused_by_name(declared: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=rf"^field joints: .*{complaint}"):
        Field("joints", activation="none", **declared)


@pytest.mark.parametrize(
    "declared",
    [
        {"channels": 1},
        {"channels": 3, "hflip": (0, 2, 1)},
        {"channels": 2, "vectors": ((1, 0),), "in_pixels": True},
        {"channels": 4, "vectors": ((0, 1), (2, 3)), "hflip": (2, 3, 0, 1)},  # limbs that swap sides
        {"channels": 3, "vectors": ((1, 2),)},  # a score beside a direction
    ],
)
def test_fields_of_every_task_are_accepted(declared: dict[str, Any]) -> None:
    assert Field("field", activation="none", **declared).channels == declared["channels"]


def test_window_size_is_height_then_width() -> None:
    assert Window(x0=10, y0=20, x1=110, y1=70).size == (50, 100)


def test_a_sample_has_no_tags_unless_given_and_they_cannot_be_shared_by_accident() -> None:
    one = Sample("a", Path("a.png"), {})
    assert dict(one.tags) == {}
    assert one.split is None
    with pytest.raises(TypeError):
        one.tags["diagnosis"] = "melanoma"  # type: ignore[index]

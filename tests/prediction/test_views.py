"""Views of a frame are turned and mirrored back to what they are of."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from pixelwise.prediction.views import mean_of_views, views
from pixelwise.types import Field

PLAIN = Field("heat", 2, "none", hflip=(1, 0), points=True)
TURNED = Field("heat", 2, "none", hflip=(1, 0), points=True, turn=25.0)


def blobs(*places: tuple[float, float]) -> Tensor:
    """(1, K, 64, 96): a bell about each place (x, y)."""
    y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    return torch.stack([torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 18) for px, py in places])[None]


def warmest(heat: Tensor) -> list[tuple[int, int]]:
    """(x, y) of the pixel where each channel is greatest."""
    width = heat.shape[-1]
    return [(int(one.argmax()) % width, int(one.argmax()) // width) for one in heat]


@pytest.mark.parametrize("places", [((30, 20), (70, 45)), ((8, 30), (90, 34)), ((48, 5), (48, 60))])
def test_a_network_that_sees_alike_in_all_views_says_the_same_in_their_mean(
    places: tuple[tuple[float, float], ...],
) -> None:
    """The image is itself the heat of a left and a right joint, which a network exchanges in mirrored views."""
    frame = blobs(*places)
    seen = views(frame, TURNED.turn)
    assert seen.shape == (6, 2, 64, 96)
    as_called = torch.stack([one.flip(0) if at % 2 else one for at, one in enumerate(seen)])
    mean = mean_of_views(as_called, TURNED)
    for found, (x, y) in zip(warmest(mean), places, strict=True):
        assert abs(found[0] + 0.5 - x) <= 1
        assert abs(found[1] + 0.5 - y) <= 1
    # Parts of a view that lie beyond its border do not count: the height of a joint near the border stays.
    assert mean.amax(dim=(1, 2)) == pytest.approx([1.0, 1.0], abs=0.12)
    torch.testing.assert_close(mean_of_views(as_called[:2], PLAIN), frame[0])


def test_without_a_turn_there_are_two_views() -> None:
    frame = blobs((30, 20), (70, 45))
    assert views(frame, 0.0).shape == (2, 2, 64, 96)


def test_mirrored_views_count_where_sides_are_told_alone() -> None:
    untold = Field("heat", 2, "none", hflip=(0, 1), points=True, turn=25.0)
    frame = blobs((30, 20), (70, 45))
    nonsense = views(frame, untold.turn)
    nonsense[1::2] = 100.0
    assert mean_of_views(nonsense, untold).max() <= 1.0
    assert mean_of_views(nonsense, TURNED).max() > 10.0


@pytest.mark.parametrize("partners", [(1, 0), (0, 1)])
def test_a_turn_to_one_side_is_met_by_one_to_the_other(partners: tuple[int, int]) -> None:
    """What a network sees too far clockwise in every view cancels out, whether mirrored views count or not.

    The joint lies 30 right of the middle. A network that moves all it sees down by 5 moves it, turned back, along
    (5 sin t, 5 cos t) in the view turned by t; in all of them by 5 (1 + 2 cos 25°) / 3 = 4.69 down and not aside.
    """
    field = Field("heat", 2, "none", hflip=partners, points=True, turn=25.0)
    moved = views(blobs((78, 32), (78, 32)), field.turn).roll(5, dims=-2)
    mean = mean_of_views(moved, field)[0]
    y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    middle = [float((mean * axis).sum() / mean.sum()) for axis in (x, y)]
    assert middle == pytest.approx([78.0, 32 + 5 * (1 + 2 * math.cos(math.radians(25))) / 3], abs=0.1)


def test_only_what_is_read_for_points_is_turned() -> None:
    with pytest.raises(ValueError, match="read for points"):
        Field("classes", 1, "sigmoid", turn=10.0)

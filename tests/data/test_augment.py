"""Random changes of a batch: image and label alike, nothing invented, nothing but the generator."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.people import of_points
from torch import Tensor

from pixelwise.data.augment import augment as augment_batch
from pixelwise.data.augment import draw_affine, normalised, paste, recolour
from pixelwise.recipe import Augment, Values
from pixelwise.skeleton import Skeleton
from pixelwise.types import CLASSES, IGNORE_INDEX, INSTANCES, JOINTS, LabelBatch

SIZE = (48, 64)


def only(**ranges: float) -> Augment:
    """A recipe that changes nothing but what is named."""
    none: dict[str, Any] = {
        "hflip": 0.0,
        "vflip": 0.0,
        "rotate": 0.0,
        "scale": 1.0,
        "shear": 0.0,
        "shift": 0.0,
        "brightness": 0.0,
        "contrast": 0.0,
        "colour": 0.0,
        "saturation": 0.0,
        "erase": 0.0,
        "paste": 0.0,
    }
    assert set(none) == set(Augment.model_fields)
    return Augment(**{**none, **ranges})


GEOMETRY = only(hflip=0.5, vflip=0.5, rotate=180.0, scale=1.35, shear=0.1, shift=0.1)
COLOUR = only(brightness=0.2, contrast=0.25, colour=0.15, saturation=0.3)


VALUES = Values()


def augment(
    images: Tensor, ids: Tensor, recipe: Augment, values: Values, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Images and class ids, changed alike."""
    moved, labels = augment_batch(images, LabelBatch({CLASSES: ids}), recipe, values, generator)
    return moved, labels.class_maps


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(count: int = 4, size: tuple[int, int] = SIZE) -> tuple[Tensor, Tensor]:
    images = torch.rand(count, 3, *size, generator=seeded(1)) * 2 - 1
    ids = torch.randint(0, 3, (count, *size), generator=seeded(2), dtype=torch.uint8)
    ids[ids == 2] = 255
    return images, ids


def test_no_ranges_change_nothing() -> None:
    images, ids = batch()
    moved, moved_ids = augment(images, ids, only(), VALUES, seeded())
    assert moved_ids.dtype == torch.uint8
    assert moved_ids.equal(ids)
    torch.testing.assert_close(moved, images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("recipe", "axes"),
    [(only(hflip=1.0), [-1]), (only(vflip=1.0), [-2]), (only(hflip=1.0, vflip=1.0), [-2, -1])],
    ids=["left-right", "upside-down", "half a turn"],
)
def test_mirrors_are_exact(recipe: Augment, axes: list[int]) -> None:
    _, ids = batch(size=(30, 50))
    levels = torch.randint(0, 256, (4, 3, 30, 50), generator=seeded())
    moved, moved_ids = augment(levels / 127.5 - 1, ids, recipe, VALUES, seeded())
    assert ((moved + 1) * 127.5).round().equal(levels.flip(axes).float())  # the same bytes
    torch.testing.assert_close(moved, levels.flip(axes) / 127.5 - 1, atol=2e-5, rtol=0)
    assert moved_ids.equal(ids.flip(axes))


def test_image_and_label_move_alike() -> None:
    rows, columns = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(128) + 0.5, indexing="ij")
    ids = (((rows - 40) ** 2 + (columns - 76) ** 2) < 18**2).to(torch.uint8).repeat(24, 1, 1)
    ids[:, 40:44, 76:120] = 1  # a hand, so that turns and mirrors show
    images = (ids.float() * 2 - 1)[:, None].repeat(1, 3, 1, 1)
    moved, moved_ids = augment(images, ids, GEOMETRY, VALUES, seeded())
    bright, labelled = moved[:, 0] > 0, moved_ids == 1
    iou = (bright & labelled).sum((1, 2)) / (bright | labelled).sum((1, 2))
    assert iou.min() > 0.97
    unmoved = (labelled & (ids == 1)).sum((1, 2)) / (labelled | (ids == 1)).sum((1, 2))
    assert unmoved.median() < 0.8  # and they did move


def test_labels_hold_no_new_ids() -> None:
    images, ids = batch(16)
    _, moved_ids = augment(images, ids, GEOMETRY, VALUES, seeded())
    assert set(moved_ids.flatten().tolist()) == {0, 1, 255}


def test_images_hold_no_new_values() -> None:
    images, ids = batch(16)
    moved, _ = augment(images, ids, GEOMETRY, VALUES, seeded())
    assert images.min() - 1e-5 <= moved.min() < moved.max() <= images.max() + 1e-5


def test_what_comes_into_view_is_the_mirrored_picture() -> None:
    images, ids = batch(6)
    recipe = only(shift=0.25)
    moved, moved_ids = augment(images, ids, recipe, VALUES, seeded())
    for i, (x, y) in enumerate(draw_affine(6, SIZE, recipe, seeded())[:, :, 2].tolist()):
        # The picture with its mirror image beyond each edge, read between four neighbours.
        wide = np.pad(images[i].numpy(), ((0, 0), (24, 24), (24, 24)), mode="symmetric")
        rows, columns = np.arange(SIZE[0]) + 24 + y, np.arange(SIZE[1]) + 24 + x
        top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
        down, right = (rows - top)[:, None], columns - left
        upper = wide[:, top][:, :, left] * (1 - right) + wide[:, top][:, :, left + 1] * right
        lower = wide[:, top + 1][:, :, left] * (1 - right) + wide[:, top + 1][:, :, left + 1] * right
        np.testing.assert_allclose(moved[i].numpy(), upper * (1 - down) + lower * down, atol=1e-4)
        wide_ids = np.pad(ids[i].numpy(), 24, mode="symmetric")
        nearest = wide_ids[np.rint(rows).astype(int)][:, np.rint(columns).astype(int)]
        np.testing.assert_array_equal(moved_ids[i].numpy(), nearest)


def point(matrix: Tensor, *at: float) -> list[float]:
    """Where ``matrix`` takes a point."""
    return [
        round(value, 4)
        for value in (matrix[:, :2] @ torch.tensor(at, dtype=torch.float32) + matrix[:, 2]).tolist()
    ]


def test_each_change_alone_by_its_effect_on_a_point() -> None:
    """Maps go from the result to the source, for (x, y) from the centre: 3 right and 4 down, 5 from the centre."""
    height, width = SIZE
    for shift_x, shift_y in (point(m, 0, 0) for m in draw_affine(200, SIZE, only(shift=0.1), seeded())):
        assert abs(shift_x) <= 0.1 * width
        assert abs(shift_y) <= 0.1 * height
    for matrix in draw_affine(200, SIZE, only(scale=2.0), seeded()):
        x, y = point(matrix, 3, 4)
        assert 1.5 <= x <= 6
        assert y / x == pytest.approx(4 / 3, abs=1e-3)
    for matrix in draw_affine(200, SIZE, only(rotate=30.0), seeded()):
        x, y = point(matrix, 3, 4)
        assert math.hypot(x, y) == pytest.approx(5, abs=1e-3)
        assert abs(math.degrees(math.atan2(4 * x - 3 * y, 3 * x + 4 * y))) <= 30.01
    for matrix in draw_affine(200, SIZE, only(shear=0.1), seeded()):
        x, y = point(matrix, 3, 4)
        assert y == 4
        assert abs(x - 3) <= 0.4 + 1e-4
    assert point(draw_affine(1, SIZE, only(hflip=1.0), seeded())[0], 3, 4) == [-3, 4]
    assert point(draw_affine(1, SIZE, only(vflip=1.0), seeded())[0], 3, 4) == [3, -4]


@pytest.mark.parametrize(
    ("recipe", "measure", "low", "high", "mean"),
    [
        (only(shift=0.1), lambda m: m[:, 0, 2] / SIZE[1], -0.1, 0.1, 0.0),
        (only(shift=0.1), lambda m: m[:, 1, 2] / SIZE[0], -0.1, 0.1, 0.0),
        (only(scale=2.0), lambda m: torch.log2(m[:, 0, 0]), -1, 1, 0.0),  # as often doubled as halved
        (only(rotate=180.0), lambda m: torch.atan2(m[:, 1, 0], m[:, 0, 0]), -math.pi, math.pi, 0.0),
        (only(shear=0.3), lambda m: m[:, 0, 1], -0.3, 0.3, 0.0),
        (only(hflip=0.25), lambda m: (m[:, 0, 0] < 0).float(), 0.0, 1.0, 0.25),
        (only(vflip=0.75), lambda m: (m[:, 1, 1] < 0).float(), 0.0, 1.0, 0.75),
        # Only scaling changes areas: shear, turns and shifts do not.
        (
            GEOMETRY,
            lambda m: torch.log(torch.linalg.det(m[:, :, :2]).abs()),
            -2 * math.log(1.35),
            0.6003,
            0.0,
        ),
    ],
)
def test_ranges_are_used_whole_and_evenly(
    recipe: Augment, measure: Callable[[Tensor], Tensor], low: float, high: float, mean: float
) -> None:
    drawn = measure(draw_affine(4000, SIZE, recipe, seeded()))
    margin = 0.01 * (high - low)
    assert low - 1e-4 <= drawn.min() < low + margin
    assert high - margin < drawn.max() <= high + 1e-4
    # The mean of 4000 has a standard deviation below half the range / sqrt(4000), 0.008 of the range.
    assert abs(drawn.mean() - mean) < 0.03 * (high - low)


def test_turns_keep_shapes_in_a_frame_that_is_not_square() -> None:
    """A quarter turn in 192×256: result (x, y) shows source (−y, x).

    Normalised by the half sides 128 and 96, x takes −y · 96/128 and y takes x · 128/96.
    """
    quarter = torch.tensor([[[0.0, -1, 8], [1, 0, -6]]])
    expected = torch.tensor([[[0, -0.75, 8 / 128], [4 / 3, 0, -6 / 96]]])
    matrix = normalised(quarter, (192, 256))
    torch.testing.assert_close(matrix, expected)
    source = torch.zeros(1, 1, 192, 256)
    source[0, 0, 96 + 20, 128 + 40] = 1  # the pixel right of and below the centre by (40.5, 20.5)
    grid = F.affine_grid(matrix, [1, 1, 192, 256], align_corners=False)
    shown = F.grid_sample(source, grid, align_corners=False)[0, 0]
    # −y + 8 = 40.5 and x − 6 = 20.5: the result shows it at (26.5, −32.5).
    assert (shown > 0.99).nonzero().tolist() == [[96 - 33, 128 + 26]]
    torch.testing.assert_close(shown.sum(), torch.tensor(1.0))


@pytest.mark.parametrize("recipe", [GEOMETRY, COLOUR, Augment()], ids=["geometry", "colour", "default"])
def test_randomness_comes_from_the_generator_alone(recipe: Augment) -> None:
    images, ids = batch()
    kept, state = images.clone(), torch.get_rng_state()
    first = augment(images, ids, recipe, VALUES, seeded(5))
    assert torch.get_rng_state().equal(state)
    torch.rand(1)
    again, other = (
        augment(images, ids, recipe, VALUES, seeded(5)),
        augment(images, ids, recipe, VALUES, seeded(6)),
    )
    assert first[0].equal(again[0])
    assert first[1].equal(again[1])
    assert not first[0].equal(other[0])
    assert images.equal(kept)  # the batch given is left alone
    change = (first[0] - images).abs().mean((1, 2, 3))
    assert len(set(change.tolist())) == len(images)  # each image is changed by itself


def test_brightness_adds_one_value() -> None:
    images, _ = batch(500, (4, 4))
    added = recolour(images, only(brightness=0.2), VALUES, seeded()) - images
    each = added.mean((1, 2, 3))
    torch.testing.assert_close(added, each[:, None, None, None].expand_as(added), atol=1e-5, rtol=0)
    # A fifth of full scale, which spans 2.
    assert -0.4 <= each.min() < -0.38
    assert 0.38 < each.max() <= 0.4


def test_contrast_stretches_about_the_mean() -> None:
    images, _ = batch(500, (4, 4))
    changed = recolour(images, only(contrast=0.25), VALUES, seeded())
    mean = images.mean((2, 3), keepdim=True)
    torch.testing.assert_close(changed.mean((2, 3), keepdim=True), mean, atol=1e-5, rtol=0)
    factors = (changed - mean).flatten(1).norm(dim=1) / (images - mean).flatten(1).norm(dim=1)
    expected = mean + factors[:, None, None, None] * (images - mean)
    torch.testing.assert_close(changed, expected, atol=1e-5, rtol=0)
    assert 0.75 - 1e-4 <= factors.min() < 0.77
    assert 1.23 < factors.max() <= 1.25 + 1e-4


def test_colour_casts_a_grey_picture() -> None:
    """A plain grey of value v in 0–1 becomes g · v in each channel, as lamps of other colours show it."""
    white = torch.ones(500, 3, 4, 4)
    gains = (recolour(white, only(colour=0.15), VALUES, seeded())[:, :, 0, 0] + 1) / 2
    assert 0.85 - 1e-4 <= gains.min() < 0.86
    assert 1.14 < gains.max() <= 1.15 + 1e-4
    assert gains.std(dim=1).median() > 0.01  # the channels differ


def test_recolouring_by_hand() -> None:
    """A pixel of red 0.5 and one of −0.5, green and blue 0: every change at once.

    Six numbers are drawn: contrast, the gains of red, green and blue, saturation, brightness.
    """
    image = torch.zeros(1, 3, 1, 2)
    image[0, 0, 0] = torch.tensor([0.5, -0.5])
    recipe = only(brightness=0.2, contrast=0.25, colour=0.15, saturation=0.3)
    draw = seeded(3)
    u = [float(torch.rand(1, generator=draw)) * 2 - 1 for _ in range(6)]
    contrast, red, green, blue = 1 + 0.25 * u[0], *(1 + 0.15 * value for value in u[1:4])
    saturation, brightness = 1 + 0.3 * u[4], 0.2 * u[5]
    # The red lamp first, then saturation between colour and grey (0.299 of red), then contrast; means are 0.
    deviation = 0.5 * red * contrast
    expected_red = deviation * (saturation + (1 - saturation) * 0.299)
    expected_rest = deviation * (1 - saturation) * 0.299
    changed = recolour(image, recipe, VALUES, seeded(3))[0, :, 0, 0].tolist()
    shifts = [2 * brightness + gain - 1 for gain in (red, green, blue)]
    parts = zip((expected_red, expected_rest, expected_rest), shifts, strict=True)
    assert changed == pytest.approx([part + shift for part, shift in parts], abs=1e-6)


@pytest.mark.parametrize("channels", [1, 5])
def test_recolouring_of_other_channels_than_three_by_hand(channels: int) -> None:
    """As above, but each channel for itself: there is no saturation."""
    image = torch.zeros(1, channels, 1, 2)
    image[0, :, 0] = torch.tensor([0.5, -0.5])
    recipe = only(brightness=0.2, contrast=0.25, colour=0.15, saturation=0.3)
    draw = seeded(3)
    u = [float(torch.rand(1, generator=draw)) * 2 - 1 for _ in range(channels + 3)]
    contrast, gains, brightness = 1 + 0.25 * u[0], [1 + 0.15 * one for one in u[1:-2]], 0.2 * u[-1]
    values = Values(channels=channels, dtype="uint16", maximum=4095.0)
    changed = recolour(image, recipe, values, seeded(3))[0, :, 0, 0].tolist()
    expected = [0.5 * contrast * gain + 2 * brightness + gain - 1 for gain in gains]
    assert changed == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 13])
def test_a_batch_of_any_channels_is_moved_as_one(channels: int) -> None:
    images, ids = batch()
    stacked = images[:, :1].expand(-1, channels, -1, -1)
    moved, moved_ids = augment(stacked, ids, GEOMETRY, VALUES, seeded())
    wanted, wanted_ids = augment(images, ids, GEOMETRY, VALUES, seeded())
    assert moved_ids.equal(wanted_ids)
    for channel in moved.unbind(dim=1):
        torch.testing.assert_close(channel, wanted[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("seed", range(3))
def test_joints_move_with_their_pixels(seed: int) -> None:
    """A bright dot of each joint is where the joint is afterwards; a mirror exchanges left and right."""
    generator = np.random.default_rng(seed)
    points = generator.uniform([24, 16], [40, 32], (4, 1, 2, 2))  # two joints, partners of each other
    yy, xx = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    x0, y0 = (points[:, 0, :, axis, None, None] for axis in (0, 1))
    images = torch.zeros(4, 3, *SIZE)
    images[:, :2] = torch.tensor(np.exp(-((xx - x0) ** 2 + (yy - y0) ** 2) / 4.5)).float()
    skeleton = Skeleton(joints=("left_a", "right_a"), limbs=((0, 1),), partners=(1, 0), sigmas=(0.1, 0.1))
    people = tuple(of_points(one, skeleton=skeleton) for one in points)
    maps = {JOINTS: torch.zeros(4, *SIZE, dtype=torch.uint8)}
    turns = torch.Generator().manual_seed(seed)
    recipe = only(hflip=0.5, vflip=0.3, rotate=60.0, scale=1.3, shear=0.2, shift=0.1)
    state = turns.get_state()
    moved, labels = augment_batch(images, LabelBatch(maps, people), recipe, VALUES, turns)
    turns.set_state(state)
    mirrored = torch.linalg.det(draw_affine(4, SIZE, recipe, turns)[:, :, :2]) < 0
    assert labels.people is not None
    for at, after in enumerate(labels.people):
        for joint in range(2):
            x, y = after.keypoints[0, joint]
            if 2 < x < SIZE[1] - 2 and 2 < y < SIZE[0] - 2:
                channel = (
                    1 - joint if mirrored[at] else joint
                )  # the dot of the left one is the right one's now
                row, column = divmod(int(moved[at, channel].argmax()), SIZE[1])
                assert abs(column + 0.5 - x) <= 1
                assert abs(row + 0.5 - y) <= 1


def test_beyond_the_frame_nothing_is_said_of_joints() -> None:
    """What is seen there is the mirrored picture, whose people have no joints."""
    people = (of_points(np.zeros((0, 17, 2))),)
    maps = {JOINTS: torch.zeros(1, *SIZE, dtype=torch.uint8)}
    generator = torch.Generator().manual_seed(1)
    _, labels = augment_batch(
        torch.zeros(1, 3, *SIZE), LabelBatch(maps, people), only(shift=0.4), VALUES, generator
    )
    shares = (labels.maps[JOINTS] == IGNORE_INDEX).float().mean()
    assert 0.05 < shares < 0.7
    _, same = augment_batch(torch.zeros(1, 3, *SIZE), LabelBatch(maps, people), only(), VALUES, generator)
    assert not same.maps[JOINTS].any()


def test_pasted_objects_bring_their_pixels_classes_and_ids() -> None:
    rng = np.random.default_rng(0)
    ids = torch.zeros((2, *SIZE), dtype=torch.int32)
    ids[0, 5:15, 5:25], ids[0, 30:40, 5:25] = 1, 2
    ids[1, 8:12, 10:50], ids[1, 20:45, 40:60], ids[1, 0, 0] = 1, 2, 3
    images = torch.from_numpy(rng.normal(size=(2, 3, *SIZE)).astype(np.float32))
    labels = LabelBatch({CLASSES: (ids > 0).to(torch.uint8), INSTANCES: ids})
    pasted = 0
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        moved, found = paste(images, labels.maps, 1.0, generator)
        new = found[INSTANCES]
        for image, other in ((0, 1), (1, 0)):
            laid = new[image] > ids.max()
            numbers = set(new[image][laid].tolist())
            pasted += len(numbers)
            assert torch.equal(moved[image][:, ~laid], images[image][:, ~laid])
            assert torch.equal(moved[image][:, laid], images[other][:, laid])
            assert torch.equal(new[image][~laid], ids[image][~laid])
            assert torch.equal(found[CLASSES][image] > 0, new[image] > 0)
            for number in numbers:  # whole, as they lie in the other image
                where = new[image] == number
                assert torch.equal(where, ids[other] == ids[other][where][0])
    assert 8 * 5 * 0.3 < pasted < 8 * 5 * 0.7


def test_nothing_is_pasted_with_probability_0_and_into_about_half_with_a_half() -> None:
    ids = torch.ones((64, 4, 4), dtype=torch.int32)
    labels = LabelBatch({CLASSES: ids.to(torch.uint8), INSTANCES: ids})
    generator = torch.Generator().manual_seed(0)
    _, found = augment_batch(torch.zeros(64, 3, 4, 4), labels, only(paste=0.5), VALUES, generator)
    changed = (found.maps[INSTANCES] > 1).flatten(1).any(dim=1).sum()
    assert 8 <= changed <= 24  # half of the images, half of their neighbours' only object


def test_a_hidden_part_is_a_rectangle_of_one_colour_and_labels_stay() -> None:
    images, ids = batch(200)
    changed, labels = augment(images, ids, only(erase=1.0), VALUES, seeded(3))
    assert labels.equal(ids)
    areas = []
    for before, after in zip(images, changed, strict=True):
        hidden = ((before - after).abs() > 1e-3).any(dim=0)
        rows, columns = hidden.any(dim=1), hidden.any(dim=0)
        assert hidden.equal(rows[:, None] & columns[None, :])
        for lines in (rows, columns):
            places = lines.nonzero().flatten()
            assert places.diff().eq(1).all()
        assert after[:, hidden].unique(dim=1).shape == (3, 1)
        areas.append(float(hidden.float().mean()))
    assert max(areas) < 0.2 + 0.05  # half a pixel on each side
    assert min(areas) < 0.02
    assert 0.04 < sum(areas) / len(areas) < 0.08  # 0.078 of the frame on average, less what lies beyond it
    assert changed.min() >= -1
    assert changed.max() <= 1


def test_as_many_images_are_hidden_in_part_as_asked_for() -> None:
    images, ids = batch(400, (16, 16))
    changed, _ = augment(images, ids, only(erase=0.25), VALUES, seeded(4))
    assert 0.18 < float(((changed - images).abs() > 1e-3).flatten(1).any(dim=1).float().mean()) < 0.32

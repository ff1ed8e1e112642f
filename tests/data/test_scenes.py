"""The drawn scenes: pure in the seed, exact masks, things over one another, told by no colour, read as drawn."""

from pathlib import Path

import numpy as np
import pytest

from pixelwise.data.scenes import LABELS, SEEN, STUFF, THINGS, SceneDrawing, draw_scene, write_scenes
from pixelwise.errors import DataError
from pixelwise.types import CLASSES, INSTANCES
from pixelwise.workflows.data import open_data

SIZE = (96, 120)


@pytest.fixture(scope="module")
def drawings() -> list[SceneDrawing]:
    return [draw_scene(seed, SIZE) for seed in range(40)]


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = draw_scene(5, SIZE), draw_scene(5, SIZE)
    assert one.image.tobytes() == other.image.tobytes()
    assert one.instance_map.tobytes() == other.instance_map.tobytes()
    assert one.image.tobytes() != draw_scene(6, SIZE).image.tobytes()


def test_the_nearer_thing_has_the_pixel_and_the_share_that_is_covered_is_told(
    drawings: list[SceneDrawing],
) -> None:
    for drawn in drawings:
        numbers = np.zeros(SIZE, np.int32)
        for number, one in enumerate(drawn.objects, start=1):
            numbers[one.to_mask()] = number
        np.testing.assert_array_equal(drawn.instance_map, numbers)
        for number, (one, covered) in enumerate(zip(drawn.objects, drawn.covered, strict=True), start=1):
            seen = numbers == number
            assert covered == pytest.approx(1 - seen.sum() / one.area)
            assert seen.sum() >= SEEN * one.area
            assert set(drawn.class_map[seen].tolist()) == {one.class_id}
        assert set(drawn.class_map[numbers == 0].tolist()) <= set(LABELS.stuff)


def test_there_is_what_makes_it_hard(drawings: list[SceneDrawing]) -> None:
    things = [
        (one, covered)
        for drawn in drawings
        for one, covered in zip(drawn.objects, drawn.covered, strict=True)
    ]
    assert {one.class_id for one, _ in things} == set(LABELS.things)
    assert set(np.concatenate([np.unique(drawn.class_map) for drawn in drawings]).tolist()) == set(range(7))
    assert min(len(drawn.objects) for drawn in drawings) == 0
    assert 0.2 < np.mean([covered > 0.05 for _, covered in things]) < 0.7
    areas = np.array([one.area for one, _ in things])
    assert np.percentile(areas, 95) > 20 * np.percentile(areas, 5)
    boxes = [one.box for one, _ in things]
    cut = [box for box in boxes if 0 in box[:2] or box[2] == SIZE[1] or box[3] == SIZE[0]]
    assert 0.1 < len(cut) / len(things) < 0.6
    touching = 0
    for drawn in drawings:
        for axis in (0, 1):
            here, there = (np.take(drawn.instance_map, range(a, SIZE[axis] - 1 + a), axis) for a in (0, 1))
            kinds = [np.take(drawn.class_map, range(a, SIZE[axis] - 1 + a), axis) for a in (0, 1)]
            touching += bool(((here != there) & (here > 0) & (there > 0) & (kinds[0] == kinds[1])).any())
    assert (
        touching > len(drawings) / 3
    )  # things of one class, side by side: classes alone do not tell them apart


def test_no_colour_tells_things_or_classes(drawings: list[SceneDrawing]) -> None:
    grey = np.concatenate([drawn.image.mean(axis=-1).ravel() for drawn in drawings])
    classes = np.concatenate([drawn.class_map.ravel() for drawn in drawings])
    things = classes >= len(STUFF)
    for level in range(20, 240, 20):
        assert abs((grey[things] > level).mean() - (grey[~things] > level).mean()) < 0.4


@pytest.mark.parametrize("stuff", [True, False])
def test_scenes_are_read_back_as_they_were_drawn(tmp_path: Path, stuff: bool) -> None:
    dataset = open_data(write_scenes(tmp_path / "scenes", 6, seed=3, size=(64, 80), stuff=stuff))
    names = (*STUFF, *THINGS) if stuff else ("background", *THINGS)
    assert (dataset.layout, dataset.labels.classes) == ("instances", names)
    assert [names[i] for i in dataset.labels.things] == list(THINGS)
    assert bool(dataset.labels.stuff) == stuff
    assert [len(dataset.split(one)) for one in ("train", "val", "test")] == [4, 1, 1]
    for index, sample in enumerate(dataset.samples):
        drawn = draw_scene(int(np.random.SeedSequence([3, index]).generate_state(1)[0]), (64, 80))
        image, label = dataset.read(sample)
        np.testing.assert_array_equal(image, drawn.image)
        np.testing.assert_array_equal(label.maps[INSTANCES], drawn.instance_map)
        expected = np.array(LABELS.classes)[drawn.class_map]
        shown = expected if stuff else np.where(drawn.instance_map > 0, expected, "background")
        np.testing.assert_array_equal(np.array(names)[label.maps[CLASSES]], shown)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The size 20x64 is too small"):
        draw_scene(0, (20, 64))
    with pytest.raises(DataError, match="may not be negative"):
        draw_scene(-1)
    with pytest.raises(DataError, match="ask for at least 3"):
        write_scenes(tmp_path, 2)
    assert not draw_scene(0, SIZE, most=0).objects

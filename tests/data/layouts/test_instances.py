"""Pictures that number objects: Penn-Fudan and nuclei, real and drawn."""

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import ArrayLike
from tests.pictures import pairs
from tests.real import RealSet

from pixelwise.data.augment import augment
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import check_pairs
from pixelwise.data.frames import read_frames
from pixelwise.errors import DataError
from pixelwise.recipe import Augment, Scale, Values
from pixelwise.types import CLASSES, CROWD, INSTANCES
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data


def written(path: Path, values: ArrayLike, dtype: type = np.uint8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.array(values, dtype)).save(path)
    return path


def small(root: Path, ids: ArrayLike, dtype: type = np.uint8) -> Path:
    shape = np.array(ids).shape
    written(root / "images/a.png", np.full((*shape, 3), 90))
    written(root / "instances/a.png", ids, dtype)
    return root


@pytest.mark.parametrize("inner", ["", "PennFudanPed"])
def test_penn_fudan(real_set: RealSet, inner: str) -> None:
    dataset = open_data(real_set("pennfudan") / inner)
    assert (dataset.layout, len(dataset)) == ("pennfudan", 120)
    assert (dataset.labels.classes, dataset.labels.things) == (("background", "person"), (1,))
    check_pairs(dataset.samples)
    for sample in dataset.samples[::15]:
        _, label = dataset.read(sample)
        with PIL.Image.open(sample.labels["instances"]) as picture:
            stored = np.asarray(picture)
        np.testing.assert_array_equal(label.instance_map, stored)  # numbered 1, 2, … already
        np.testing.assert_array_equal(label.class_map, stored > 0)
        assert [one.area for one in dataset.objects(sample)] == np.bincount(stored.ravel())[1:].tolist()


def test_nuclei_of_sixteen_bits(real_set: RealSet) -> None:
    dataset = open_data(real_set("dsb2018"))
    assert (dataset.layout, len(dataset)) == ("instances", 160)
    assert [len(dataset.split(one)) for one in ("train", "val", "test")] == [100, 20, 40]
    sample = dataset.samples[1]
    _, label = dataset.read(sample)
    with PIL.Image.open(sample.labels["instances"]) as picture:
        stored = np.asarray(picture)
    assert len(dataset.objects(sample)) == len(np.unique(stored)) - 1 > 5
    assert [one.original for one in dataset.objects(sample)] == np.unique(stored)[1:].tolist()
    for number, one in enumerate(dataset.objects(sample), start=1):
        np.testing.assert_array_equal(label.instance_map == number, stored == one.original)


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 255), (np.uint16, 65535)])
def test_any_number_is_an_object(tmp_path: Path, dtype: type, most: int) -> None:
    dataset = open_data(small(tmp_path, [[0, 7, 7], [most, 0, 7]], dtype))
    _, label = dataset.read(dataset.samples[0])
    assert label.maps.keys() == {CLASSES, INSTANCES}
    assert label.instance_map.tolist() == [[0, 1, 1], [2, 0, 1]]
    assert label.class_map.tolist() == [[0, 1, 1], [1, 0, 1]]
    assert [one.original for one in dataset.objects(dataset.samples[0])] == [7, most]


def test_a_number_may_be_not_labelled(tmp_path: Path) -> None:
    dataset = open_data(small(tmp_path, [[0, 7, 255]]), ignore=255)
    _, label = dataset.read(dataset.samples[0])
    assert (label.instance_map.tolist(), label.class_map.tolist()) == ([[0, 1, 0]], [[0, 1, 255]])


def test_classes_kinds_and_crowds(tmp_path: Path) -> None:
    small(tmp_path, [[0, 3, 3, 5], [0, 0, 9, 9]])
    written(tmp_path / "classes/a.png", [[1, 2, 2, 3], [255, 0, 3, 3]])
    written(tmp_path / "crowd/a.png", [[0, 0, 0, 0], [0, 0, 1, 1]])
    (tmp_path / "legend.csv").write_text(
        "name,value,kind\nbackground,0,\nsky,1,stuff\ncat,2,thing\ndog,3,thing\nignore,255,\n"
    )
    dataset = open_data(tmp_path)
    assert dataset.labels.classes == ("background", "sky", "cat", "dog")
    assert (dataset.labels.things, dataset.labels.stuff) == ((2, 3), (1,))
    _, label = dataset.read(dataset.samples[0])
    assert label.maps[CLASSES].tolist() == [[1, 2, 2, 3], [255, 0, 3, 3]]
    assert label.maps[INSTANCES].tolist() == [[0, 1, 1, 2], [0, 0, 3, 3]]
    assert label.maps[CROWD].tolist() == [[0, 0, 0, 0], [0, 0, 1, 1]]
    kinds = [(one.class_id, one.is_crowd, one.area) for one in dataset.objects(dataset.samples[0])]
    assert kinds == [(2, False, 2), (3, False, 1), (3, True, 2), (1, False, 1), (255, False, 1)]
    semantic = open_data(tmp_path, task="semantic")
    assert not semantic.labels.things
    _, label = semantic.read(semantic.samples[0])
    assert label.maps.keys() == {CLASSES}
    assert label.class_map.tolist() == [[1, 2, 2, 3], [255, 0, 3, 3]]


def test_classes_need_names(tmp_path: Path) -> None:
    small(tmp_path, [[0, 3]])
    written(tmp_path / "classes/a.png", [[0, 2]])
    with pytest.raises(DataError, match=r"holds a folder of classes but no legend\.csv; name them"):
        open_data(tmp_path)
    (tmp_path / "legend.csv").write_text("name,value,kind\nbackground,0,\nsky,1,heaven\ncat,2,thing\n")
    with pytest.raises(DataError, match=r"legend\.csv, line 3: kind 'heaven' should be thing or stuff"):
        open_data(tmp_path)


def test_objects_without_classes_beside_others_that_have_them_are_told(tmp_path: Path) -> None:
    small(tmp_path, [[0, 3]])
    written(tmp_path / "classes/a.png", [[0, 2]])
    for folder in ("images", "instances"):
        shutil.copy(tmp_path / folder / "a.png", tmp_path / folder / "b.png")
    (tmp_path / "legend.csv").write_text("name,value\nbackground,0\ncat,1\ndog,2\n")
    with pytest.raises(
        DataError, match=r"b\.png has its objects numbered but no picture .* in 'classes'; add it"
    ):
        open_data(tmp_path)
    checked = check(tmp_path)
    assert [one.kind for one in checked.result.findings if one.severity == "error"] == ["pair-no-mask"]
    (tmp_path / "instances/b.png").unlink()  # an image that nobody labelled is none of them
    assert [one.labels for one in open_data(tmp_path).samples if one.name == "b"] == [{}]


def test_plain_masks_are_objects_where_that_is_wished(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a", values=(0, 1, 2))
    assert not open_data(tmp_path).labels.things
    dataset = open_data(tmp_path, task="instance")
    assert (dataset.layout, dataset.labels.things) == ("paired", (1,))
    assert dataset.read(dataset.samples[0])[1].instance_map.max() == 2
    assert dataset.opened == (str(tmp_path), "--task", "instance")


def test_a_set_of_classes_cannot_be_wished_into_objects(tmp_path: Path) -> None:
    pairs(tmp_path, "train/a:trainannot/a", values=(0, 1, 2))
    with pytest.raises(DataError, match=r"\(camvid\) tells no objects apart, .* use --task semantic"):
        open_data(tmp_path, task="instance")


def test_sizes_that_differ_are_refused(tmp_path: Path) -> None:
    small(tmp_path, [[0, 3]])
    written(tmp_path / "instances/a.png", [[0, 3, 3]])
    dataset = open_data(tmp_path)
    with pytest.raises(DataError, match="is 3×1 pixels but its image is 2×1"):
        dataset.read(dataset.samples[0])


def test_numbers_in_colours_are_told_what_they_should_be(tmp_path: Path) -> None:
    small(tmp_path, [[0, 3]])
    written(tmp_path / "instances/a.png", [[[0, 0, 0], [200, 0, 9]]])
    dataset = open_data(tmp_path)
    with pytest.raises(
        DataError, match=r"a coloured mask; save the number of each object in grey of 8 or 16 bits"
    ):
        dataset.read(dataset.samples[0])


def test_frames_and_augmentation_carry_every_map(tmp_path: Path) -> None:
    ids = np.kron(np.arange(16).reshape(4, 4) * 300, np.ones((8, 8))).astype(np.uint16)
    small(tmp_path, ids, np.uint16)
    written(tmp_path / "crowd/a.png", ids == 600)
    dataset = open_data(tmp_path)
    scale = Scale(policy="fit", size=(64, 96))
    cache = Cache(tmp_path / "cache")
    frames = read_frames(dataset, scale, Values(), cache)
    images, labels = frames.batch(torch.tensor([0]))
    assert {name: values.dtype for name, values in labels.maps.items()} == {
        CLASSES: torch.uint8,
        INSTANCES: torch.int32,
        CROWD: torch.uint8,
    }
    expected = np.kron(np.arange(16).reshape(4, 4), np.ones((16, 16))).astype(np.int32)
    np.testing.assert_array_equal(labels.maps[INSTANCES][0, :, 16:80], expected)
    np.testing.assert_array_equal(labels.maps[CROWD][0, :, 16:80], expected == 2)
    outside = {name: int(values[0, 0, 0]) for name, values in labels.maps.items()}
    assert outside == {CLASSES: 255, INSTANCES: 0, CROWD: 0}
    generator = torch.Generator().manual_seed(0)
    _, moved = augment(images.float(), labels, Augment(rotate=40), Values(), generator)
    assert moved.maps[INSTANCES].dtype == torch.int32
    assert set(moved.maps[INSTANCES].ravel().tolist()) <= set(range(16))
    known = moved.maps[CLASSES] != 255
    assert torch.equal(moved.maps[INSTANCES][known] > 0, moved.maps[CLASSES][known] == 1)
    assert torch.equal(moved.maps[INSTANCES] == 2, moved.maps[CROWD] == 1)
    written(tmp_path / "crowd/a.png", ids == 900)  # another crowd makes another frame
    again = read_frames(open_data(tmp_path), scale, Values(), cache)
    assert not torch.equal(again.batch(torch.tensor([0]))[1].maps[CROWD], labels.maps[CROWD])

"""COCO's panoptic format, held to its definition: https://cocodataset.org/#format-data, by a reader of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from pixelwise.data.scenes import write_scenes
from pixelwise.errors import DataError
from pixelwise.types import CLASSES, CROWD, INSTANCES
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data

Segment = tuple[str, bool, bool, NDArray[np.bool_]]


def by_definition(path: Path) -> dict[str, list[Segment]]:
    """(category, is thing, is crowd, mask) of every segment by image; areas, boxes and ids agree with the PNGs."""
    document = json.loads(path.read_text())
    categories = {one["id"]: one for one in document["categories"]}
    images = {one["id"]: one for one in document["images"]}
    found: dict[str, list[Segment]] = {}
    for annotation in document["annotations"]:
        with PIL.Image.open(path.with_suffix("") / annotation["file_name"]) as picture:
            assert picture.mode == "RGB"
            colours = np.array(picture).astype(np.int64)
        image = images.pop(annotation["image_id"])
        assert colours.shape[:2] == (image["height"], image["width"])
        ids = colours @ np.array([1, 256, 256**2])
        assert set(np.unique(ids)) - {0} == {one["id"] for one in annotation["segments_info"]}
        found[Path(image["file_name"]).stem] = []
        for one in annotation["segments_info"]:
            mask = ids == one["id"]
            ys, xs = np.nonzero(mask)
            assert one["area"] == mask.sum()
            left, top = int(xs.min()), int(ys.min())
            assert one["bbox"] == [left, top, int(xs.max()) - left + 1, int(ys.max()) - top + 1]
            category = categories[one["category_id"]]
            segment = (category["name"], category["isthing"] == 1, one["iscrowd"] == 1, mask)
            found[Path(image["file_name"]).stem].append(segment)
    assert not images
    return found


def in_order(segments: list[Segment]) -> list[tuple[str, bool, bool, bytes]]:
    return sorted((*one[:3], one[3].tobytes()) for one in segments)


def read(folder: Path) -> dict[str, list[Segment]]:
    dataset = open_data(folder, task="panoptic")
    assert dataset.layout == "coco_panoptic"
    labels = dataset.labels
    return {
        Path(sample.name).name: [
            (labels.classes[one.class_id], one.class_id in labels.things, one.is_crowd, one.to_mask())
            for one in dataset.objects(sample)
        ]
        for sample in dataset.samples
    }


def test_cocos_own_examples(data_root: Path) -> None:
    expected = by_definition(data_root / "coco_panoptic/panoptic_examples.json")
    found = read(data_root / "coco_panoptic")
    assert found.keys() == expected.keys() == {"000000142238", "000000439180"}
    for name, segments in expected.items():
        assert in_order(found[name]) == in_order(segments)
        assert len(segments) > 5
    dataset = open_data(data_root / "coco_panoptic")
    labels = dataset.labels
    assert (len(labels.classes), len(labels.things), len(labels.stuff)) == (133, 80, 53)
    for sample in dataset.samples:
        maps = dataset.read(sample)[1].maps
        crowd, void = np.zeros(maps[CLASSES].shape, bool), np.ones(maps[CLASSES].shape, bool)
        for name, is_thing, is_crowd, mask in expected[sample.name]:
            assert (maps[CLASSES][mask] == labels.classes.index(name)).all()
            numbers = np.unique(maps[INSTANCES][mask])
            assert len(numbers) == 1
            assert (numbers[0] > 0) == is_thing
            crowd |= mask & is_crowd
            void &= ~mask
        np.testing.assert_array_equal(maps[CROWD] > 0, crowd)
        np.testing.assert_array_equal(maps[CLASSES] == 255, void)
        assert void.any()


@pytest.mark.slow
def test_cocos_own_examples_go_round(data_root: Path, tmp_path: Path) -> None:
    dataset = open_data(data_root / "coco_panoptic")
    done = convert(dataset, tmp_path / "out", "coco-panoptic")
    assert (done.images, done.lost) == (2, ())
    written = by_definition(tmp_path / "out/annotations/panoptic.json")
    again = read(tmp_path / "out")
    for name, segments in by_definition(data_root / "coco_panoptic/panoptic_examples.json").items():
        assert in_order(written[name]) == in_order(again[name]) == in_order(segments)
    assert open_data(tmp_path / "out").labels == dataset.labels
    convert(open_data(tmp_path / "out"), tmp_path / "masks", "masks")  # and through another format
    convert(open_data(tmp_path / "masks"), tmp_path / "back", "coco-panoptic")
    for name, segments in by_definition(tmp_path / "back/annotations/panoptic.json").items():
        assert in_order(segments) == in_order(again[name])


@pytest.mark.parametrize("stuff", [True, False])
def test_scenes_go_round_with_their_splits(tmp_path: Path, stuff: bool) -> None:
    scenes = open_data(write_scenes(tmp_path / "scenes", 6, size=(48, 64), stuff=stuff))
    assert convert(scenes, tmp_path / "out", "coco-panoptic").lost == ()
    for split in ("train", "val", "test"):
        by_definition(tmp_path / f"out/annotations/panoptic_{split}.json")
    again = open_data(tmp_path / "out")
    assert (again.layout, again.labels) == ("coco_panoptic", scenes.labels)
    by_name = {Path(sample.name).name: sample for sample in again.samples}
    for sample in scenes.samples:
        back = by_name[sample.name]
        assert back.split == sample.split
        maps = again.read(back)[1].maps
        for name, expected in scenes.read(sample)[1].maps.items():
            if name == CLASSES:
                np.testing.assert_array_equal(maps[name], expected)
            else:  # numbered anew
                pairs = set(zip(maps[name].ravel().tolist(), expected.ravel().tolist(), strict=True))
                assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """One image of 2×2 pixels: a person of id 1 + 256, sky of id 65536, and a pixel that nobody labelled."""
    (tmp_path / "images").mkdir()
    (tmp_path / "panoptic").mkdir()
    PIL.Image.new("RGB", (2, 2), (90, 9, 9)).save(tmp_path / "images/a.jpg")
    colours = np.array([[[1, 1, 0], [0, 0, 1]], [[0, 0, 1], [0, 0, 0]]], np.uint8)
    PIL.Image.fromarray(colours).save(tmp_path / "panoptic/a.png")
    segments = [{"id": 257, "category_id": 7, "iscrowd": 0}, {"id": 65536, "category_id": 3, "iscrowd": 0}]
    document: dict[str, Any] = {
        "images": [{"id": 5, "file_name": "a.jpg", "height": 2, "width": 2}],
        "annotations": [{"image_id": 5, "file_name": "a.png", "segments_info": segments}],
        "categories": [
            {"id": 7, "name": "person", "isthing": 1},
            {"id": 3, "name": "sky", "isthing": 0},
        ],
    }
    (tmp_path / "panoptic.json").write_text(json.dumps(document))
    return tmp_path, document


def test_by_hand(small: tuple[Path, dict[str, Any]]) -> None:
    dataset = open_data(small[0])
    assert (dataset.labels.classes, dataset.labels.things, dataset.labels.background) == (
        ("person", "sky"),
        (0,),
        None,
    )
    maps = dataset.read(dataset.samples[0])[1].maps
    assert maps[CLASSES].tolist() == [[0, 1], [1, 255]]
    assert maps[INSTANCES].tolist() == [[1, 0], [0, 0]]
    assert [one.original for one in dataset.objects(dataset.samples[0])] == [257, 65536]


def test_categories_may_lie_beside(small: tuple[Path, dict[str, Any]]) -> None:
    folder, document = small
    categories = document.pop("categories")
    (folder / "panoptic.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"lists no categories; put panoptic_coco_categories\.json beside it"):
        open_data(folder)
    (folder / "panoptic_coco_categories.json").write_text(json.dumps(categories))
    assert open_data(folder).labels.classes == ("person", "sky")


def test_a_folder_with_both_kinds_of_json_is_read_by_the_task(data_root: Path, tmp_path: Path) -> None:
    shutil.copytree(data_root / "coco_panoptic", tmp_path / "coco")
    things = open_data(data_root / "coco_panoptic")
    convert(things, tmp_path / "things", "coco")
    shutil.copy(tmp_path / "things/annotations/instances.json", tmp_path / "coco")
    assert open_data(tmp_path / "coco").layout == "coco"
    assert open_data(tmp_path / "coco", task="panoptic").layout == "coco_panoptic"


def test_an_image_without_annotation_has_no_label(small: tuple[Path, dict[str, Any]]) -> None:
    folder, document = small
    PIL.Image.new("RGB", (2, 2)).save(folder / "images/b.jpg")
    document["images"].append({"id": 6, "file_name": "b.jpg", "height": 2, "width": 2})
    (folder / "panoptic.json").write_text(json.dumps(document))
    dataset = open_data(folder)
    assert [bool(sample.labels) for sample in dataset.samples] == [True, False]
    with pytest.raises(DataError, match=r"b\.jpg has no label; add one"):
        dataset.read(dataset.samples[1])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", 256, r"a\.png shows a segment 257, which panoptic\.json does not list; add it there"),
        ("id", 65536, "has the id 65536, which another has too or a PNG cannot hold"),
        ("id", 0, "has the id 0, which another has too or a PNG cannot hold"),
        ("id", 1 << 24, "which another has too or a PNG cannot hold"),
        ("id", "x257", "has the 'id' \"x257\", which is no whole number; number it"),
        ("category_id", 9, "is of category 9, which the file does not list; add it"),
    ],
)
def test_segments_that_do_not_fit_are_refused(
    small: tuple[Path, dict[str, Any]], key: str, value: object, message: str
) -> None:
    folder, document = small
    document["annotations"][0]["segments_info"][0][key] = value
    (folder / "panoptic.json").write_text(json.dumps(document))
    dataset = open_data(folder)
    with pytest.raises(DataError, match=message):
        dataset.read(dataset.samples[0])


def test_pictures_that_do_not_fit_are_refused(small: tuple[Path, dict[str, Any]]) -> None:
    folder, document = small
    PIL.Image.fromarray(np.zeros((2, 2), np.uint8)).save(folder / "panoptic/a.png")
    dataset = open_data(folder)
    with pytest.raises(DataError, match="is of the kind L, but ids of segments are coded in RGB of 8 bits"):
        dataset.read(dataset.samples[0])
    PIL.Image.new("RGB", (3, 2)).save(folder / "panoptic/a.png")
    with pytest.raises(DataError, match="is 3×2 pixels but its image is 2×2"):
        dataset.read(dataset.samples[0])
    (folder / "panoptic/a.png").unlink()
    with pytest.raises(DataError, match=r"lists a\.png, which is not in panoptic; put the PNGs there"):
        open_data(folder)
    document["images"][0]["width"] = 3
    (folder / "panoptic.json").write_text(json.dumps(document))
    PIL.Image.new("RGB", (2, 2)).save(folder / "panoptic/a.png")
    dataset = open_data(folder)
    with pytest.raises(DataError, match=r"says that a\.jpg is 3×2 pixels but it is 2×2"):
        dataset.read(dataset.samples[0])
    document["images"][0]["id"] = 4
    (folder / "panoptic.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="annotates image 5, which it does not list"):
        open_data(folder)

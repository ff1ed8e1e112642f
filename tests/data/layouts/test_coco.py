"""COCO's lists: an image that they list more than once, and the size that they say of it."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.test_convert_told import squares

from pixelwise.errors import DataError
from pixelwise.workflows.check import check
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data


def also_listed(root: Path, name: str, *, without: int) -> None:
    """The same images in another file, which lacks some annotations."""
    document = json.loads((root / "instances.json").read_text())
    document["annotations"] = document["annotations"][without:]
    (root / name).write_text(json.dumps(document))


@pytest.mark.parametrize("image_id", [1, 2])
def test_an_image_that_is_listed_twice_is_told(tmp_path: Path, image_id: int) -> None:
    root = squares(tmp_path / "data", ["cat", "dog", "cow", "rest"])
    document = json.loads((root / "instances.json").read_text())
    document["images"].append({**document["images"][0], "id": image_id})
    document["annotations"][0]["image_id"] = image_id
    (root / "instances.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"instances\.json lists a\.png twice"):
        open_data(root)
    checked = check(root)
    [finding] = [one for one in checked.result.findings if one.severity == "error"]
    assert finding.kind == "annotation-stray"


@pytest.mark.parametrize("name", ["instances_more.json", "instances_train.json"])
def test_two_files_over_the_same_images_are_refused(tmp_path: Path, name: str) -> None:
    root = squares(tmp_path / "data", ["cat", "dog", "rest"])
    also_listed(root, name, without=1)
    with pytest.raises(DataError, match=rf"instances\.json and .*{name} both list a\.png; keep one"):
        open_data(root)


def test_two_splits_keep_their_own_annotations_of_one_image(tmp_path: Path) -> None:
    root = squares(tmp_path / "data", ["cat", "dog", "cow", "rest"])
    also_listed(root, "instances_train.json", without=0)
    also_listed(root, "instances_val.json", without=2)
    (root / "instances.json").unlink()
    dataset = open_data(root)
    assert {one.split: len(dataset.objects(one)) for one in dataset.samples} == {"train": 3, "val": 1}
    assert "leak" in " ".join(one.kind for one in check(root).result.findings)


def test_one_png_of_two_panoptic_lists_is_of_one(tmp_path: Path) -> None:
    root = tmp_path / "panoptic"
    convert(open_data(squares(tmp_path / "data", ["cat", "dog", "rest"])), root, "coco-panoptic")
    listed = root / "annotations/panoptic.json"
    shutil.move(root / "annotations/panoptic", root / "panoptic")
    document: dict[str, Any] = json.loads(listed.read_text())
    listed.unlink()
    (root / "annotations/panoptic_train.json").write_text(json.dumps(document))
    document["annotations"][0]["segments_info"].reverse()
    (root / "annotations/panoptic_val.json").write_text(json.dumps(document))
    with pytest.raises(
        DataError, match=r"panoptic_train\.json and .*panoptic_val\.json list different segments"
    ):
        open_data(root)
    (root / "annotations/panoptic_more.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"panoptic_more\.json and .*panoptic_train\.json both list a\.png"):
        open_data(root)


def sized(root: Path, listed: str, **told: Any) -> Path:
    """The same with other entries of the image; None takes one away."""
    path = root / listed
    document = json.loads(path.read_text())
    [image] = document["images"]
    document["images"] = [
        {name: value for name, value in {**image, **told}.items() if value is not None},
    ]
    path.write_text(json.dumps(document))
    return root


@pytest.mark.parametrize("panoptic", [False, True])
def test_a_size_may_be_a_whole_number_with_a_point(tmp_path: Path, panoptic: bool) -> None:
    root, listed = squares(tmp_path / "data", ["cat", "dog", "rest"]), "instances.json"
    if panoptic:
        convert(open_data(root), tmp_path / "panoptic", "coco-panoptic")
        root, listed = tmp_path / "panoptic", "annotations/panoptic.json"
    before = open_data(root)
    expected = [one.counts for one in before.objects(before.samples[0])]
    dataset = open_data(sized(root, listed, height=20.0, width=60.0))
    assert [one.counts for one in dataset.objects(dataset.samples[0])] == expected
    assert len(expected) >= 2


@pytest.mark.parametrize("panoptic", [False, True])
@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"height": 20.5},
            "says 20.5 for the 'height' of the image, which is no whole number above 0; write",
        ),
        ({"width": 0}, "says 0 for the 'width'"),
        ({"width": -60.0}, "says -60.0 for the 'width'"),
        ({"height": "20"}, "says \"20\" for the 'height'"),
        ({"height": True}, "says true for the 'height'"),
        ({"height": float("inf")}, "says Infinity for the 'height'"),
        ({"height": None}, "lacks the 'height' of the image; write it there,"),
    ],
)
def test_a_size_that_is_none_is_shown(
    tmp_path: Path, told: dict[str, Any], said: str, panoptic: bool
) -> None:
    root, listed = squares(tmp_path / "data", ["cat", "dog", "rest"]), "instances.json"
    if panoptic:
        convert(open_data(root), tmp_path / "panoptic", "coco-panoptic")
        root, listed = tmp_path / "panoptic", "annotations/panoptic.json"
    where = re.escape(f"the entry of a.png in {root / listed} {said}")
    with pytest.raises(DataError, match=rf"^{where}.*in pixels\.$"):
        open_data(sized(root, listed, **told))


@pytest.mark.parametrize("empty", ["val", "train", "both"])
def test_a_split_without_objects_comes_back(tmp_path: Path, empty: str) -> None:
    root = tmp_path / "data"
    for split, value in (("train", "train"), ("val", "val")):
        squares(root, ["cat", "rest"], split)
        named = root / f"instances_{split}.json"
        named.write_text(named.read_text().replace("a.png", f"{split}.png"))
        (root / split / "a.png").rename(root / split / f"{split}.png")
        if empty in {value, "both"}:
            path = root / f"instances_{split}.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "annotations": []}))
    for again in (root, tmp_path / "out"):
        dataset = open_data(again)
        assert dataset.labels.classes == ("background", "cat", "rest")
        counts = {one.split: len(dataset.objects(one)) for one in dataset.samples}
        assert counts == {one: int(empty not in {one, "both"}) for one in ("train", "val")}
        if again == root:
            convert(dataset, tmp_path / "out", "coco")


def test_lists_of_joints_of_segments_and_of_no_annotations_are_no_instances(tmp_path: Path) -> None:
    root = squares(tmp_path / "data", ["cat", "rest"], "train")
    document = {**json.loads((root / "instances_train.json").read_text()), "annotations": []}
    for name, more in (("panoptic_val", {"isthing": 1}), ("people_val", {"keypoints": ["head"]})):
        changed = {**document, "categories": [{**one, **more} for one in document["categories"]]}
        (root / f"{name}.json").write_text(json.dumps(changed))
    (root / "image_info_test.json").write_text(
        json.dumps({key: document[key] for key in ("images", "categories")})
    )
    assert [one.name for one in open_data(root).samples] == ["a"]


def boxed(path: Path, empty: bool) -> None:
    """A list of boxes alone; ``empty`` as some programs write them, with a segmentation of nothing."""
    document = json.loads(path.read_text())
    for one in document["annotations"]:
        del one["segmentation"]
        one |= {"bbox": [2, 2, 6, 6]} | ({"segmentation": []} if empty else {})
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("empty", [False, True])
def test_boxes_alone_are_told(tmp_path: Path, empty: bool) -> None:
    root = squares(tmp_path / "data", ["cat", "rest"], "train")
    boxed(root / "instances_train.json", empty)
    for layout in (None, "coco"):
        with pytest.raises(DataError, match=r"instances_train\.json has boxes but no segmentation; outline"):
            open_data(root, layout=layout)
    squares(root, ["cat", "rest"], "val")
    with pytest.raises(DataError, match=r"instances_train\.json has boxes but no segmentation"):
        open_data(root)
    assert "annotation-outline" in {one.kind for one in check(root).result.findings}
    document = json.loads((root / "instances_val.json").read_text())
    document["annotations"].append({"id": 9, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]})
    (root / "instances_val.json").write_text(json.dumps(document))
    (root / "instances_train.json").unlink()
    dataset = open_data(root)
    with pytest.raises(DataError, match=r"annotation 9 in .* has a box but no segmentation; outline the"):
        dataset.objects(dataset.samples[0])


def test_ids_may_be_written_with_a_point_or_as_text(tmp_path: Path) -> None:
    root = squares(tmp_path / "data", ["cat", "dog", "rest"])
    before = [(one.class_id, one.counts) for one in open_data(root).objects(open_data(root).samples[0])]
    document = json.loads((root / "instances.json").read_text())
    for number, one in enumerate(document["annotations"]):
        one |= {"id": float(one["id"]), "category_id": [1.0, "2"][number], "image_id": [1.0, "1"][number]}
    document["images"][0]["id"] = 1.0
    document["categories"][1]["id"] = "2"
    (root / "instances.json").write_text(json.dumps(document))
    dataset = open_data(root)
    after = [(one.class_id, one.counts) for one in dataset.objects(dataset.samples[0])]
    assert (after, len(after)) == (before, 2)
    assert not {one.kind for one in check(root).result.findings if one.severity == "error"}
    document["annotations"][1]["image_id"] = "IMG-1"
    (root / "instances.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"has the 'image_id' \"IMG-1\", which is no whole number"):
        open_data(root)


def test_categories_may_have_gaps_between_their_ids(tmp_path: Path) -> None:
    root = squares(tmp_path / "data", ["cat", "dog", "rest"])
    document = json.loads((root / "instances.json").read_text())
    for one, number in zip(document["categories"], (90, 7, 0), strict=True):
        one["id"] = number
    for one, number in zip(document["annotations"], (7, 0), strict=True):
        one["category_id"] = number
    (root / "instances.json").write_text(json.dumps(document))
    dataset = open_data(root)
    _, label = dataset.read(dataset.samples[0])
    # dog is listed second, rest third, and their squares begin at 2 and 10
    assert (label.class_map[4, 4], label.class_map[4, 12]) == (2, 3)


def test_a_folder_for_each_split_with_its_list_and_images(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for folder, name in (("train", "a"), ("valid", "b"), ("test", "c")):
        squares(root / folder, ["cat", "rest"])
        listed, inside = root / folder / "_annotations.coco.json", root / folder / "images/a.png"
        (root / folder / "instances.json").rename(listed)
        listed.write_text(listed.read_text().replace("a.png", f"{name}.png"))
        inside.rename(root / folder / f"{name}.png")
    dataset = open_data(root)
    assert dataset.layout == "coco"
    names = [(one.name, one.split) for one in dataset.samples]
    assert names == [("test/c", "test"), ("train/a", "train"), ("val/b", "val")]
    assert [len(dataset.objects(one)) for one in dataset.samples] == [1, 1, 1]


@pytest.mark.parametrize("folder", ["", "train"])
def test_images_may_lie_in_data(tmp_path: Path, folder: str) -> None:
    root = squares(tmp_path / "set" / folder, ["cat", "rest"])
    (root / "images").rename(root / "data")
    (root / "instances.json").rename(root / "labels.json")
    dataset = open_data(tmp_path / "set")
    assert [one.image for one in dataset.samples] == [root / "data/a.png"]


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_names_from_another_computer_are_found(tmp_path: Path, stored: Any) -> None:
    root = squares(tmp_path / "data", ["cat", "rest"])
    name = unicodedata.normalize(stored, "café.png")
    other = unicodedata.normalize("NFD" if stored == "NFC" else "NFC", "café.png")
    (root / "images/sub").mkdir()
    (root / "images/a.png").rename(root / "images/sub" / name)
    document = json.loads((root / "instances.json").read_text())
    document["images"][0]["file_name"] = f"sub\\{other}"
    (root / "instances.json").write_text(json.dumps(document))
    dataset = open_data(root)
    assert [one.name for one in dataset.samples] == ["sub/café"]
    assert len(dataset.objects(dataset.samples[0])) == 1


@pytest.mark.parametrize("to", ["coco", "coco-panoptic", "yolo", "labelme"])
def test_two_images_of_one_name_are_told(tmp_path: Path, to: str) -> None:
    convert(open_data(squares(tmp_path / "data", ["cat", "rest"])), tmp_path / "out", to)
    image = next(path for path in (tmp_path / "out").rglob("a.png") if path.parent.name in {"images", "out"})
    shutil.copy(image, image.with_suffix(".bmp"))
    for listed in (tmp_path / "out").glob("annotations/*.json"):
        document = json.loads(listed.read_text())
        document["images"].append({**document["images"][0], "id": 2, "file_name": "a.bmp"})
        if to == "coco-panoptic":
            document["annotations"].append({**document["annotations"][0], "image_id": 2})
        listed.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"a\.(png|bmp) would both be called 'a'; rename one of them"):
        open_data(tmp_path / "out")
    kinds = [one.kind for one in check(tmp_path / "out").result.findings if one.severity == "error"]
    assert "pair-clash" in kinds

"""COCO's keypoints: what is read of them, where pictures are found, and what is refused."""

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from tests.real import RealSet

import pixelwise
from pixelwise.data.dataset import check_pairs, image_sizes
from pixelwise.data.layouts import cocokeypoints
from pixelwise.errors import DataError
from pixelwise.skeleton import COCO_17, LSP_14
from pixelwise.types import IGNORE_INDEX, JOINTS
from pixelwise.workflows.check import check

CATEGORY = {
    "id": 1,
    "name": "person",
    "keypoints": ["left_a", "right_a", "neck"],
    "skeleton": [[1, 3], [2, 3]],
}


def person(image: int | str, **changes: Any) -> dict[str, Any]:
    keypoints = [10, 12, 2, 20, 12, 1, 0, 0, 0]
    return {
        **{"image_id": image, "category_id": 1, "bbox": [8, 10, 16, 12], "area": 100.0, "iscrowd": 0},
        **{"keypoints": keypoints, "num_keypoints": 2, **changes},
    }


def written(
    root: Path, people: list[dict[str, Any]], name: str = "person_keypoints_train.json", **changes: Any
) -> Path:
    """A folder of two pictures of 48 × 40 pixels in ``train`` and a file of joints."""
    (root / "train").mkdir(parents=True, exist_ok=True)
    for stem in ("one", "two"):
        PIL.Image.new("RGB", (48, 40)).save(root / "train" / f"{stem}.jpg")
    images = [{"id": 1, "file_name": "one.jpg"}, {"id": 2, "file_name": "two.jpg"}]
    values = {"images": images, "annotations": people, "categories": [CATEGORY], **changes}
    (root / name).write_text(json.dumps(values))
    return root


def test_joints_are_in_the_middle_of_pixels_and_boxes_are_edges(tmp_path: Path) -> None:
    data = pixelwise.open_data(
        written(tmp_path, [person(1), person(1, iscrowd=1), person(1, keypoints=[0] * 9)])
    )
    assert (data.layout, data.skeleton is not None and data.skeleton.partners) == (
        "coco_keypoints",
        (1, 0, 2),
    )
    one, two = data.samples
    assert (one.name, one.split, two.name) == ("one", "train", "two")
    image, label = data.read(one)
    assert image.shape == (40, 48, 3)
    people = label.people
    assert people is not None
    np.testing.assert_array_equal(people.keypoints[0], [[10.5, 12.5], [20.5, 12.5], [0.5, 0.5]])
    assert people.visibility.tolist() == [[2, 1, 0], [2, 1, 0], [0, 0, 0]]
    assert people.boxes[0].tolist() == [8, 10, 24, 22]
    assert people.is_crowd.tolist() == [False, True, False]
    # The crowd and who has no joints lie in one box: nothing is said of joints there.
    expected = np.zeros((40, 48), np.uint8)
    expected[10:22, 8:24] = IGNORE_INDEX
    np.testing.assert_array_equal(label.maps[JOINTS], expected)
    nobody = data.read(two)[1].people
    assert nobody is not None
    assert len(nobody) == 0
    check_pairs(data.samples)


def test_a_single_person_is_cut_out(tmp_path: Path) -> None:
    """The box is 16 × 12 with joints inside; 25% of 16 more on each side, cut at the border."""
    data = pixelwise.open_data(written(tmp_path, [person(1), person(2, bbox=[1, 10, 23, 12])])).cropped(0.25)
    image, label = data.read(data.samples[0])
    assert image.shape[:2] == (20, 24)  # x 4 to 28, y 6 to 26
    assert label.people is not None
    np.testing.assert_array_equal(label.people.keypoints[0, :2], [[6.5, 6.5], [16.5, 6.5]])
    assert data.read(data.samples[1])[0].shape[:2] == (24, 30)  # x 0 (not -4.75) to 29.75, y 4.25 to 27.75
    assert image_sizes(data) == {(20, 24): 1, (24, 30): 1}
    two = pixelwise.open_data(written(tmp_path, [person(1), person(1)])).cropped(0.25)
    assert two.read(two.samples[0])[0].shape[:2] == (40, 48)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: written(root, [person(1, keypoints=[1, 2])]), "3 joints of x, y and visibility"),
        (lambda root: written(root, [person(1, keypoints=[1, 2, 7] * 3)]), "3 joints of x, y and visibility"),
        (lambda root: written(root, [person(1, bbox=[1, 2])]), "a bbox of four numbers"),
        (lambda root: written(root, [person(1, keypoints=[float("nan"), 2, 2] * 3)]), "sizes that an image can"),
        (lambda root: written(root, [person(1, keypoints=[2e6, 2, 2] * 3)]), "sizes that an image can have"),
        (lambda root: written(root, [person(1, bbox=[9, 9, -3, 4])]), "sizes that an image can have"),
        (lambda root: written(root, [person(1, area=-1)]), "sizes that an image can have"),
        (lambda root: written(root, [person(1, area=float("nan"))]), "sizes that an image can have"),
        (lambda root: written(root, [person(7)]), "annotations of image 7, which it does not list"),
        (lambda root: written(root, [person(1, category_id=5)]), "category 5, which the file does not list"),
        (lambda root: written(root, [person(1, category_id=2)], categories=[CATEGORY, {"id": 2, "name": "car"}]),
         "category 2, which has no joints"),
        (lambda root: written(root, [], categories=[]), "no file of keypoints"),
        (lambda root: written(root, [], categories=[{**CATEGORY, "skeleton": [[1, 9]]}]), "keypoints is wrong"),
        (lambda root: written(root, [], categories=[{**CATEGORY, "skeleton": [[1, 9]]}]),
         "skeleton joins 1 and 9, but joints are counted from 1 to 3"),
        (lambda root: written(root, [], images=[{"id": 1, "file_name": "gone.jpg"}]), "names 'gone.jpg'"),
        (lambda root: (written(root, []) / "person_keypoints_train.json").write_text("{"), "cannot be read as JSON"),
        (
            lambda root: written(written(root, []), [], "person_keypoints_val.json", categories=[
                {**CATEGORY, "keypoints": ["a", "b", "c"]}]),
            "name different joints",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(tmp_path)
    with pytest.raises(DataError, match=message):
        pixelwise.open_data(tmp_path)


def test_the_box_has_the_area_where_none_is_told(tmp_path: Path) -> None:
    bare = person(2)
    del bare["area"]
    data = pixelwise.open_data(written(tmp_path, [person(1, area=None), bare]))
    for sample in data.samples:
        assert sample.people is not None
        assert sample.people.areas.tolist() == [16 * 12]


def test_what_is_beside_people_is_left_alone(tmp_path: Path) -> None:
    car = {"image_id": 1, "category_id": 2, "bbox": [1, 1, 4, 4]}
    root = written(tmp_path, [person(1), car], categories=[CATEGORY, {"id": 2, "name": "car"}])
    people = pixelwise.open_data(root).samples[0].people
    assert people is not None
    assert len(people) == 1


def test_a_check_tells_of_strays(tmp_path: Path) -> None:
    found = check(written(tmp_path, [person(1), person(7), person(1, category_id=5)])).result.findings
    assert {"annotation-stray", "annotation-category"} <= {one.kind for one in found}


def pictures(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": at, "file_name": name, **more} for at, name in enumerate(names, start=1)]


def test_the_size_that_is_said_is_that_of_the_picture(tmp_path: Path) -> None:
    """Pictures are 48 wide and 40 high."""
    assert (
        len(pixelwise.open_data(written(tmp_path, [], images=pictures("one.jpg", width=48, height=40)))) == 1
    )
    written(tmp_path, [person(1)], images=pictures("one.jpg", "two.jpg", width=96, height=80))
    with pytest.raises(
        DataError, match=r"says that one\.jpg is 96×80 pixels but it is 48×40; give the very images"
    ):
        pixelwise.open_data(tmp_path)


def test_of_a_picture_that_is_stored_turned_the_orientation_is_named(tmp_path: Path) -> None:
    root = written(tmp_path, [person(1)], images=pictures("one.jpg", width=48, height=40))
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    PIL.Image.new("RGB", (48, 40)).save(root / "train" / "one.jpg", exif=turned)
    with pytest.raises(DataError, match=r"48×40 pixels but it is 40×48; .*EXIF orientation"):
        pixelwise.open_data(root)


@pytest.mark.parametrize("box", [[0, 0, 0, 0], None, []])
@pytest.mark.parametrize("area", [0, None])
def test_of_placeholders_the_joints_are_the_box(
    tmp_path: Path, box: list[int] | None, area: int | None
) -> None:
    """Joints at (10.5, 12.5) and (20.5, 12.5): 10 wide, 0 high, 8 more on each side, as joints are few."""
    root = written(tmp_path, [person(1, bbox=box, area=area), person(2, area=0)])
    data = pixelwise.open_data(root)
    one, two = (sample.people for sample in data.samples)
    assert one is not None
    assert two is not None
    assert one.boxes.tolist() == [[2.5, 4.5, 28.5, 20.5]]
    assert one.areas.tolist() == [26 * 16]
    assert two.areas.tolist() == [16 * 12]  # the box's, which was told
    findings = {finding.kind: finding for finding in check(root).result.findings}
    assert findings["joint-box"].severity == "warning"
    details = [place.detail for place in findings["joint-box"].places]
    assert ["no box" in details[0], "no area" in details[1]] == [True, True]


def test_a_person_of_placeholders_is_cut_out_with_the_joints(tmp_path: Path) -> None:
    spread = [10, 5, 2, 10, 35, 2, 0, 0, 0]  # 30 high: 8 are more than a tenth of it
    data = pixelwise.open_data(written(tmp_path, [person(1, bbox=[0, 0, 0, 0], area=0, keypoints=spread)]))
    image, label = data.cropped(0.25).read(data.cropped(0.25).samples[0])
    assert label.people is not None
    assert image.shape[:2] == (40, 30)  # x 0 to 18.5 + 11.5, all of the height
    assert label.people.areas.tolist() == [16 * 46]


def test_pictures_of_one_id_or_named_twice_are_told(tmp_path: Path) -> None:
    twins = [{"id": 1, "file_name": name} for name in ("one.jpg", "two.jpg")]
    with pytest.raises(DataError, match=r"lists two\.jpg twice, or another image by its id 1"):
        pixelwise.open_data(written(tmp_path, [person(1)], images=twins))
    with pytest.raises(DataError, match=r"lists one\.jpg twice"):
        pixelwise.open_data(written(tmp_path, [], images=pictures("one.jpg", "one.jpg")))
    named = [{"id": name, "file_name": f"{name}.jpg"} for name in ("one", "two")]
    data = pixelwise.open_data(written(tmp_path, [person("two")], images=named))
    assert [len(one.people or ()) for one in data.samples] == [0, 1]


@pytest.mark.parametrize("inner", [".", "annotations"])
def test_a_file_in_each_folder_of_a_split(tmp_path: Path, inner: str) -> None:
    for split, count in (("train", 1), ("valid", 2)):
        people = [person(1)] * count
        part = written(tmp_path / split, people, name="list.json", images=pictures("one.jpg"))
        (part / "train").rename(part / "images")
        (part / inner).mkdir(exist_ok=True)
        (part / "list.json").rename(part / inner / "_annotations.coco.json")
    data = pixelwise.open_data(tmp_path)
    assert [(one.name, one.split, len(one.people or ())) for one in data.samples] == [
        ("train/one", "train", 1),
        ("val/one", "val", 2),
    ]


def test_results_of_one_picture_are_no_lists_and_lists_have_any_name(tmp_path: Path) -> None:
    """What ``predict`` and OpenPose write lies beside pictures with masks, and beside a list."""
    result = json.dumps({"version": 1.3, "people": [{"pose_keypoints_2d": [0.0] * 75}]})
    coco = json.dumps([{"image_id": 1, "category_id": 1, "keypoints": [0] * 9, "score": 1.0}])
    masks, lists = tmp_path / "masks_alone", tmp_path / "lists"
    for root in (masks, lists):
        (root / "openpose").mkdir(parents=True)
        for name, text in (
            ("1_keypoints.json", result),
            ("person_keypoints.json", result),
            ("1_coco.json", coco),
        ):
            (root / "openpose" / name).write_text(text)
    for part, mode in (("images", "RGB"), ("masks", "L")):
        (masks / part).mkdir()
        PIL.Image.new(mode, (48, 40), 255).save(masks / part / "one.png")
    assert not cocokeypoints.detect(masks)
    assert pixelwise.open_data(masks, task="semantic,pose").layout == "paired"
    (lists / "1_keypoints.json").write_text(result)
    data = pixelwise.open_data(written(lists, [person(1)], name="train.json", images=pictures("one.jpg")))
    assert [one.name for one in data.samples] == ["one"]


def masked(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("L", (48, 40), 255).save(path)


def test_masks_are_found_by_split_folder_and_spelling_and_are_never_the_picture(tmp_path: Path) -> None:
    accent = unicodedata.normalize("NFD", "é")
    root = written(tmp_path / "set", [])
    alone = written(tmp_path / "alone", [])
    for name in (f"{accent}.png", "own.png"):
        PIL.Image.new("RGB", (48, 40)).save(root / "train" / name)
    listed = ["one.jpg", "two.jpg", unicodedata.normalize("NFC", "é.png"), str(root / "train" / "own.png")]
    written(root, [], images=pictures(*listed))
    masked(root / "masks" / "train" / "one.png")
    masked(root / "masks" / "two.png")
    masked(root / "masks" / f"{accent}.png")
    found = {one.name: one.labels.get("mask") for one in pixelwise.open_data(root).samples}
    assert found == {
        "one": root / "masks" / "train" / "one.png",
        "two": root / "masks" / "two.png",
        "é": root / "masks" / f"{accent}.png",
        "own": None,
    }
    shutil.copytree(alone / "train", alone / "val")
    written(alone, [], images=pictures("train/one.jpg", "val/one.jpg"))
    masked(alone / "masks" / "one.png")
    with pytest.raises(
        DataError, match=r"one\.png may be of .*train.one\.jpg or of .*val.one\.jpg; put masks into"
    ):
        pixelwise.open_data(alone)
    (alone / "masks" / "one.png").unlink()
    masked(alone / "masks" / "val" / "one.png")
    assert [bool(one.labels) for one in pixelwise.open_data(alone).samples] == [False, True]


def test_a_check_says_that_a_listed_picture_is_missing(tmp_path: Path) -> None:
    root = written(tmp_path, [], images=pictures("one.jpg", "gone.jpg"))
    [finding] = [one for one in check(root).result.findings if one.kind == "annotation-no-image"]
    assert finding.what == "A file of annotations lists an image that is not there."


def test_leeds_sports_pose(real_set: RealSet) -> None:
    data = pixelwise.open_data(real_set("lsp"))
    assert data.skeleton is not None
    assert data.skeleton.joints == LSP_14.joints
    assert set(data.skeleton.limbs) == set(LSP_14.limbs)
    assert (len(data.split("train")), len(data.split("val"))) == (850, 150)
    people = [sample.people for sample in data.samples if sample.people is not None]
    assert sum(int((one.visibility == 2).sum()) for one in people) == 14_000
    image, label = data.cropped(0.2).read(data.samples[0])
    assert image.shape[:2] == label.size


def test_tiny_coco_of_which_half_shows_nobody(real_set: RealSet) -> None:
    data = pixelwise.open_data(real_set("tiny_coco"), layout="coco_keypoints")
    assert data.skeleton == COCO_17
    assert (len(data.split("train")), len(data.split("val"))) == (50, 50)
    people = [sample.people for sample in data.samples if sample.people is not None]
    assert len(people) == 100
    assert sum(int(one.is_marked.sum()) for one in people) == 103
    assert sum(int(one.is_crowd.sum()) for one in people) > 0
    for sample in data.samples:
        data.read(sample)

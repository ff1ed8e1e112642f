"""COCO's lists: an image that they list more than once, and the size that they say of it."""

from __future__ import annotations

import json
import re
import shutil
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

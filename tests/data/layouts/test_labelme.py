"""labelme's files beside their images and elsewhere, and which shapes are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from pixelwise.errors import DataError
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data

POLYGON = {"label": "cell", "points": [[1, 1], [5, 1], [5, 4], [1, 4]], "shape_type": "polygon"}


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", (20, 10), (9, 90, 200)).save(path)
    return path


def listed(path: Path, said: str | None, *shapes: Any, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"shapes": shapes or [POLYGON], "imageHeight": 10, "imageWidth": 20, **more}
    path.write_text(json.dumps(document if said is None else {**document, "imagePath": said}))
    return path


def areas(root: Path) -> dict[str, list[int]]:
    dataset = open_data(root)
    assert dataset.layout == "labelme"
    return {one.name: [found.area for found in dataset.objects(one)] for one in dataset.samples if one.labels}


@pytest.mark.parametrize("said", ["../images/a.png", "..\\images\\a.png"])
def test_files_elsewhere_lead_to_their_images(tmp_path: Path, said: str) -> None:
    image(tmp_path / "images/a.png")
    image(tmp_path / "images/b.png")
    listed(tmp_path / "labels/first.json", said)
    assert areas(tmp_path) == {"images/a": [12]}
    assert [one.name for one in open_data(tmp_path).samples if not one.labels] == ["images/b"]


def test_files_without_an_image_and_two_of_one_are_told(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    listed(tmp_path / "a.json", "renamed.png")  # beside the image: its name decides
    assert areas(tmp_path) == {"a": [12]}
    other = listed(tmp_path / "b.json", "b.png", imageData="aGk=")
    with pytest.raises(
        DataError, match=r"b\.json holds labelme's shapes but its image, 'b\.png', is not there; put"
    ):
        open_data(tmp_path)
    assert "pair-no-image" in {one.kind for one in check(tmp_path).result.findings}
    listed(other, "./a.png")
    with pytest.raises(DataError, match=r"b\.json and .*a\.json are both of a\.png; remove one"):
        open_data(tmp_path)


def test_a_folder_of_such_files_alone_is_named_for_what_it_is(tmp_path: Path) -> None:
    listed(tmp_path / "a.json", "../images/a.png", imageData="aGk=")
    with pytest.raises(
        DataError, match=r"its image, '\.\./images/a\.png', is not there; .*labelme_export_json"
    ):
        open_data(tmp_path)


def test_masks_come_before_the_shapes_that_they_may_have_been_made_of(tmp_path: Path) -> None:
    image(tmp_path / "images/a.png")
    PIL.Image.new("L", (20, 10), 0).save(image(tmp_path / "masks/a.png"))
    with PIL.Image.open(tmp_path / "masks/a.png") as mask:
        mask.paste(255, (2, 2, 5, 5))
        mask.save(tmp_path / "masks/a.png")
    listed(tmp_path / "json/a.json", "../images/a.png")
    assert open_data(tmp_path).layout == "paired"


def test_rectangles_of_two_corners_or_four(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    shape = {"label": "cell", "shape_type": "rectangle"}
    two, four = [[7, 8], [2, 5]], [[2, 5], [7, 5], [7, 8], [2, 8]]
    listed(tmp_path / "a.json", None, {**shape, "points": two}, {**shape, "points": four})
    assert areas(tmp_path) == {"a": [15, 15]}


@pytest.mark.parametrize(
    ("kind", "points", "advice"),
    [
        ("rectangle", [[4, 1], [8, 5], [4, 9], [0, 5]], "give it two opposite corners, or all four"),
        ("rectangle", [[4, 1], [8, 5], [4, 9]], "give it two opposite corners, or all four"),
        ("circle", [[4, 4], [6, 4]], "shapes of other kinds are not read: draw the object as a polygon"),
        ("polygon", [[4, 4], [6, 4]], "give it 3 corners or more"),
    ],
)
def test_why_a_shape_cannot_be_used(tmp_path: Path, kind: str, points: Any, advice: str) -> None:
    image(tmp_path / "a.png")
    listed(tmp_path / "a.json", None, {"label": "cell", "shape_type": kind, "points": points})
    with pytest.raises(DataError, match=rf"shape 1 in .* \({kind}\); {advice}"):
        areas(tmp_path)

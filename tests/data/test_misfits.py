"""Labels of another size than their image, where the image is stored turned."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.errors import DataError
from pixelwise.workflows.data import open_data

HIGH, WIDE = 6, 10
"""What is stored; a quarter turn shows it 6 wide and 10 high."""
POLYGON = [[1, 1], [5, 1], [5, 4], [1, 4]]


def photo(path: Path, orientation: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.new("RGB", (WIDE, HIGH), (9, 90, 200)).save(path, exif=exif)


def coco(root: Path, orientation: int) -> None:
    photo(root / "images/a.jpg", orientation)
    ring = [number for point in POLYGON for number in point]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": HIGH, "width": WIDE}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [ring]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (root / "instances.json").write_text(json.dumps(document))


def labelme(root: Path, orientation: int) -> None:
    photo(root / "a.jpg", orientation)
    shapes = [{"label": "cat", "points": POLYGON, "shape_type": "polygon"}]
    (root / "a.json").write_text(json.dumps({"shapes": shapes, "imageHeight": HIGH, "imageWidth": WIDE}))


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.zeros((HIGH, WIDE), np.uint8)
    values[1:4, 1:5] = 255
    PIL.Image.fromarray(values).save(path)


def ids(root: Path, orientation: int) -> None:
    photo(root / "images/a.jpg", orientation)
    picture(root / "instances/a.png")


def object_masks(root: Path, orientation: int) -> None:
    photo(root / "a/images/a.jpg", orientation)
    picture(root / "a/masks/1.png")


def paired(root: Path, orientation: int) -> None:
    photo(root / "images/a.jpg", orientation)
    picture(root / "masks/a.png")


@pytest.mark.parametrize(
    ("laid_out", "advice"),
    [
        (
            coco,
            "remove the orientation from the image if it was labelled unturned, or exchange height and width",
        ),
        (labelme, "remove the orientation from the image if it was labelled unturned, or exchange height"),
        (ids, "turn the mask in the same way, or remove the orientation from the image"),
        (object_masks, "turn the mask in the same way, or remove the orientation from the image"),
        (paired, "turn the mask in the same way, or remove the orientation from the image"),
    ],
)
def test_a_turned_image_is_named(tmp_path: Path, laid_out: Callable[[Path, int], None], advice: str) -> None:
    laid_out(tmp_path / "upright", 1)
    dataset = open_data(tmp_path / "upright")
    assert dataset.read(dataset.samples[0])[1].class_map.sum() == 12
    laid_out(tmp_path / "turned", 6)
    dataset = open_data(tmp_path / "turned")
    with pytest.raises(
        DataError, match=f"10×6 .* 6×10; the image stores these pixels and its EXIF .*: {advice}"
    ):
        dataset.read(dataset.samples[0])

"""What is written is what other programs read."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from skimage.measure import regionprops
from tests.tasks.panoptic.cells import CELLS, discs, fields, labelled, task

from pixelwise.labels import Labels
from pixelwise.tasks import PanopticResult
from pixelwise.tasks.panoptic.writing import compressed
from pixelwise.types import CLASSES, INSTANCES, Label


def result_of(label: Label, labels: Labels = CELLS) -> PanopticResult:
    of = task(labels)
    return of.decode(fields(label, labels), of.default_settings())


def test_files_are_those_that_are_announced(tmp_path: Path) -> None:
    of = task()
    written = of.write(result_of(discs(64, 5)), tmp_path, "a")
    assert [path.name for path in written] == of.file_names("a")
    assert all(path.is_file() for path in written)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools itself
def test_coco_reads_the_same_masks(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    result = result_of(discs(96, 12))
    task().write(result, tmp_path, "a")
    data = coco.COCO(tmp_path / "a_coco.json")
    for one in data.loadAnns(data.getAnnIds()):
        mask = result.instance_map == one["id"]
        assert data.annToMask(one).astype(bool).tolist() == mask.tolist()
        y, x = np.nonzero(mask)
        assert one["bbox"] == [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]
        assert one["area"] == mask.sum()
    assert len(data.getAnnIds()) == len(result.classes)


@pytest.mark.parametrize(("stem", "image_id"), [("000123", 123), ("a", 1), ("1_2", 1), ("²", 1)])
def test_results_are_of_the_image_whose_number_names_the_file(
    tmp_path: Path, stem: str, image_id: int
) -> None:
    for path in task().write(result_of(discs(64, 5)), tmp_path, stem):
        if path.suffix == ".json":
            written = json.loads(path.read_text())
            assert [one["id"] for one in written["images"]] == [image_id]
            assert {one["image_id"] for one in written["annotations"]} == {image_id}


def test_results_name_the_image_file_whatever_they_are_called(tmp_path: Path) -> None:
    for path in task().write(result_of(discs(64, 5)), tmp_path, "a_000123", name="000123.jpg"):
        if path.suffix == ".json":
            [image] = json.loads(path.read_text())["images"]
            assert (image["id"], image["file_name"]) == (123, "000123.jpg")


def test_long_and_falling_runs_are_coded_as_coco_does() -> None:
    mask = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = rng.integers(1, 40_000, 9).tolist()
        flat = np.repeat(np.arange(9) % 2, counts).astype(np.uint8)
        expected = mask.encode(np.asfortranarray(flat[:, None]))["counts"].decode()
        assert compressed(counts) == expected


def test_panoptic_picture_and_json_agree(tmp_path: Path) -> None:
    labels = Labels(classes=("sky", "car", "road"), background=None, things=(1,))
    instances = discs(80, 8).maps[INSTANCES]
    classes = np.where(instances > 0, 1, 0).astype(np.uint8)
    classes[60:] = np.where(instances[60:] > 0, 1, 2)
    result = result_of(Label({CLASSES: classes, INSTANCES: instances}), labels)
    task(labels).write(result, tmp_path, "a")
    with PIL.Image.open(tmp_path / "a_panoptic.png") as picture:
        ids = (np.asarray(picture).astype(np.int64) * [1, 256, 65536]).sum(axis=-1)
    written = json.loads((tmp_path / "a_panoptic.json").read_text())
    [annotation] = written["annotations"]
    assert annotation["file_name"] == "a_panoptic.png"
    assert {one["id"] for one in annotation["segments_info"]} == set(np.unique(ids).tolist())
    for one in annotation["segments_info"]:
        assert one["area"] == (ids == one["id"]).sum()
        assert (result.label_map[ids == one["id"]] == one["category_id"]).all()
    assert {one["id"]: one["isthing"] for one in written["categories"]} == {0: 0, 1: 1, 2: 0}


def test_table_of_a_square_worked_by_hand(tmp_path: Path) -> None:
    instances = np.zeros((40, 60), np.int32)
    instances[10:20, 30:50] = 1
    image = np.zeros((40, 60, 3), np.uint8)
    image[10:20, 30:50] = 90, 120, 150
    task().write(result_of(labelled(instances)), tmp_path, "a", image)
    [row] = csv.DictReader((tmp_path / "a_objects.csv").read_text().splitlines())
    assert (row["class"], row["area"], row["mean_intensity"]) == ("cell", "200", "120.00")
    assert [row[f"mean_intensity_{channel}"] for channel in (1, 2, 3)] == ["90.00", "120.00", "150.00"]
    assert [row[name] for name in ("x0", "y0", "x1", "y1")] == ["30", "10", "50", "20"]
    assert (float(row["centroid_x"]), float(row["centroid_y"])) == (40.0, 15.0)
    assert (row["major_axis"], row["minor_axis"]) == ("23.09", "11.55")  # 4 · 20 / √12, and half of it
    assert 0.65 < float(row["circularity"]) < 0.85  # 4π 200 / 60² is 0.698; Crofton cuts corners


def test_axes_are_those_of_pixels_as_squares(tmp_path: Path) -> None:
    """Those that scikit-image finds where every pixel is 40 × 40 small ones, of which each hardly has a width."""
    instances = np.zeros((30, 40), np.int32)
    instances[3, 2:20] = 1  # a pixel wide
    instances[10:14, 5] = instances[13, 5:12] = 2  # an L
    instances[20:26, 20:35] = np.where(np.tri(6, 15, 4, dtype=bool), 3, 0)
    instances[28, 38] = 4
    result = PanopticResult(
        np.minimum(instances, 1).astype(np.uint8),
        instances,
        np.ones(4, np.int64),
        np.ones(4),
        np.ones((4, 3)),
    )
    task().write(result, tmp_path, "a")
    rows = list(csv.DictReader((tmp_path / "a_objects.csv").read_text().splitlines()))
    fine = regionprops(instances.repeat(40, axis=0).repeat(40, axis=1))
    assert len(rows) == len(fine) == 4
    for row, one in zip(rows, fine, strict=True):
        expected = [one.axis_major_length / 40, one.axis_minor_length / 40]
        assert [float(row["major_axis"]), float(row["minor_axis"])] == pytest.approx(expected, abs=0.006)


def test_intensities_are_those_of_the_file_in_every_channel(tmp_path: Path) -> None:
    """Two channels of 16 bits: an object of the values 1000 and 3000, 40000 and 40001, and one of a single value."""
    instances = np.zeros((24, 30), np.int32)
    instances[2:12, 2:12], instances[14:22, 18:26] = 1, 2
    stored = np.full((24, 30, 2), 65535, np.uint16)
    stored[2:12, 2:12] = 1000, 40000
    stored[2:7, 2:12] = 3000, 40001
    stored[14:22, 18:26] = 7, 9
    task().write(result_of(labelled(instances)), tmp_path, "a", stored)
    rows = list(csv.DictReader((tmp_path / "a_objects.csv").read_text().splitlines()))
    shown = [[row[f"mean_intensity{channel}"] for channel in ("_1", "_2", "")] for row in rows]
    assert shown == [["2000.00", "40000.50", "21000.25"], ["7.00", "9.00", "8.00"]]


@pytest.mark.parametrize(
    ("value", "shown"), [(np.float32(0.0004), "0.0004"), (np.int16(-950), "-950.00"), (np.uint8(7), "7.00")]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_pictures_have_one_intensity(
    tmp_path: Path, value: np.generic, shown: str, channels: int
) -> None:
    instances = np.zeros((20, 20), np.int32)
    instances[4:12, 4:12] = 1
    stored = np.full((20, 20, channels), value)
    task().write(result_of(labelled(instances)), tmp_path, "a", stored)
    [row] = csv.DictReader((tmp_path / "a_objects.csv").read_text().splitlines())
    assert [name for name in row if name.startswith("mean_intensity")] == ["mean_intensity"]
    assert row["mean_intensity"] == shown


def test_no_object_is_written_too(tmp_path: Path) -> None:
    result = result_of(labelled(np.zeros((20, 20), np.int32)))
    of = task()
    of.write(result, tmp_path, "a")
    assert (tmp_path / "a_objects.csv").read_text().count("\n") == 1
    assert json.loads((tmp_path / "a_coco.json").read_text())["annotations"] == []
    assert of.describe(result)["objects"] == []
    image = np.full((20, 20, 3), 7, np.uint8)
    assert (of.draw(image, result) == image).all()


def test_drawing_marks_what_is_missed_and_what_is_false() -> None:
    truth, other = np.zeros((60, 60), np.int32), np.zeros((60, 60), np.int32)
    truth[5:25, 5:25] = other[5:25, 5:25] = 1
    truth[35:55, 5:25] = 2
    other[35:55, 35:55] = 2
    image = np.full((60, 60, 3), 100, np.uint8)
    drawn = task().draw(image, result_of(labelled(other)), labelled(truth))
    assert (drawn[35, 5:25] == 255).all()  # the outline of what was missed is white
    assert (drawn[35, 35:55] == [230, 0, 50]).all()  # of what is false red
    assert (drawn[10, 40] == 100).all()
    assert not (drawn[5:25, 5:25] == 255).all(axis=-1).any()

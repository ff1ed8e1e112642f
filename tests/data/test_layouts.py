"""Opening folders: PH² as its archive unpacks, and images beside masks."""

import csv
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.data.dataset import Dataset, check_pairs, image_sizes
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import Sample
from pixelwise.workflows.data import open_data

# The table of the original archive: double bars, padding, an empty column for cases without histology.
BARS = """\
||   Name   ||   Histological Diagnosis   ||   Clinical Diagnosis   ||   Asymmetry   ||
||  IMD002  ||                            ||           0            ||       2       ||
||  IMD010  ||  Atypical nevus            ||           1            ||       0       ||
||  IMD417  ||||           2            ||       1       ||

    Legends:
Clinical Diagnosis:    0 - Common Nevus; 1 - Atypical Nevus; 2 - Melanoma.
"""
TABS = (
    "Name\tClinical Diagnosis\tAsymmetry\r\nIMD002\t0\t2\r\nIMD010\t1\t0\r\nIMD417\t2\t1\r\nIMD999\t7\t0\r\n"
)
LESION = Labels(classes=("background", "lesion"))
DIAGNOSES = {"IMD002": "common nevus", "IMD010": "atypical nevus", "IMD417": "melanoma"}


def picture(path: Path, *values: int, size: tuple[int, int] = (2, 3)) -> Path:
    """A grey picture of ``size`` (height, width) that holds ``values``, over and over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.resize(np.array(values, np.uint8), size)).save(path)
    return path


def archive(root: Path, table: str | None = BARS, images: str = "PH2Dataset/PH2 Dataset images") -> Path:
    """Three cases: one all bitmaps, one with a JPEG, one without a mask."""
    cases = root / images
    picture(cases / "IMD002/IMD002_Dermoscopic_Image/IMD002.bmp", 9)
    picture(cases / "IMD002/IMD002_lesion/IMD002_lesion.bmp", 0, 255)
    picture(cases / "IMD010/IMD010_Dermoscopic_Image/IMD010.jpg", 9)
    picture(cases / "IMD010/IMD010_lesion/IMD010_lesion.bmp", 0, 255)
    picture(cases / "IMD417/IMD417_Dermoscopic_Image/IMD417.bmp", 9)
    (cases / "IMD417/IMD417_roi").mkdir()
    (cases / "Thumbs.db").write_bytes(b"stray")
    if table is not None:
        (cases.parent / "PH2_dataset.txt").write_bytes(table.encode())
    return root


def names(dataset: Dataset) -> list[str]:
    return [sample.name for sample in dataset.samples]


def diagnoses(dataset: Dataset) -> dict[str, str]:
    return {sample.name: sample.tags["diagnosis"] for sample in dataset.samples if "diagnosis" in sample.tags}


def test_ph2_agrees_with_its_list_of_splits(ph2: Path) -> None:
    dataset = open_data(ph2)
    with (ph2 / "splits.csv").open(newline="") as file:
        listed = {row["name"]: row for row in csv.DictReader(file)}
    assert (dataset.layout, dataset.any_way_up, dataset.labels.classes) == (
        "ph2",
        True,
        ("background", "lesion"),
    )
    assert names(dataset) == sorted(listed)
    assert Counter(sample.split for sample in dataset.samples) == {"train": 80, "val": 20, "test": 40}
    meaning = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}
    assert diagnoses(dataset) == {name: meaning[row["diagnosis"]] for name, row in listed.items()}
    assert all("mask" in sample.labels for sample in dataset.samples)


@pytest.mark.parametrize("level", ["PH2Dataset", "PH2Dataset/PH2 Dataset images"])
def test_ph2_opens_at_any_level(ph2: Path, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, inner = open_data(ph2), open_data(ph2 / level)
    monkeypatch.chdir(ph2 / level)
    for other in (inner, open_data(".")):
        assert names(other) == names(whole)
        assert diagnoses(other) == diagnoses(whole)
        assert not other.has_splits()  # they lie beside the outermost folder


@pytest.mark.parametrize("table", [BARS, TABS], ids=["bars", "tabs"])
@pytest.mark.parametrize("nesting", ["PH2Dataset/PH2 Dataset images", "ชุดข้อมูล ๑/รูป ภาพ", "images"])
def test_ph2_archive(tmp_path: Path, table: str, nesting: str) -> None:
    dataset = open_data(archive(tmp_path, table, nesting))
    assert dataset.layout == "ph2"
    assert names(dataset) == ["IMD002", "IMD010", "IMD417"]
    assert diagnoses(dataset) == DIAGNOSES
    assert [sample.image.suffix for sample in dataset.samples] == [".bmp", ".jpg", ".bmp"]
    assert [dict(sample.labels) != {} for sample in dataset.samples] == [True, True, False]
    image, label = dataset.read(dataset.samples[0])
    assert image.shape == (2, 3, 3)
    assert label.class_map.tolist() == [[0, 1, 0], [1, 0, 1]]
    with pytest.raises(DataError, match=r"IMD417\.bmp has no mask; "):
        dataset.read(dataset.samples[2])


@pytest.mark.parametrize(
    "table", [None, "", "Name\tAsymmetry\nIMD002\t0\n"], ids=["absent", "empty", "other"]
)
def test_ph2_without_diagnoses(tmp_path: Path, table: str | None) -> None:
    assert diagnoses(open_data(archive(tmp_path, table))) == {}


def test_ph2_two_images_in_a_case(tmp_path: Path) -> None:
    folder = picture(
        archive(tmp_path) / "PH2Dataset/PH2 Dataset images/IMD010/IMD010_lesion/old.png", 0
    ).parent
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value) == f"{folder} holds 2 images where PH² has one; remove all but one."


def test_ph2_case_without_its_image(tmp_path: Path) -> None:
    cases = archive(tmp_path) / "PH2Dataset/PH2 Dataset images"
    (cases / "IMD010/IMD010_Dermoscopic_Image/IMD010.jpg").unlink()
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value).startswith(f"{cases / 'IMD010'} has no image in IMD010_Dermoscopic_Image;")


def test_pairs_are_made_by_name_never_by_order(tmp_path: Path) -> None:
    root = tmp_path / "ข้อมูล ของฉัน"
    for name in ("b 2.jpg", "a.1.PNG", "ไฝ.bmp", "c.jpg"):
        picture(root / "images" / name, 9)
    for name in ("ไฝ.png", "b 2.png", "a.1.tif"):
        picture(root / "masks" / name, 0, 255)
    for stray in (
        "images/.hidden.png",
        "images/notes.txt",
        "masks/Thumbs.db",
        "masks/._b 2.png",
        "readme.md",
    ):
        (root / stray).write_text("stray")
    dataset = open_data(root)
    pairs = {s.name: (s.image.name, s.labels["mask"].name) for s in dataset.samples if s.labels}
    assert pairs == {"a.1": ("a.1.PNG", "a.1.tif"), "b 2": ("b 2.jpg", "b 2.png"), "ไฝ": ("ไฝ.bmp", "ไฝ.png")}
    assert names(dataset) == sorted([*pairs, "c"])  # an image without a mask is kept
    assert (dataset.layout, dataset.any_way_up) == ("paired", False)


@pytest.mark.parametrize(
    ("masks", "classes", "is_binary"),
    [
        ([(0, 255), (0, 1)], 2, True),
        ([(0,), (255,)], 2, True),
        ([(0, 1, 2), (0, 1)], 3, False),  # no mask shows every class
        ([(0, 1), (0, 4, 255)], 5, False),
        ([(0, 128, 255)], 2, True),  # a smoothed mask; reading it says so
    ],
)
def test_values_of_all_masks_tell_the_classes(
    tmp_path: Path, masks: list[tuple[int, ...]], classes: int, is_binary: bool
) -> None:
    for i, values in enumerate(masks):
        picture(tmp_path / f"images/{i}.png", 9)
        picture(tmp_path / f"masks/{i}.png", *values)
    labels = open_data(tmp_path).labels
    assert (labels.num_classes, labels.is_binary) == (classes, is_binary)
    assert labels.background == (0 if is_binary else None)


def test_mask_without_image(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9)
    picture(tmp_path / "masks/a.png", 0)
    mask = picture(tmp_path / "masks/b.png", 0)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value) == (
        f"{mask} has no image of that name in {tmp_path / 'images'}; add it or remove the mask."
    )


@pytest.mark.parametrize("folder", ["images", "masks"])
def test_two_files_of_one_name(tmp_path: Path, folder: str) -> None:
    picture(tmp_path / "images/a.png", 9)
    picture(tmp_path / "masks/a.png", 0)
    picture(tmp_path / folder / "a.jpg", 0)
    with pytest.raises(
        DataError, match=r"a\.png and a\.jpg have the same name; rename or remove one of them\.$"
    ):
        open_data(tmp_path)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "stray.txt").write_text("a file")
    (tmp_path / "empty" / "images").mkdir(parents=True)
    (tmp_path / "empty" / "masks").mkdir()
    picture(tmp_path / "unlabelled/images/a.png", 9)
    (tmp_path / "unlabelled" / "masks").mkdir()
    for folder, layout, said in (
        ("absent", None, "is not a folder; give the folder"),
        ("stray.txt", None, "is not a folder; give the folder"),
        (".", None, "is not laid out in a way that is known (ph2, paired)"),
        ("empty", None, "holds no image with a mask"),
        ("unlabelled", None, "holds no image with a mask"),
        (".", "ph2", "is not laid out as PH²"),
        (".", "paired", "does not hold the folders images and masks"),
        (".", "coco", "there is no layout 'coco'; choose one of ph2, paired."),
    ):
        with pytest.raises(DataError) as caught:
            open_data(tmp_path / folder, layout=layout)
        assert said in str(caught.value)
        assert str(caught.value).count(". ") == 0


def test_layout_named_by_the_user_wins(tmp_path: Path) -> None:
    archive(tmp_path)
    picture(tmp_path / "images/a.png", 9)
    picture(tmp_path / "masks/a.png", 0, 1)
    assert open_data(tmp_path).layout == "ph2"
    assert names(open_data(tmp_path, layout="paired")) == ["a"]


def test_sizes_that_differ_are_refused(tmp_path: Path) -> None:
    sample = Sample("a", picture(tmp_path / "a.png", 9, size=(4, 6)), {"mask": tmp_path / "m.png"})
    dataset = Dataset(tmp_path, "paired", (sample,), LESION)
    expected = (
        f"{tmp_path / 'm.png'} is 4×6 pixels but its image a.png is 6×4; make the mask from this very image."
    )
    picture(tmp_path / "m.png", 0, 1, size=(6, 4))
    for check in (lambda: check_pairs([sample]), lambda: dataset.read(sample)):
        with pytest.raises(DataError) as caught:
            check()
        assert str(caught.value) == expected
    picture(tmp_path / "m.png", 0, 1, size=(4, 6))
    check_pairs([sample])
    with pytest.raises(DataError, match="has no mask"):
        check_pairs([Sample("b", sample.image, {})])


def test_image_sizes_are_counted(tmp_path: Path) -> None:
    for name, size in (("a", (4, 6)), ("b", (6, 4)), ("c", (4, 6))):
        picture(tmp_path / f"images/{name}.png", 9, size=size)
        picture(tmp_path / f"masks/{name}.png", 0, size=size)
    assert image_sizes(open_data(tmp_path)) == {(4, 6): 2, (6, 4): 1}


@pytest.mark.parametrize(
    ("values", "refused"), [((0, 38), True), ((1, 2), True), ((0, 1), False), ((0, 255), False)]
)
def test_two_values_that_are_neither_mask_nor_ids_are_refused(
    tmp_path: Path, values: tuple[int, int], refused: bool
) -> None:
    for folder, picture in (("images", np.zeros((4, 4, 3))), ("masks", np.array([values] * 4))):
        (tmp_path / folder).mkdir()
        PIL.Image.fromarray(picture.astype(np.uint8)).save(tmp_path / folder / "a.png")
    if refused:
        with pytest.raises(DataError, match=f"the values {values[0]} and {values[1]}; save two classes"):
            open_data(tmp_path)
    else:
        assert open_data(tmp_path).labels.is_binary


@pytest.mark.skipif(
    os.name == "nt" or sys.platform == "darwin", reason="the file system takes UTF-8 names only"
)
def test_a_name_in_another_encoding_is_refused(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        with (tmp_path / folder / os.fsdecode(b"\xc0\xd2.png")).open("wb") as file:  # Thai in TIS-620
            PIL.Image.new("L", (4, 4)).save(file, format="PNG")
    with pytest.raises(DataError, match="not named in UTF-8") as caught:
        open_data(tmp_path)
    str(caught.value).encode()  # and the sentence itself can be written


def paired_folder(root: Path, images: list[str], masks: list[str]) -> Path:
    for folder, names, mode in (("images", images, "RGB"), ("masks", masks, "L")):
        (root / folder).mkdir()
        for name in names:
            PIL.Image.new(mode, (4, 4)).save(root / folder / name)
    return root


def test_masks_with_an_ending_belong_to_the_image_without_it(tmp_path: Path) -> None:
    images = ["a.png", "b.png", "c_mask.png", "d.png"]
    masks = ["a_segmentation.png", "b.png", "c_mask.png", "d_label.png"]
    samples = open_data(paired_folder(tmp_path, images, masks)).samples
    assert {s.name: s.labels["mask"].name for s in samples} == dict(
        zip(("a", "b", "c_mask", "d"), masks, strict=True)
    )


def test_two_masks_of_one_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are both masks of 'a'"):
        open_data(paired_folder(tmp_path, ["a.png"], ["a.png", "a_mask.png"]))


def test_the_sets_with_endings_open(data_root: Path) -> None:
    dataset = open_data(data_root / "isic2017")
    assert len(dataset) == 30
    assert dataset.labels.is_binary

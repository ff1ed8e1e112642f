"""PH² as its archive unpacks."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from tests.pictures import picture

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
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
DIAGNOSES = {"IMD002": "common nevus", "IMD010": "atypical nevus", "IMD417": "melanoma"}


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

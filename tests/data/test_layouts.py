"""Opening folders of any layout: pairs, sizes, and what cannot be opened."""

import os
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.pictures import pairs, picture

from pixelwise.data.dataset import Dataset, check_pairs, image_sizes
from pixelwise.data.layouts import LAYOUTS
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import Sample
from pixelwise.workflows.data import open_data

LESION = Labels(classes=("background", "lesion"))


def names(dataset: Dataset) -> list[str]:
    return [sample.name for sample in dataset.samples]


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


NAMES = ", ".join(layout.name for layout in LAYOUTS)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "stray.txt").write_text("a file")
    (tmp_path / "empty" / "images").mkdir(parents=True)
    (tmp_path / "empty" / "masks").mkdir()
    picture(tmp_path / "unlabelled/images/a.png", 9)
    (tmp_path / "unlabelled" / "masks").mkdir()
    (tmp_path / "list.csv").write_text("image,mask\n")
    for folder, layout, said in (
        ("absent", None, "is not a folder or a CSV file; give the folder"),
        ("absent.csv", None, "is not a folder or a CSV file; give the folder"),
        ("stray.txt", None, "is not a folder or a CSV file; give the folder"),
        (".", None, f"is not laid out in a way that is known ({NAMES}): found "),
        ("empty", None, "holds no image with a mask"),
        ("unlabelled", None, "holds no image with a mask"),
        ("list.csv", None, "holds no image with a mask"),
        (".", "ph2", "is not laid out as PH²"),
        (".", "mads", "is not laid out as MADS"),
        (".", "camvid", "is not laid out as CamVid"),
        (".", "table", "holds no data.csv with the columns image and mask"),
        (".", "paired", "does not hold the folders images and masks"),
        ("list.csv", "paired", "does not hold the folders images and masks"),
        ("list.csv", "ph2", "is not laid out as PH²"),
        (".", "voc", f"there is no layout 'voc'; choose one of {NAMES}."),
    ):
        with pytest.raises(DataError) as caught:
            open_data(tmp_path / folder, layout=layout)
        assert said in str(caught.value)
        assert str(caught.value).count(". ") == 0


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], "no files"),
        ([".DS_Store", "Thumbs.db"], "no images but 1 .db"),
        (["1.mha", "2.mha", "notes.txt", "volume.nii.gz"], "no images but 2 .mha, 1 .nii.gz and 1 .txt"),
        (["1.dcm", "2.dcm", "notes.txt"], "2 .dcm and no masks"),
        (["volume.nii.gz"], "no images but 1 .nii.gz"),
        (["LICENCE"], "no images but 1 without suffix"),
        (["a.jpg", "b.JPG", "._a.jpg", "notes.txt"], "2 .jpg and no masks"),
        (["photos/a.jpg", "photos/b.png", "photos/c.png"], "2 .png in photos, 1 .jpg in photos and no masks"),
        (["photos/a.jpg", "cells/a.png", "cells/b.png"], "2 .png in cells and 1 .jpg in photos"),
        ([f"{i}/{j}/a.png" for i in (1, 2) for j in range(3)], "3 .png in 1 and 3 .png in 2"),
        (["images/train/a.jpg", "labels/train/a.txt"], "1 .jpg in images/train and no masks"),  # boxes
    ],
)
def test_an_unknown_folder_is_described(tmp_path: Path, files: list[str], found: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert f": found {found}; put images into a folder 'images' and masks" in str(caught.value)


def test_a_folder_too_far_out_names_the_one_within(tmp_path: Path) -> None:
    pairs(tmp_path / "my data", "images/a:masks/a")
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value).endswith(f"; give its folder {tmp_path / 'my data'} instead.")


def test_a_folder_two_levels_too_far_out_names_the_one_within(tmp_path: Path) -> None:
    pairs(tmp_path / "archive" / "my data", "images/a:masks/a")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value).endswith(f"; give its folder {tmp_path / 'archive' / 'my data'} instead.")


@pytest.mark.parametrize("half", ["images", "masks"])
def test_a_folder_too_deep_names_the_one_around(tmp_path: Path, half: str) -> None:
    pairs(tmp_path, "images/a:masks/a", "photos of mine/a:photos of mine/b")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path / half)
    assert str(caught.value).endswith(f"; give the folder around it, {tmp_path}, instead.")
    with pytest.raises(DataError, match="put images into a folder"):
        open_data(tmp_path / "photos of mine")


def test_masks_of_which_none_has_the_name_of_an_image(tmp_path: Path) -> None:
    pairs(tmp_path, "images/0006:masks/mask_0", "images/0007:masks/mask_1")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    said = "no mask there has the name of an image, such as '0006': rename them."
    assert str(caught.value).endswith(
        f"mask_0.png has no image of that name in {tmp_path / 'images'}; {said}"
    )


def test_what_opens_it_again_is_kept(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a", values=(0, 1, 7))
    legend = tmp_path / "my legend.csv"
    legend.write_text("name,value\nsky,0\nroad,1\n")
    dataset = open_data(tmp_path, layout="paired", legend=legend, ignore=7)
    path, *options = dataset.opened
    assert path == str(tmp_path)
    assert options == ["--layout", "paired", "--legend", str(legend), "--ignore", "7"]
    assert open_data(tmp_path, ignore=7).opened == (str(tmp_path), "--ignore", "7")


def test_layout_named_by_the_user_wins(tmp_path: Path) -> None:
    case = tmp_path / "PH2Dataset/PH2 Dataset images/IMD002"
    picture(case / "IMD002_Dermoscopic_Image/IMD002.bmp", 9)
    picture(case / "IMD002_lesion/IMD002_lesion.bmp", 0, 255)
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
    for folder, pixels in (("images", np.zeros((4, 4, 3))), ("masks", np.array([values] * 4))):
        (tmp_path / folder).mkdir()
        PIL.Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / folder / "a.png")
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

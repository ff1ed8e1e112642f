"""Images beside masks, in all the ways that people lay them out."""

import sys
import unicodedata
from pathlib import Path

import PIL.Image
import pytest
from tests.pictures import pairs, picture
from tests.real import RealSet

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.types import SplitName
from pixelwise.workflows.data import open_data


def paired(dataset: Dataset) -> dict[str, str]:
    """Names of masks by names of samples."""
    return {sample.name: sample.labels["mask"].name for sample in dataset.samples if sample.labels}


def splits(dataset: Dataset) -> dict[str, SplitName | None]:
    return {sample.name: sample.split for sample in dataset.samples}


def refusal(root: Path) -> str:
    """The one sentence that refuses to open a folder."""
    with pytest.raises(DataError) as caught:
        open_data(root)
    assert ". " not in str(caught.value).removeprefix(str(root))
    return str(caught.value)


@pytest.mark.parametrize(
    "folders",
    [
        ("images", "masks"),
        ("Image", "Mask"),
        ("imgs", "labels"),
        ("img", "LABEL"),
        ("JPEGImages", "SegmentationClass"),
        ("PNGImages", "annotations"),
        ("photos", "Ground Truth"),
        ("images", "ground_truth"),
        ("images", "GT"),
        ("images/images", "masks/masks"),  # as unpacked from images.zip and masks.zip
    ],
)
def test_names_of_folders(tmp_path: Path, folders: tuple[str, str]) -> None:
    images, masks = folders
    pairs(tmp_path, f"{images}/b:{masks}/b", f"{images}/a:{masks}/a", image=".jpg")
    (tmp_path / "Thumbs.db").touch()
    dataset = open_data(tmp_path)
    assert dataset.layout == "paired"
    assert paired(dataset) == {"a": "a.png", "b": "b.png"}
    assert all(not sample.tags for sample in dataset.samples)


def test_several_folders_of_masks_are_named(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a", "images/a:labels/a")
    assert refusal(tmp_path) == (
        f"{tmp_path} holds 2 folders of masks (labels, masks); "
        "keep one of them there, or list what belongs together in a CSV."
    )
    pairs(tmp_path, "img/a:masks/a")
    assert "holds 2 folders of images (images, img)" in refusal(tmp_path)


def test_a_folder_of_other_files_is_no_folder_of_masks(tmp_path: Path) -> None:
    pairs(tmp_path, "JPEGImages/a:SegmentationClass/a", values=(0, 1, 15, 255))
    for name in ("Annotations/a.xml", "labels/a.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert paired(open_data(tmp_path)) == {"a": "a.png"}


def test_masks_with_an_ending_belong_to_the_image_without_it(tmp_path: Path) -> None:
    masks = {
        "a": "a_segmentation",
        "b": "b",
        "c_mask": "c_mask",
        "d": "d_LABEL",
        "e.1": "e.1_Lesion",
        "f": "f.jpg",  # the image's own name with another suffix
        "g": "g.jpg_mask",
        "ไฝ": "ไฝ_Mask",
    }
    pairs(tmp_path, *(f"images/{image}:masks/{mask}" for image, mask in masks.items()), image=".jpg")
    assert paired(open_data(tmp_path)) == {image: f"{mask}.png" for image, mask in masks.items()}


def test_two_masks_of_one_image_are_refused(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a", "images/a:masks/a_mask")
    assert "are both masks of 'a'" in refusal(tmp_path)


def test_the_dermoscopy_of_isic_opens(real_set: RealSet) -> None:
    dermoscopy = open_data(real_set("isic2017"))
    assert (len(dermoscopy), dermoscopy.layout, dermoscopy.labels.is_binary) == (30, "paired", True)
    assert all(mask == f"{name}_segmentation.png" for name, mask in paired(dermoscopy).items())


def test_the_people_of_ccp_open(real_set: RealSet) -> None:
    people = open_data(real_set("ccp"))
    assert (len(people), people.layout) == (300, "paired")
    assert [len(people.split(one)) for one in ("train", "val", "test")] == [220, 30, 50]
    assert all(mask == f"{name}.png" for name, mask in paired(people).items())


@pytest.mark.parametrize(
    "place",
    [
        "{}/images/{}:{}/masks/{}",
        "images/{}/{}:masks/{}/{}",
        "images/images/{}/{}:masks/masks/{}/{}",
        "{}/{}:{}_masks/{}",
        "{}_images/{}:{}_masks/{}",
        "images-{}/{}:labels-{}/{}",
        "{}/{}:{}/{}_mask",
    ],
)
@pytest.mark.parametrize("words", [("train", "val", "test"), ("Training", "validation", "testing")])
def test_splits_are_folders(tmp_path: Path, place: str, words: tuple[str, ...]) -> None:
    of_split = dict(zip(words, ("ab", "c", "d"), strict=True))
    places = [place.format(word, name, word, name) for word in words for name in of_split[word]]
    dataset = open_data(pairs(tmp_path, *places))
    assert splits(dataset) == {"a": "train", "b": "train", "c": "val", "d": "test"}
    assert len(paired(dataset)) == 4
    assert all(not sample.tags for sample in dataset.samples)


@pytest.mark.parametrize("masks", ["masks/{}/{}", "masks/{}_{}"])
def test_names_that_recur_begin_with_their_split(tmp_path: Path, masks: str) -> None:
    for split in ("train", "valid"):
        pairs(tmp_path, f"images/{split}/1:masks/{split}/1")
    pairs(tmp_path, "images/valid/2:masks/valid/2")
    dataset = open_data(tmp_path)
    assert splits(dataset) == {"train/1": "train", "val/1": "val", "val/2": "val"}
    for sample in dataset.samples:
        assert sample.labels["mask"].parent.name == sample.image.parent.name


def test_masks_of_all_splits_may_lie_together(tmp_path: Path) -> None:
    pairs(tmp_path, "images/train/a:masks/a", "images/test/b:masks/b_mask")
    assert splits(open_data(tmp_path)) == {"a": "train", "b": "test"}
    lonely = picture(tmp_path / "masks/c.png", 0)
    assert refusal(tmp_path).startswith(f"{lonely} has no image of that name in {tmp_path / 'images'};")


def test_a_list_overrules_the_folders(tmp_path: Path) -> None:
    pairs(tmp_path, "train/images/a:train/masks/a", "test/images/b:test/masks/b")
    (tmp_path / "splits.csv").write_text("name;split\na.png;test\n")
    assert splits(open_data(tmp_path)) == {"a": "test", "b": None}


@pytest.mark.parametrize("test", ["test/x.jpg", "test/images/x.jpg", "test_images/x.jpg"])
def test_images_for_a_contest_have_no_split(tmp_path: Path, test: str) -> None:
    pairs(tmp_path, "train/images/a:train/masks/a")
    picture(tmp_path / test, 9)
    dataset = open_data(tmp_path)
    assert splits(dataset) == {"a": "train", "x": None}
    assert list(paired(dataset)) == ["a"]


def test_two_folders_of_one_split_are_refused(tmp_path: Path) -> None:
    pairs(tmp_path, "images/val/a:masks/val/a", "images/valid/b:masks/valid/b")
    assert "holds 2 folders of split (val, valid)" in refusal(tmp_path)


def test_an_image_outside_its_split_s_folder_is_refused(tmp_path: Path) -> None:
    pairs(tmp_path, "images/train/a:masks/train/a")
    stray = picture(tmp_path / "images/b.png", 9)
    assert refusal(tmp_path) == f"{stray} lies outside train; move it into the folder of its split."
    stray.rename(tmp_path / "masks/b.png")
    assert (
        refusal(tmp_path)
        == f"{tmp_path / 'masks/b.png'} lies outside train; move it into the folder of its split."
    )


def test_folders_of_patients_become_a_tag(tmp_path: Path) -> None:
    pairs(tmp_path, "images/p1/a:masks/p1/a", "images/p2/a:masks/p2/a_mask", "images/s/p2/a:masks/s/p2/a")
    pairs(tmp_path, "images/b:masks/b")
    dataset = open_data(tmp_path)
    tags = {sample.name: dict(sample.tags) for sample in dataset.samples}
    assert tags == {"b": {}, "p1/a": {"folder": "p1"}, "p2/a": {"folder": "p2"}, "s/p2/a": {"folder": "s/p2"}}
    assert all(s.labels["mask"].parent.name == s.image.parent.name for s in dataset.samples if "/" in s.name)


def test_images_and_masks_in_one_folder(tmp_path: Path) -> None:
    pairs(tmp_path, "ISIC_1:ISIC_1_segmentation", "ISIC_2:ISIC_2_Segmentation", image=".jpg")
    picture(tmp_path / "ISIC_2_superpixels.png", 1)
    picture(tmp_path / "ISIC_3.jpg", 9)
    dataset = open_data(tmp_path)
    assert paired(dataset) == {"ISIC_1": "ISIC_1_segmentation.png", "ISIC_2": "ISIC_2_Segmentation.png"}
    assert len(dataset) == 3
    mask = picture(tmp_path / "ISIC_4_segmentation.png", 0)
    assert refusal(tmp_path) == f"{mask} has no image of that name beside it; add it or remove the mask."


def test_images_and_masks_in_a_folder_for_each_patient(tmp_path: Path) -> None:
    pairs(tmp_path, "set/TCGA_1/s_1:set/TCGA_1/s_1_mask", "set/TCGA_2/s_1:set/TCGA_2/s_1_mask")
    assert paired(open_data(tmp_path / "set")) == {"TCGA_1/s_1": "s_1_mask.png", "TCGA_2/s_1": "s_1_mask.png"}


def test_images_and_masks_together_in_a_folder_of_images(tmp_path: Path) -> None:
    assert paired(open_data(pairs(tmp_path, "images/a:images/a_mask"))) == {"a": "a_mask.png"}


@pytest.mark.parametrize("folder", ["", "images/", "p1/"])
def test_a_jpeg_and_its_mask_by_one_name_in_one_folder(tmp_path: Path, folder: str) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{folder}{name}.jpg", 9)
        picture(tmp_path / f"{folder}{name}.png", 1)
    picture(tmp_path / f"{folder}c.JPG", 9)
    dataset = open_data(tmp_path)
    assert sorted(paired(dataset).values()) == ["a.png", "b.png"]
    assert [sample.image.name for sample in dataset.samples] == ["a.jpg", "b.jpg", "c.JPG"]


def test_one_picture_kept_in_two_types_makes_no_masks_of_photographs(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "b.jpg", "c.jpg", "c_mask.png"):
        picture(tmp_path / name, 9)
    assert "have the same name" in refusal(tmp_path)
    (tmp_path / "c_mask.png").unlink()
    assert "is not laid out in a way that is known" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("ISIC-2017_{}_Data", "ISIC-2017_{}_Part1_GroundTruth"),
        ("ISIC2018_Task1-2_{}_Input", "ISIC2018_Task1_{}_GroundTruth"),
        ("ISBI2016_ISIC_Part1_{}_Data", "ISBI2016_ISIC_Part1_{}_GroundTruth"),
    ],
)
def test_releases_of_isic(tmp_path: Path, images: str, masks: str) -> None:
    for number, split in enumerate(("Training", "Validation", "Test_v2" if "2017" in images else "Test")):
        name = f"ISIC_{number:07}"
        folder = images.format(split)
        pairs(tmp_path, f"{folder}/{name}:{masks.format(split)}/{name}_segmentation", image=".jpg")
        picture(tmp_path / folder / f"{name}_superpixels.png", 1)
        (tmp_path / folder / f"{folder}_metadata.csv").write_text("image_id,age\n")
        features = masks.format(split).replace("Part1", "Part2").replace("Task1", "Task2")
        picture(tmp_path / features / f"{name}_attribute_streaks.png", 0)
    dataset = open_data(tmp_path)
    assert splits(dataset) == {"ISIC_0000000": "train", "ISIC_0000001": "val", "ISIC_0000002": "test"}
    assert len(paired(dataset)) == 3


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system spells names in one way")
def test_accents_that_are_spelt_in_another_way_pair_up(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "été")
    pairs(
        tmp_path,
        f"images/{apart}:masks/été",
        f"images/{apart}s/ü:masks/étés/{unicodedata.normalize('NFD', 'ü')}",
    )
    dataset = open_data(tmp_path)
    assert [sample.name for sample in dataset.samples] == ["été", "étés/ü"]
    assert all(sample.labels for sample in dataset.samples)
    assert (tmp_path / f"images/{apart}.png").is_file()  # and no file is renamed
    picture(tmp_path / "images/été.png", 9)
    assert "have the same name" in refusal(tmp_path)


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a")
    for stray in (
        "images/._a.png",
        "masks/._a.png",
        "masks/.DS_Store",
        "images/Thumbs.db",
        "images/desktop.ini",
    ):
        (tmp_path / stray).write_bytes(b"stray")
    pairs(tmp_path, "images/__MACOSX/b:masks/.ipynb_checkpoints/c")
    pairs(tmp_path, "__MACOSX/images/b:__MACOSX/masks/b")
    assert paired(open_data(tmp_path)) == {"a": "a.png"}


@pytest.mark.parametrize("folder", ["{}", "{}/p1"])
def test_folders_may_be_links_even_in_a_circle(tmp_path: Path, folder: str) -> None:
    pairs(tmp_path / "elsewhere", "images/a:masks/a")
    try:
        for kind in ("images", "masks"):
            link = tmp_path / "set" / folder.format(kind)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(tmp_path / "elsewhere" / kind, target_is_directory=True)
            (tmp_path / "elsewhere" / kind / "back").symlink_to(".", target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    assert list(paired(open_data(tmp_path / "set")).values()) == ["a.png"]


def test_a_mask_in_true_colours_asks_for_a_legend(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9)
    (tmp_path / "masks").mkdir()
    PIL.Image.new("RGB", (3, 2), "red").save(tmp_path / "masks/a.png")
    assert "is a coloured mask; name its colours in a file given with --legend" in refusal(tmp_path)

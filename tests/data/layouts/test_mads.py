"""The full-body MADS set: its tree drawn small, at every depth that its archive unpacks to."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.pictures import pairs, picture

from pixelwise.data.dataset import check_pairs
from pixelwise.errors import DataError
from pixelwise.workflows.data import open_data

FOLDER = "segmentation_full_body_mads_dataset_1192_img"
NAMES = (
    "HipHop_HipHop1_C0_00180",
    "HipHop_HipHop1_C2_00225",
    "Kata_Kata_F2_C1_00045",
    "Sports_Tennis_Left_C0_00090",
)
TABLE = ",images,masks,collages\n" + "".join(
    f"{i},images/{name}.png,masks/{name}.png,collages/{name}.jpg\n" for i, name in enumerate(reversed(NAMES))
)


def archive(folder: Path) -> Path:
    """The archive's folder with four pairs, masks of four kinds, and a collage of another size."""
    pixels = np.zeros((384, 512), bool)
    pixels[100:300, 200:260] = True
    grey = pixels.astype(np.uint8)
    for name in NAMES:
        picture(folder / f"images/{name}.png", 9, size=(384, 512))
        picture(folder / f"collages/{name}.jpg", 9, size=(384, 1024))
    (folder / "masks").mkdir()
    for name, mask in zip(NAMES, (pixels, grey, grey * 255, np.dstack([grey * 255] * 3)), strict=True):
        PIL.Image.fromarray(mask).save(folder / f"masks/{name}.png")
    (folder / "df.csv").write_text(TABLE)
    return folder


@pytest.mark.parametrize("nesting", [FOLDER, f"{FOLDER}/{FOLDER}", "ชุด ข้อมูล"])
@pytest.mark.parametrize("above", [0, 1, 2])
def test_the_archive_opens_at_every_level(tmp_path: Path, nesting: str, above: int) -> None:
    folder = archive(tmp_path / nesting)
    root = [folder, *folder.parents][min(above, len(Path(nesting).parts))]
    dataset = open_data(root)
    assert (dataset.layout, dataset.root, dataset.any_way_up) == ("mads", root, False)
    assert (dataset.labels.classes, dataset.labels.background) == (("background", "person"), 0)
    assert [sample.name for sample in dataset.samples] == sorted(NAMES)
    check_pairs(dataset.samples)
    for sample in dataset.samples:
        assert sample.image == folder / "images" / f"{sample.name}.png"
        assert sample.labels["mask"] == folder / "masks" / f"{sample.name}.png"
        _, label = dataset.read(sample)
        assert label.class_map.sum() == 200 * 60  # whatever kind of mask
        assert set(np.unique(label.class_map)) == {0, 1}


def test_names_give_tags(tmp_path: Path) -> None:
    tags = {sample.name: dict(sample.tags) for sample in open_data(archive(tmp_path / FOLDER)).samples}
    assert tags == {
        NAMES[0]: {"activity": "HipHop", "sequence": "HipHop_HipHop1", "camera": "C0"},
        NAMES[1]: {"activity": "HipHop", "sequence": "HipHop_HipHop1", "camera": "C2"},
        NAMES[2]: {"activity": "Kata", "sequence": "Kata_Kata_F2", "camera": "C1"},
        NAMES[3]: {"activity": "Sports", "sequence": "Sports_Tennis_Left", "camera": "C0"},
    }


def test_the_table_is_not_needed_and_may_be_wrong(tmp_path: Path) -> None:
    folder = archive(tmp_path / "mine")
    (folder / "df.csv").write_text("images,masks,collages\nimages/absent.png,masks/absent.png,\n")
    assert len(open_data(folder)) == 4
    (folder / "df.csv").unlink()
    assert open_data(folder).layout == "mads"  # told by its collages and its names


def test_other_pairs_beside_a_table_are_not_taken_for_it(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a")
    (tmp_path / "df.csv").write_text("images,masks\nimages/a.png,masks/a.png\n")
    assert open_data(tmp_path).layout == "paired"


def test_a_mask_without_its_image(tmp_path: Path) -> None:
    folder = archive(tmp_path / FOLDER)
    (folder / f"images/{NAMES[1]}.png").unlink()
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    mask = folder / f"masks/{NAMES[1]}.png"
    assert str(caught.value).startswith(f"{mask} has no image of that name in {folder / 'images'};")


def test_an_image_without_its_mask_is_kept(tmp_path: Path) -> None:
    (archive(tmp_path / FOLDER) / f"masks/{NAMES[1]}.png").unlink()
    assert [bool(sample.labels) for sample in open_data(tmp_path).samples] == [True, False, True, True]


def test_splits_beside_the_folder_given(tmp_path: Path) -> None:
    archive(tmp_path / FOLDER)
    (tmp_path / "splits.csv").write_text(
        f"name,split\n{NAMES[0]}.png,val\n{FOLDER}/images/{NAMES[1]}.png,test\n"
    )
    assert [sample.split for sample in open_data(tmp_path).samples] == ["val", "test", None, None]

"""A picture for each object: nuclei laid out as their archive unpacks."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.errors import DataError
from pixelwise.types import INSTANCES
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data


def unpacked(numbered: Path, out: Path, every: int) -> Path:
    """Some images of DSB2018 with a picture for each nucleus, as ``stage1_train`` holds them."""
    for image in sorted((numbered / "images").iterdir())[::every]:
        for part in ("images", "masks"):
            (out / image.stem / part).mkdir(parents=True)
        (out / image.stem / "images" / image.name).write_bytes(image.read_bytes())
        with PIL.Image.open(numbered / "instances" / image.name) as picture:
            ids = np.asarray(picture)
        for number in np.unique(ids[ids > 0]).tolist():
            PIL.Image.fromarray((ids == number).astype(np.uint8) * 255).save(
                out / image.stem / "masks" / f"{number:05d}.png"
            )
    return out


def test_nuclei_are_those_of_the_pictures_that_number_them(data_root: Path, tmp_path: Path) -> None:
    unpacked(data_root / "dsb2018", tmp_path / "data/stage1_train", every=16)
    (tmp_path / "data/stage1_test/x/images").mkdir(parents=True)
    PIL.Image.new("RGB", (4, 4)).save(tmp_path / "data/stage1_test/x/images/x.png")  # nobody labelled it
    numbered = {sample.name: sample for sample in open_data(data_root / "dsb2018").samples}
    for folder in (tmp_path / "data", tmp_path / "data/stage1_train"):
        dataset = open_data(folder)
        assert (dataset.layout, len(dataset)) == ("object_masks", 10)
        assert (dataset.labels.classes, dataset.has_splits()) == (("background", "object"), False)
    expected = open_data(data_root / "dsb2018")
    for sample in dataset.samples:
        found = [one.counts for one in dataset.objects(sample)]
        assert found == [one.counts for one in expected.objects(numbered[sample.name])]
        np.testing.assert_array_equal(
            dataset.read(sample)[1].maps[INSTANCES], expected.read(numbered[sample.name])[1].maps[INSTANCES]
        )
        assert len(dataset.label_files(sample)) == len(found)
    done = convert(dataset, tmp_path / "out", "masks")
    assert done.lost == ()
    again = open_data(tmp_path / "out")
    for one, other in zip(dataset.samples, again.samples, strict=True):
        assert {o.counts for o in dataset.objects(one)} == {o.counts for o in again.objects(other)}


def drawn(folder: Path, *masks: list[list[int]]) -> None:
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    PIL.Image.new("RGB", (3, 2), (9, 9, 9)).save(folder / "images" / f"{folder.name}.png")
    for number, mask in enumerate(masks):
        PIL.Image.fromarray(np.array(mask, np.uint8)).save(folder / f"masks/{number}.png")


def test_overlaps_and_empty_images_are_kept(tmp_path: Path) -> None:
    drawn(tmp_path / "a", [[255, 255, 0], [0, 0, 0]], [[0, 1, 0], [0, 1, 0]])
    drawn(tmp_path / "b")
    dataset = open_data(tmp_path)
    assert [one.counts for one in dataset.objects(dataset.samples[0])] == [(0, 1, 1, 1, 3), (2, 2, 2)]
    assert dataset.objects(dataset.samples[1]) == []
    assert dataset.read(dataset.samples[0])[1].instance_map.tolist() == [[1, 2, 0], [0, 2, 0]]


def test_splits_are_folders(tmp_path: Path) -> None:
    for name in ("train/a", "val/b"):
        drawn(tmp_path / name, [[1, 0, 0], [0, 0, 0]])
    dataset = open_data(tmp_path)
    assert [(sample.name, sample.split) for sample in dataset.samples] == [
        ("train/a", "train"),
        ("val/b", "val"),
    ]


def test_names_that_several_folders_share_begin_with_the_folder(tmp_path: Path) -> None:
    for name in ("batch1/a", "batch2/a", "batch2/b"):
        drawn(tmp_path / name, [[1, 0, 0], [0, 0, 0]])
    assert [one.name for one in open_data(tmp_path).samples] == ["batch1/a", "batch2/a", "batch2/b"]
    for name in ("stage1_train/a", "stage2_train/a"):
        drawn(tmp_path / "staged" / name, [[1, 0, 0], [0, 0, 0]])
    named = [(one.name, one.split) for one in open_data(tmp_path / "staged").samples]
    assert named == [("stage1_train/a", "train"), ("stage2_train/a", "train")]


def test_a_legend_names_the_class(tmp_path: Path) -> None:
    drawn(tmp_path / "a", [[1, 0, 0], [0, 0, 0]])
    (tmp_path / "legend.csv").write_text("name,value\nbackground,0\nnucleus,1\n")
    assert open_data(tmp_path).labels.classes == ("background", "nucleus")
    (tmp_path / "legend.csv").write_text("name,value\nbackground,0\nnucleus,1\ncell,2\n")
    with pytest.raises(DataError, match="has objects of one class; name a background and that class"):
        open_data(tmp_path)


def test_refusals(tmp_path: Path) -> None:
    drawn(tmp_path / "a", [[255, 0, 0], [0, 90, 0]])
    dataset = open_data(tmp_path)
    with pytest.raises(DataError, match=r"0\.png holds 3 values"):
        dataset.read(dataset.samples[0])
    PIL.Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "a/masks/0.png")
    with pytest.raises(DataError, match="is 3×3 pixels but its image is 3×2"):
        dataset.read(dataset.samples[0])
    PIL.Image.new("RGB", (3, 2), (200, 0, 9)).save(tmp_path / "a/masks/0.png")
    with pytest.raises(DataError, match=r"0\.png is a coloured mask; save it in grey, 255 at the pixels"):
        dataset.read(dataset.samples[0])
    drawn(tmp_path / "b")
    PIL.Image.new("RGB", (3, 2)).save(tmp_path / "b/images/c.png")
    with pytest.raises(DataError, match=r"c\.png lies beside b\.png; keep one image in each folder"):
        open_data(tmp_path)
    for path in (tmp_path / "b/images").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"masks has no image in .*images; put it there"):
        open_data(tmp_path)

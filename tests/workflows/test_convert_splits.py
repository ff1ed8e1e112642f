"""Splits whose files share names, as ``train/0001.png`` and ``val/0001.png``: every format and copy keeps them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.workflows.test_convert import Heard

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.workflows.check import check
from pixelwise.workflows.convert import FORMATS, convert
from pixelwise.workflows.data import open_data

PLACES = (("train", "0001"), ("train", "0002"), ("val", "0001"), ("val", "0003"), ("test", "0001"))
SAID = (
    "Names that several splits share: all images lie in one folder, so each name begins with its split, such as "
    "test_0001."
)
Found = dict[tuple[str | None, str], tuple[bytes, list[tuple[int, ...]]]]


def shared_names(root: Path) -> Path:
    """Noise with one square each, of another size in every image."""
    noise = np.random.default_rng(0)
    for place, (split, name) in enumerate(PLACES):
        ids = np.zeros((24, 32), np.uint8)
        ids[3 : 8 + place, 4 : 9 + 2 * place] = 1
        for folder, values in (("images", noise.integers(0, 256, (24, 32, 3), np.uint8)), ("instances", ids)):
            path = root / split / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(values).save(path)
    return root


def found(dataset: Dataset, *, prefixed: bool = False) -> Found:
    """The image's bytes and its objects by split and name."""
    names = [Path(sample.name).name for sample in dataset.samples]
    if prefixed:
        names = [
            name.removeprefix(f"{sample.split}_") for sample, name in zip(dataset.samples, names, strict=True)
        ]
    return {
        (sample.split, name): (
            sample.image.read_bytes(),
            [one.counts for one in dataset.objects(sample)],
        )
        for sample, name in zip(dataset.samples, names, strict=True)
    }


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_and_its_repaired_copy_hold_them(tmp_path: Path, to: str) -> None:
    dataset = open_data(shared_names(tmp_path / "data"))
    expected, together = found(dataset), to == "masks"
    assert set(expected) == set(PLACES)
    heard = Heard(tmp_path / "out")
    done = convert(dataset, tmp_path / "out", to, heard)
    assert (done.images, done.objects) == (5, 5)
    assert [sentence for sentence in heard.said if "share" in sentence] == [SAID] * together
    assert found(open_data(tmp_path / "out"), prefixed=together) == expected
    mended = check(tmp_path / "out").mend(tmp_path / "copy")
    assert (mended.total, mended.left_out) == (5, 0)
    assert found(open_data(tmp_path / "copy"), prefixed=together) == expected


def test_a_copy_of_pictures_of_numbers_says_what_they_are_called_and_keeps_tags(tmp_path: Path) -> None:
    root = shared_names(tmp_path / "data")
    lines = [f"{split}/{name},{split},p{place}" for place, (split, name) in enumerate(PLACES)]
    (root / "splits.csv").write_text("\n".join(["name,split,patient", *lines]))
    expected = open_data(root)
    check(root).mend(tmp_path / "copy")
    again = open_data(tmp_path / "copy")
    assert found(again, prefixed=True) == found(expected)
    assert [one.tags["patient"] for one in again.samples] == [one.tags["patient"] for one in expected.samples]
    with (tmp_path / "copy/changes.csv").open(newline="", encoding="utf-8") as file:
        listed = {row["file"]: row["done"] for row in csv.DictReader(file)}
    assert listed["val/images/0001.png"] == "copied, as images/val_0001.png"
    assert listed["train/images/0002.png"] == "copied, as images/train_0002.png"


@pytest.mark.parametrize("to", FORMATS)
def test_tags_stay_in_a_copy_of_every_format(tmp_path: Path, to: str) -> None:
    convert(open_data(shared_names(tmp_path / "data")), tmp_path / "out", to)
    written = open_data(tmp_path / "out")
    lines = [f"{one.name},{one.split},p{place}" for place, one in enumerate(written.samples)]
    (tmp_path / "out/splits.csv").write_text("\n".join(["name,split,patient", *lines]))
    check(tmp_path / "out").mend(tmp_path / "copy")
    told = {(one.split, Path(one.name).name): one.tags for one in open_data(tmp_path / "out").samples}
    assert all(tags["patient"] for tags in told.values())
    copied = open_data(tmp_path / "copy").samples
    assert {(one.split, Path(one.name).name): one.tags for one in copied} == told


def test_one_name_within_a_split_is_refused(tmp_path: Path) -> None:
    root = shared_names(tmp_path / "data")
    for folder in ("images", "instances"):
        (root / "train" / folder / "a").mkdir()
        for place in ("a/b.png", "a_b.png"):
            (root / "train" / folder / place).write_bytes((root / "val" / folder / "0003.png").read_bytes())
    with pytest.raises(DataError, match="would both be called 'a_b'; rename one"):
        convert(open_data(root), tmp_path / "out", "coco")
    assert not (tmp_path / "out").exists()

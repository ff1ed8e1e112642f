"""YOLO's sets as other programs and people write them: splits in the YAML file, names that nearly agree, odd texts."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import PIL.Image
import pytest

from pixelwise.data.yamltext import names_after, texts_after
from pixelwise.errors import DataError
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data

SQUARE = "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n"
NAMES = "names: [cat, dog]\n"


def image(root: Path, name: str, text: str | bytes | None = SQUARE, label: str = "") -> None:
    """An image, and its text in ``labels`` in place of ``images``."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", (20, 10), (9, 90, 200)).save(path)
    if text is not None:
        target = root / (label or str(Path(name.replace("images", "labels")).with_suffix(".txt")))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)


def splits(root: Path) -> dict[str, str | None]:
    return {one.name: one.split for one in open_data(root, layout="yolo").samples}


def test_texts_as_other_programs_write_them(tmp_path: Path) -> None:
    image(tmp_path, "images/a.jpg", b"\xef\xbb\xbf" + SQUARE.encode().replace(b"\n", b" \r\n\r\n"))
    image(tmp_path, "images/b.jpg", b"")
    image(tmp_path, "images/c.jpg", None)
    image(tmp_path, "images/d.jpg", "1.0 0.5 0.5 1 0.5 1 1\n0 0.1 0.1 0.5 0.1 0.5 0.5")
    (tmp_path / "labels/classes.txt").write_text("cat\ndog\n")
    (tmp_path / "data.yaml").write_text(NAMES)
    dataset = open_data(tmp_path)
    classes = [[one.class_id for one in dataset.objects(sample)] for sample in dataset.samples]
    assert classes == [[1], [], [], [2, 1]]
    assert dataset.objects(dataset.samples[0])[0].area == 8 * 4
    assert not {one.kind for one in check(tmp_path).result.findings if one.severity == "error"}
    image(tmp_path, "images/d.jpg", "0.5 0.5 0.5 1 0.5 1 1")
    with pytest.raises(DataError, match="line 1 should hold numbers alone: a whole one for the class"):
        dataset.objects(dataset.samples[3])


def test_names_that_differ_in_case_or_accents_belong_together(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    image(tmp_path, f"images/{composed}.jpg", label=f"labels/{apart}.txt")
    image(tmp_path, "images/Photo.JPG", label="labels/photo.TXT")
    image(tmp_path, "images/c.jpg", label="labels/c.jpg.txt")
    image(tmp_path, "images/d.jpg", label="labels/d.txt")  # and D is another
    image(tmp_path, "images/D.jpg", None)
    (tmp_path / "data.yaml").write_text(NAMES)
    dataset = open_data(tmp_path)
    counts = {one.name: len(dataset.objects(one)) for one in dataset.samples}
    assert counts == {"D": 0, "Photo": 1, "c": 1, "d": 1, composed: 1}


def test_a_text_without_an_image_is_told(tmp_path: Path) -> None:
    image(tmp_path, "images/a.jpg")
    image(tmp_path, "images/b.jpg", label="labels/bb.txt")
    (tmp_path / "data.yaml").write_text(NAMES)
    with pytest.raises(DataError, match=r"bb\.txt has no image of that name in images; add it or remove"):
        open_data(tmp_path)
    assert "pair-no-image" in {one.kind for one in check(tmp_path).result.findings}


@pytest.mark.parametrize(
    "told",
    [
        "train: images/one\nval: images/two\ntest: images/three",
        "path: ../datasets/mine  # elsewhere\ntrain: ./images/one\nval: 'images/two/'\ntest: \"images/three\"",
        "train: ../images/one\nval: ../images/two\ntest: ../images/three",
        "train: /content/mine/images/one\nval: C:\\mine\\images\\two\ntest: [images/three, images/four]",
        "train:\n  - images/one\nval:\n- images/two\ntest:\n  - images/three\n  - images/gone",
        "train: train.txt\nval: lists/val.txt\ntest: test.txt",
    ],
)
def test_splits_are_those_that_the_yaml_file_tells(tmp_path: Path, told: str) -> None:
    for folder in ("one", "two", "three"):
        image(tmp_path, f"images/{folder}/a.jpg")
    image(tmp_path, "images/other/b.jpg")
    (tmp_path / "lists").mkdir()
    (tmp_path / "train.txt").write_text("./images/one/a.jpg\n")
    (tmp_path / "lists/val.txt").write_text("/home/me/mine/images/two/a.jpg\r\n\r\n")
    (tmp_path / "test.txt").write_text("images\\three\\a.jpg")
    (tmp_path / "mine.yaml").write_text(f"{told}\nnc: 2\n{NAMES}")
    assert splits(tmp_path) == {"one/a": "train", "two/a": "val", "three/a": "test", "other/b": None}


def test_lists_of_a_set_that_lies_in_a_folder_called_labels_are_no_texts_of_images(tmp_path: Path) -> None:
    root = tmp_path / "labels" / "mine"
    image(root, "images/a.jpg")
    (root / "train.txt").write_text("images/a.jpg\n")
    (root / "data.yaml").write_text(f"train: train.txt\n{NAMES}")
    assert splits(root) == {"a": "train"}


def test_folders_tell_splits_where_the_yaml_file_does_not(tmp_path: Path) -> None:
    for folder in ("train2017", "val2017", "test"):
        image(tmp_path, f"images/{folder}/{folder}.jpg")
    by_folder = {"train2017/train2017": "train", "val2017/val2017": "val", "test/test": "test"}
    for told in ("", "train: elsewhere/gone\n", "train: images/train2017\nval: images/train2017\n"):
        (tmp_path / "data.yaml").write_text(told + NAMES)
        expected = {**by_folder, "val2017/val2017": None} if "val" in told else by_folder
        assert splits(tmp_path) == expected
    (tmp_path / "train.txt").write_text("images/val2017/val2017.jpg\n")
    (tmp_path / "data.yaml").write_text("train: train.txt\n" + NAMES)
    # What a list of training images leaves out is not trained on, whatever its folder is called.
    assert splits(tmp_path) == {**by_folder, "train2017/train2017": None, "val2017/val2017": "train"}


def test_one_folder_for_all_splits_tells_none(tmp_path: Path) -> None:
    image(tmp_path, "images/a.jpg")
    (tmp_path / "data.yaml").write_text("train: images\nval: images\n" + NAMES)
    assert splits(tmp_path) == {"a": None}


def test_what_a_yaml_file_says_wrong_is_told(tmp_path: Path) -> None:
    image(tmp_path, "images/a.jpg")
    (tmp_path / "data.yaml").write_text("train: train.txt\n" + NAMES)
    (tmp_path / "train.txt").write_text("images/a.jpg\nimages/b.jpg\n")
    with pytest.raises(DataError, match=r"train\.txt, line 2: there is no image images/b\.jpg; put it there"):
        open_data(tmp_path)
    (tmp_path / "data.yaml").write_text("train: [a, [b]]\n" + NAMES)
    with pytest.raises(DataError, match=r"data\.yaml should say for 'train' a folder or a list of images"):
        open_data(tmp_path)
    (tmp_path / "data.yaml").rename(tmp_path / "one.yaml")
    (tmp_path / "two.yml").write_text("path: .\n" + NAMES)
    (tmp_path / "names.yaml").write_text(NAMES)  # of no splits: any file may name something
    with pytest.raises(DataError, match=r"one\.yaml and two\.yml both name classes; call the right one"):
        open_data(tmp_path)


def test_names_in_brackets_may_fill_lines() -> None:
    assert names_after(["names: ['a', b,", "   c d,", "  'e']", "train: x"]) == ["a", "b", "c d", "e"]
    assert names_after(["names: [", "  a,", "  b", "]", "nc: 2"]) == ["a", "b"]
    assert texts_after(["train: my images/train  # all of them"]) == ["my images/train"]
    assert texts_after(["train:", "nc: 2"]) == []

"""Splits read from a list, drawn by a seed, and written again."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelwise.data.dataset import Dataset
from pixelwise.data.draw import carve_validation, draw_splits
from pixelwise.data.splits import read_splits, write_splits
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import SPLITS, Sample, SplitName
from pixelwise.workflows.data import open_data

LABELS = Labels(classes=("background", "lesion"))


def dataset(*names: str, split: SplitName | None = None, **tags: str) -> Dataset:
    samples = tuple(Sample(name, Path(f"{name}.png"), {}, tags, split) for name in names)
    return Dataset(Path("data"), "paired", samples, LABELS)


def numbered(count: int, split: SplitName | None = None) -> Dataset:
    return dataset(*(f"n{i:03}" for i in range(count)), split=split)


def diagnosed(**counts: int) -> Dataset:
    parts = [dataset(*(f"{tag}{i}" for i in range(n)), diagnosis=tag) for tag, n in counts.items()]
    return replace(parts[0], samples=tuple(sample for part in parts for sample in part.samples))


def splits(data: Dataset) -> dict[str, SplitName | None]:
    return {sample.name: sample.split for sample in data.samples}


def listed(folder: Path, text: str) -> Path:
    path = folder / "splits.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "name,split\na,train\nb,test\n",
        "\ufeffname,split\r\na,train\r\nb,test\r\n",  # as Excel saves it
        "split,name\ntrain,a\ntest,b\n",
        "name, split\n a , Train\nb,TEST \n",
        '"name","split"\n"a","train"\n\n"b","test"\n\n',
        "name,split,comment\na,train\nb,test,,more\n",
        "name;split\na;train\nb;test\n;\n",  # as Excel saves it where the comma is the decimal sign
        "Name\tSplit\tnote, if any\na\ttraining\nb\ttest\t\n",
        "name,split\na.png,train\n../images/b.JPG,test\n",
        "name,split\nC:\\data\\a.png,train\nb.bmp,test\n",
        '"name, of the image;",name,split\n,a,train\n,b,test\n',
    ],
)
def test_spellings_of_a_list(tmp_path: Path, text: str) -> None:
    found = read_splits(listed(tmp_path, text), dataset("a", "b", "c", split="val"))
    assert splits(found) == {"a": "train", "b": "test", "c": None}  # what is not listed has no split
    assert all(dict(sample.tags) == {} for sample in found.samples)


@pytest.mark.parametrize(
    ("word", "split"),
    [("training", "train"), ("validation", "val"), ("Valid", "val"), ("DEV", "val"), ("testing", "test")],
)
def test_other_words_for_splits(tmp_path: Path, word: str, split: str) -> None:
    assert splits(read_splits(listed(tmp_path, f"name,split\na,{word}\n"), dataset("a"))) == {"a": split}


def two_patients(root: Path) -> Dataset:
    named = [Sample(f"p{i}/scan.1", root / f"images/p{i}/scan.1.png", {}) for i in (1, 2)]
    return Dataset(root, "paired", tuple(named), LABELS)


@pytest.mark.parametrize(
    "written",
    [
        "p2/scan.1",
        "p2/scan.1.png",
        "images\\p2\\scan.1.png",
        "/mnt/elsewhere/images/p2/scan.1.tif",
        "./p2/scan.1.png ",
    ],
)
def test_a_path_names_the_image_that_it_leads_to(tmp_path: Path, written: str) -> None:
    found = read_splits(listed(tmp_path, f"name,split\n{written},val\n"), two_patients(tmp_path))
    assert splits(found) == {"p1/scan.1": None, "p2/scan.1": "val"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("scan.1.png", "'scan.1.png' may be p1/scan.1 or p2/scan.1; write the whole name."),
        ("p3/scan.1.png", "there is no image named 'p3/scan.1.png'"),
        ("masks/p1/scan.1.png", "there is no image named 'masks/p1/scan.1.png'"),
        ("scan", "there is no image named 'scan'"),  # what follows the dot is no suffix of an image
        ("", "there is no image named ''"),
    ],
)
def test_a_name_that_leads_to_no_one_image_is_refused(tmp_path: Path, written: str, said: str) -> None:
    path = listed(tmp_path, f"name,split\n{written},val\n")
    with pytest.raises(DataError, match="line 2: ") as caught:
        read_splits(path, two_patients(tmp_path))
    assert said in str(caught.value)


def test_a_spreadsheet_that_dropped_noughts_is_told_the_name(tmp_path: Path) -> None:
    found = dataset("0006", "0060", "p01/007", "x7", "X7")
    for written, name in (("6", "'0006'"), ("60.png", "'0060'"), ("p1/7", "'p01/007'")):
        with pytest.raises(DataError, match=f", but {name}; correct the name"):
            read_splits(listed(tmp_path, f"name,split\n{written},val\n"), found)
    for written in ("x07", "0", "600"):  # two may be meant, or none
        with pytest.raises(DataError, match="in data; correct the name"):
            read_splits(listed(tmp_path, f"name,split\n{written},val\n"), found)


def test_a_list_from_another_system_spells_accents_otherwise(tmp_path: Path) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    for ours, theirs in ((composed, apart), (apart, composed)):
        found = read_splits(listed(tmp_path, f"name,split\n{theirs},test\n"), dataset(ours))
        assert splits(found) == {ours: "test"}


def test_only_whole_names_count_where_unknown_ones_are_passed_over(tmp_path: Path) -> None:
    path = listed(tmp_path, "name,split\nscan.1,train\np2/scan.1,test\n")
    found = read_splits(path, two_patients(tmp_path), ignore_unknown=True)
    assert splits(found) == {"p1/scan.1": None, "p2/scan.1": "test"}


def test_further_columns_become_tags_and_the_reader_knows_better(tmp_path: Path) -> None:
    path = listed(tmp_path, "name,diagnosis,camera,split\na,2,old ,train\nb,0,,test\n")
    found = read_splits(path, dataset("a", "b", "c", diagnosis="melanoma")).samples
    assert [dict(sample.tags) for sample in found] == [
        {"diagnosis": "melanoma", "camera": "old"},
        {"diagnosis": "melanoma"},
        {"diagnosis": "melanoma"},
    ]
    assert read_splits(path, dataset("a", "b")).samples[0].tags == {"diagnosis": "2", "camera": "old"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name,split\nA,train\n",
            ", line 2: there is no image named 'A' in data, but 'a'; correct the name.",
        ),
        ("name,split\na,train\nd,test\n", ", line 3: there is no image named 'd' in data; correct the name."),
        ("name,split\n\n\nd,test\n", ", line 4: there is no image named 'd' in data; correct the name."),
        ("name,split\nd.png,train\n", ", line 2: there is no image named 'd.png' in data; correct the name."),
        ("name,split\na.png,train\na,test", ", line 3: 'a' is listed twice; remove one of the lines."),
        ("name,split\na,train\nb,val\na,test\n", ", line 4: 'a' is listed twice; remove one of the lines."),
        ("name,split\na,trian\n", ", line 2: the split 'trian' should be train, val or test."),
        ("name,split\na\n", ", line 2: the split '' should be train, val or test."),
        ("name split\na train\n", " has no column 'name'; its first line should hold name and split."),
        ("name,split,split\na,train,test", " has two columns 'split'; rename or remove one of them."),
        ("name,set\na,train\n", " has no column 'split'; its first line should hold name and split."),
        ("", " is empty; its first line should hold name and split."),
        ("name,split\n\n", " names no image; write a line for each, or remove the list."),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, said: str) -> None:
    path = listed(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_splits(path, dataset("a", "b"))
    assert str(caught.value) == f"{path}{said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist; check the path given with --splits."),
        ("name,split\ncafé,train".encode("latin-1"), "cannot be read as UTF-8 text; save it as CSV UTF-8."),
        (b'name,split\n"' + b"a" * 200_000, "is not CSV (field larger than field limit"),
    ],
)
def test_unreadable_lists(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "splits.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_splits(path, dataset("a"))
    assert str(caught.value).startswith(f"{path} {said}")


def test_open_data_reads_the_list_that_lies_there_or_is_given(tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        for name in "ab":
            PIL.Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / kind / f"{name}.png")
    assert not open_data(tmp_path).has_splits()
    listed(tmp_path, "name,split\na,train\n")
    assert splits(open_data(tmp_path)) == {"a": "train", "b": None}
    (tmp_path / "other.csv").write_text("name,split\nb,test\n")
    assert splits(open_data(tmp_path, splits=tmp_path / "other.csv")) == {"a": None, "b": "test"}
    with pytest.raises(DataError, match="does not exist"):
        open_data(tmp_path, splits=tmp_path / "absent.csv")


@settings(max_examples=40, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 40), min_size=1),
    seed=st.integers(0, 2**31 - 1),
    shares=st.sampled_from([(0.15, 0.2), (0.5, 0.5), (0.0, 0.3), (0.25, 0.0)]),
)
def test_every_tag_gets_its_shares(counts: dict[str, int], seed: int, shares: tuple[float, float]) -> None:
    val, test = shares
    data = diagnosed(**counts)
    drawn = draw_splits(data, seed, val=val, test=test)
    assert [sample.name for sample in drawn.samples] == [sample.name for sample in data.samples]
    for group in (None, *counts):
        members = [s for s in drawn.samples if group is None or s.tags["diagnosis"] == group]
        found: Counter[str | None] = Counter(sample.split for sample in members)
        assert sum(found[name] for name in SPLITS) == len(members)
        for name, share in zip(SPLITS, (1 - val - test, val, test), strict=True):
            assert abs(found[name] - share * len(members)) < 2  # whole samples, at both ends of the group


def test_drawn_splits_depend_on_the_seed_alone() -> None:
    data = numbered(40)
    turned = replace(data, samples=data.samples[::-1])
    assert splits(draw_splits(data, 3)) == splits(draw_splits(turned, 3))
    assert splits(draw_splits(data, 3)) != splits(draw_splits(data, 4))
    assert len({tuple(splits(draw_splits(data, seed)).values()) for seed in range(20)}) == 20
    assert splits(data) == dict.fromkeys(splits(data))  # the data set given is left alone


@pytest.mark.parametrize("count", [10, 40])
def test_tags_of_many_values_leave_the_drawing_to_chance(count: int) -> None:
    samples = tuple(replace(s, tags={"patient": s.name}) for s in numbered(count).samples)
    data = replace(numbered(count), samples=samples)
    for seed in range(5):
        assert splits(draw_splits(data, seed)) == splits(draw_splits(numbered(count), seed))


def test_every_sample_may_be_drawn_for_testing() -> None:
    often = Counter(
        s.name for seed in range(200) for s in draw_splits(numbered(10), seed).split("test").samples
    )
    # 2 of 10, 200 times: 40 each; a count under 15 or over 70 is more than four standard deviations (5.7) away.
    assert len(often) == 10
    assert all(15 < count < 70 for count in often.values())


@pytest.mark.parametrize("count", [2, 3, 7, 20, 100])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.15, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_validation_is_carved_out_of_training_at_least_one_never_all(
    count: int, share: float, seed: int
) -> None:
    training, held = numbered(count, "train"), dataset("t0", "t1", split="test")
    data = replace(training, samples=held.samples + training.samples)
    carved = carve_validation(data, seed, share)
    found = Counter(splits(carved).values())
    assert 1 <= found["val"] <= count - 1
    assert abs(found["val"] - min(max(share * count, 1), count - 1)) <= 0.5
    assert found["train"] == count - found["val"]
    assert [sample.name for sample in carved.split("test").samples] == ["t0", "t1"]
    assert splits(carve_validation(data, seed, share)) == splits(carved)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_carved_from_less_than_two(count: int) -> None:
    data = numbered(count, "train")
    assert carve_validation(data, 0) == data


def test_round_trip(tmp_path: Path) -> None:
    names = ["plain", "with, comma", 'with "quotes"', "ไฝ ๑", " spaced ", "a.b", "-", "#x"]
    data = draw_splits(dataset(*names, diagnosis='common, "benign"', camera="กล้อง"), 1, val=0.3, test=0.3)
    unassigned = Sample("unassigned", Path("u.png"), {}, {"diagnosis": "melanoma"})
    data = replace(data, samples=(*data.samples, unassigned))
    write_splits(tmp_path / "splits.csv", data)
    bare = replace(data, samples=tuple(replace(s, tags={}, split=None) for s in data.samples))
    found = read_splits(tmp_path / "splits.csv", bare)
    assert splits(found) == splits(data)
    assert [s.tags for s in found.samples[:-1]] == [s.tags for s in data.samples[:-1]]
    assert (tmp_path / "splits.csv").read_text(encoding="utf-8").splitlines()[
        0
    ] == "name,camera,diagnosis,split"


def test_the_size_of_pixels_is_read_written_and_read_again(tmp_path: Path) -> None:
    path = listed(
        tmp_path, "name;split;MM_per_pixel;camera\na;train;0,02;A\nb;test;0.5 0.4;B\nc;val;;C\nd;val;1x2;\n"
    )
    found = read_splits(path, dataset("a", "b", "c", "d"))
    assert [sample.spacing for sample in found.samples] == [(0.02, 0.02), (0.5, 0.4), None, (1.0, 2.0)]
    assert dict(found.samples[0].tags) == {"camera": "A"}
    write_splits(tmp_path / "again.csv", found)
    assert read_splits(tmp_path / "again.csv", dataset("a", "b", "c", "d")).samples == found.samples


def test_a_size_that_the_reader_knows_is_kept(tmp_path: Path) -> None:
    known = replace(dataset("a"), samples=(replace(dataset("a").samples[0], spacing=(3.0, 3.0)),))
    path = listed(tmp_path, "name,split,mm_per_pixel\na,train,1\n")
    assert read_splits(path, known).samples[0].spacing == (3.0, 3.0)


@pytest.mark.parametrize("written", ["fine", "0", "-1", "nan", "inf", "1 2 3", "0.02 mm"])
def test_sizes_of_pixels_that_are_none_are_refused(tmp_path: Path, written: str) -> None:
    path = listed(tmp_path, f"name,split,mm_per_pixel\na,train,{written}\n")
    with pytest.raises(DataError, match=r"line 2: mm_per_pixel is .*; write the millimetres"):
        read_splits(path, dataset("a"))

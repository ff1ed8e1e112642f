"""What belongs together: by a tag, by a pattern of names, and the pattern that names show."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.real import RealSet

from pixelwise.data.dataset import Dataset
from pixelwise.data.groups import GROUP_TAGS, grouped, propose
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import Sample
from pixelwise.workflows.data import open_data


def dataset(*names: str, known_group: str | None = None, **tags: str) -> Dataset:
    samples = tuple(Sample(name, Path(f"{name}.png"), {}, tags) for name in names)
    return Dataset(
        Path("data"), "paired", samples, Labels(classes=("background", "lesion")), group=known_group
    )


def groups(data: Dataset) -> list[str]:
    assert data.group is not None
    return [sample.tags[data.group] for sample in data.samples]


@pytest.mark.parametrize("tag", GROUP_TAGS)
def test_a_tag_that_names_a_group_is_taken(tag: str) -> None:
    assert grouped(dataset("a", "b", camera="A", **{tag: "1"}), None).group == tag


def test_the_first_of_several_is_taken_and_others_are_not() -> None:
    assert grouped(dataset("a", video="1", patient="2"), None).group == "patient"
    assert grouped(dataset("a", diagnosis="1"), None).group is None
    assert grouped(dataset("a"), None).group is None


def test_the_reader_s_group_stays_unless_another_is_asked_for() -> None:
    data = dataset("a", known_group="folder", folder="x", patient="p", eye="left")
    assert grouped(data, None).group == "folder"
    assert grouped(data, "eye").group == "eye"


def test_a_pattern_takes_its_first_group_from_names() -> None:
    data = grouped(dataset("p1_3", "p1_4", "p22_3", diagnosis="x"), r"^(p\d+)_(\d)")
    assert groups(data) == ["p1", "p1", "p22"]
    assert all(sample.tags["diagnosis"] == "x" for sample in data.samples)


def test_a_tag_comes_before_a_pattern_of_the_same_letters() -> None:
    assert groups(grouped(dataset("(a)1", "(a)2", **{"(a)": "tag"}), "(a)")) == ["tag", "tag"]


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("p(", r"neither a tag nor a regular expression .*; correct --group-by"),
        ("patient", r"there is no tag 'patient' \(tags are camera, eye\).* has no group; give one such as"),
        (r"^(p\d+)_", r"does not match the name 'q1'; correct --group-by"),
        (r"^(?:(p)\d|q1)", r"does not match the name 'q1'"),  # it does, but the group is not in it
    ],
)
def test_wrong_patterns_are_refused_in_a_sentence(by: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        grouped(dataset("p1_1", "q1", camera="A", eye="left"), by)


def test_without_tags_it_says_so() -> None:
    with pytest.raises(DataError, match="there are no tags"):
        grouped(dataset("a"), "patient")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (
            [f"{video}_{frame:06}" for video in ("0001TP", "0006R0", "0016E5") for frame in range(30, 90, 30)],
            ["0001TP", "0006R0", "0016E5"],
        ),
        (
            [f"HipHop_HipHop{take}_C{camera}_{frame:05}" for take in (1, 2, 3) for camera in (0, 1)
             for frame in (180, 240)],
            ["HipHop_HipHop1", "HipHop_HipHop2", "HipHop_HipHop3"],
        ),
        (
            [f"patient{p:02}_slice{s:02}" for p in (1, 2, 3, 4) for s in (1, 2, 3)],
            ["patient01", "patient02", "patient03", "patient04"],
        ),
        ([f"case {p}-{s}" for p in "abc" for s in range(3)], ["case a", "case b", "case c"]),
        ([f"p{p}/img_{s}" for p in range(3) for s in range(3)], ["p0/img", "p1/img", "p2/img"]),
        ([f"v{p}.frame.{s}" for p in range(3) for s in range(3)], ["v0.frame", "v1.frame", "v2.frame"]),
        ([f"P{p:03}_{side}" for p in (1, 2, 3) for side in "LR"], ["P001", "P002", "P003"]),
        (["a_left", "a_right", "b_left", "b_right", "c_left", "c_right"], ["a", "b", "c"]),
        ([f"case{p:02}-{view}" for p in (1, 2, 3) for view in ("LCC", "RCC", "LMLO")], ["case01", "case02", "case03"]),
        ([f"patient{p:02}slice{s}" for p in (1, 2, 3) for s in (1, 2, 10)], ["patient01", "patient02", "patient03"]),
        ([f"patient{p}_{s:02}" for p in (1, 2) for s in range(30)], ["patient1", "patient2"]),
        ([f"p{p}_{s}" for p in range(5) for s in range(6)] + ["cover"], ["cover", "p0", "p1", "p2", "p3", "p4"]),
        ([f"p{p}s{s}" for p in range(5) for s in range(6)] + ["cover"], ["cover", "p0", "p1", "p2", "p3", "p4"]),
    ],
)  # fmt: skip
def test_names_show_sequences(names: list[str], shown: list[str]) -> None:
    pattern = propose(names)
    assert pattern is not None
    assert sorted(set(groups(grouped(dataset(*names), pattern)))) == shown


@pytest.mark.parametrize(
    "names",
    [
        [f"IMD{i:03}" for i in range(2, 100, 3)],
        [f"ISIC_{i:07}" for i in range(0, 400, 7)],
        [f"{i:04}" for i in range(1, 60)],
        [hashlib.sha256(bytes([i])).hexdigest() for i in range(40)],
        [f"lesion_{i:04}" for i in range(30)],
        [f"{patient}_1" for patient in "abcdefgh"],  # one image each
        [f"{group}_{i}" for group in "ab" for i in range(9)],  # two may be anything: left and right, say
        ["a_1", "a_2", "b_1", "b_2", "c_1", "c_2", "cover"],
        ["a_1", "a_2", "b_x_1", "b_x_2", "c_1", "c_2"],  # not all of one form
        ["a_top", "a_below", "b_top", "b_below", "c_top", "c_below"],
        ["a01b1", "a01b2", "a02b1", "a02b2", "c"],  # a fifth is of another form
        [],
        ["a_1"],
    ],
)
def test_names_that_show_none(names: list[str]) -> None:
    assert propose(names) is None


@given(
    st.lists(st.from_regex(r"[a-z]{1,3}\d{0,2}", fullmatch=True), min_size=3, max_size=6, unique=True),
    st.integers(2, 5),
    st.sampled_from(["_", "-", ".", " ", "__", "_-"]),
    st.sampled_from(["", "_", "-", "set_"]),
)
@settings(deadline=None, max_examples=80)
def test_a_pattern_proposed_matches_every_name_and_tells_groups_apart(
    videos: list[str], frames: int, between: str, before: str
) -> None:
    names = [f"{before}{video}{between}{frame}" for video in videos for frame in range(frames)]
    pattern = propose(names)
    if pattern is None:  # "cam1" and its like are taken for cameras
        assert any(re.fullmatch(r"(?:c|cam)\d+", video) for video in videos)
        return
    found = groups(grouped(dataset(*names), pattern))
    if not any(re.fullmatch(r"c\d+", video) for video in videos):
        assert len(set(found)) == len(videos)
        for start in range(0, len(names), frames):
            assert len(set(found[start : start + frames])) == 1


@pytest.mark.parametrize("name", ["ph2", "isic2017", "ccp"])
def test_real_sets_show_no_sequences(real_set: RealSet, name: str) -> None:
    assert propose([sample.name for sample in open_data(real_set(name)).samples]) is None


def test_names_that_are_hashes_show_no_sequences(real_set: RealSet) -> None:
    hashes = [path.stem for path in sorted((real_set("dsb2018") / "images").iterdir())]
    assert len(hashes) == 160
    assert propose(hashes) is None


def test_the_sequences_of_camvid_show_by_their_names_as_by_its_reader_s_tag(real_set: RealSet) -> None:
    camvid = open_data(real_set("camvid"))
    pattern = propose([sample.name for sample in camvid.samples])
    assert pattern is not None
    by_name = groups(grouped(camvid, pattern))
    assert (
        len(set(zip(by_name, groups(camvid), strict=True))) == len(set(by_name)) == len(set(groups(camvid)))
    )

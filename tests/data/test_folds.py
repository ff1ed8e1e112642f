"""Folds: every image is in one, what belongs together is in the same, and no model learns from its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pixelwise.data.dataset import Dataset
from pixelwise.data.draw import draw_parts
from pixelwise.data.folds import draw_folds, read_folds
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import Sample


def dataset(patients: dict[str, str]) -> Dataset:
    """Samples by name with the value of their group; an empty one is none."""
    samples = tuple(
        Sample(name, Path("data") / f"{name}.png", {}, {"patient": value} if value else {}, "train")
        for name, value in patients.items()
    )
    return Dataset(Path("data"), "paired", samples, Labels(classes=("background", "lesion")), group="patient")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=8, max_size=40),
    st.integers(2, 4),
    st.integers(0, 5),
    st.lists(st.sets(st.integers(0, 39), min_size=2, max_size=3), max_size=3),
)
def test_folds_part_the_images_and_tear_nothing_apart(
    groups: list[int], count: int, seed: int, alike: list[set[int]]
) -> None:
    # 0 is no group: such images stand alone.
    data = dataset({f"n{i:02}": f"p{group}" if group else "" for i, group in enumerate(groups)})
    together = [{f"n{i:02}" for i in one} for one in alike]
    assume(len({group for group in groups if group}) + groups.count(0) - sum(map(len, together)) >= count)
    folds = draw_folds(data, count, seed, together=together)
    names = {sample.name for sample in data.samples}
    fold_of = {name: folds.fold_of(name) for name in names}
    assert set(fold_of.values()) == set(range(count))
    ties = [
        {sample.name for sample in data.samples if sample.tags.get("patient") == f"p{value}"}
        for value in set(groups) - {0}
    ]
    for tie in [*ties, *(one & names for one in together)]:
        assert len({fold_of[name] for name in tie}) <= 1
        for splits in folds.splits:  # nor is a part of them validated on
            assert len({splits[name] for name in tie}) <= 1
    for model, splits in enumerate(folds.splits):
        assert splits.keys() == names
        for name in names:
            assert (splits[name] == "test") == (fold_of[name] == model)
        assert "train" in splits.values()


def test_folds_are_of_one_size_and_share_out_kinds() -> None:
    data = dataset({f"n{i:03}": "" for i in range(103)})
    kinds = {sample.name: ("rare" if i % 5 == 0 else "usual") for i, sample in enumerate(data.samples)}
    folds = draw_folds(data, 5, seed=1, kinds=kinds)
    sizes = Counter(folds.fold_of(sample.name) for sample in data.samples)
    assert set(sizes.values()) == {20, 21}
    rare = Counter(folds.fold_of(name) for name, kind in kinds.items() if kind == "rare")
    assert set(rare.values()) <= {4, 5}
    assert all(12 <= list(splits.values()).count("val") <= 13 for splits in folds.splits)  # 15% of 82 or 83


def test_the_seed_decides() -> None:
    data = dataset({f"n{i:02}": "" for i in range(20)})
    assert draw_parts(data, 4, 0) == draw_parts(data, 4, 0) != draw_parts(data, 4, 1)


def test_a_list_comes_back(tmp_path: Path) -> None:
    data = dataset({f"n{i:02}": "" for i in range(12)})
    folds = draw_folds(data, 3, seed=0)
    folds.write(tmp_path / "folds.csv")
    lines = (tmp_path / "folds.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "name,fold,model 1,model 2,model 3"
    assert len(lines) == 13
    assert read_folds(tmp_path / "folds.csv", data) == folds
    fewer = read_folds(tmp_path / "folds.csv", replace(data, samples=data.samples[:2]))
    assert [set(splits) for splits in fewer.splits] == [{"n00", "n01"}] * 3


def test_a_list_in_which_two_models_are_tested_on_an_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folds.csv").write_text("name,fold,model 1,model 2\nn00,1,test,test\n")
    with pytest.raises(DataError, match="line 2: one model has to be tested"):
        read_folds(tmp_path / "folds.csv", dataset({"n00": ""}))


@pytest.mark.parametrize(
    ("patients", "said"), [(1, "1 group of images.*train without"), (3, "3 groups .* at the most --folds 3")]
)
def test_too_few_groups_are_refused(patients: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        draw_folds(dataset({f"n{i}": f"p{i % patients}" for i in range(9)}), 5, seed=0)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DataError, match="has 3 images to learn from, too few for 5 folds"):
        draw_folds(dataset({f"n{i}": "" for i in range(3)}), 5, seed=0)


def test_images_of_folds_carry_their_fold_as_a_tag() -> None:
    data = dataset({f"n{i:02}": "" for i in range(12)})
    folds = draw_folds(data, 3, seed=0)
    scored = folds.scored(data, 2)
    assert {sample.tags["fold"] for sample in scored.samples} == {"1", "2"}
    assert len(scored) == 8
    assert all(sample.tags["fold"] == str((folds.fold_of(sample.name) or 0) + 1) for sample in scored.samples)

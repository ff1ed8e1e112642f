"""Masks of one set and joints of another: each task has its split, and each set its own splits."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.listening import Heard

import pixelwise
from pixelwise.data.dataset import Dataset, with_joints
from pixelwise.data.figures import write_figures
from pixelwise.data.splits import write_splits
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError
from pixelwise.types import SPLITS
from pixelwise.workflows.baseline import baseline
from pixelwise.workflows.check import check
from pixelwise.workflows.data import splits_of_run
from pixelwise.workflows.foldplan import pooled
from pixelwise.workflows.labelled import assigned, scored_notes, scored_part
from pixelwise.workflows.preparation import choose_recipe, with_splits
from pixelwise.workflows.wishes import Wishes

BOTH = ("semantic", "pose")


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Eight pictures with masks: 4 for training, 2 for validation, 2 to test."""
    data = pixelwise.open_data(write_lesions(tmp_path_factory.mktemp("masks"), 8, size=(64, 96)))
    return told(data, 4, 2, 2)


@pytest.fixture(scope="module")
def joints(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Ten pictures with joints: 8 for training, 2 for validation."""
    root = write_figures(tmp_path_factory.mktemp("joints"), 10, size=(64, 96), most=2)
    shutil.rmtree(root / "masks")
    return pixelwise.open_data(root)


def told(data: Dataset, *shares: int) -> Dataset:
    """So many for training, validation and test; the rest is in no split."""
    splits = [split for split, count in zip(SPLITS, shares, strict=False) for _ in range(count)]
    return data.with_splits({one.name: split for one, split in zip(data.samples, splits, strict=False)})


def counts(data: Dataset) -> dict[tuple[str | None, bool], int]:
    """Samples by split and whether joints are marked."""
    keys = [(sample.split, sample.people is not None) for sample in data.samples]
    return {key: keys.count(key) for key in keys}


def test_each_task_is_scored_on_the_best_split_that_is_labelled_for_it(
    masks: Dataset, joints: Dataset
) -> None:
    both = with_joints(masks, joints)
    scored, split = scored_part(both, BOTH)
    assert split == "test"
    assert counts(scored) == {("test", False): 2, ("val", True): 2}
    [note] = scored_notes(both, BOTH, validated=True)
    assert note.startswith("No test image is labelled for pose, which is scored on validation images")
    assert counts(scored_part(both, ["semantic"])[0]) == {("test", False): 2}
    assert scored_part(joints, ["pose"])[1] == "val"


def test_what_is_labelled_for_both_is_scored_where_its_split_counts(tmp_path: Path) -> None:
    """Masks are there for validation pictures only, joints for all: masks of val, joints of test."""
    data = pixelwise.open_data(write_figures(tmp_path, 10, size=(64, 96), most=1))
    samples = [replace(one, split="test" if at < 3 else one.split) for at, one in enumerate(data.samples)]
    samples = [one if one.split == "val" else replace(one, labels={}) for one in samples]
    data = replace(data, samples=tuple(samples), mixed=True)
    scored, split = scored_part(data, BOTH)
    assert split == "val"
    assert [(one.split, bool(one.labels), one.people is not None) for one in scored.samples] == [
        *[("test", False, True)] * 3,
        *[("val", True, False)] * 2,
    ]
    with pytest.raises(
        DataError, match=r"no training image with masks to learn semantic from; .*--task pose\."
    ):
        choose_recipe(Wishes(tasks=BOTH, epochs=1), data, Heard())


def test_a_set_without_splits_beside_one_with_splits_gets_its_own(masks: Dataset, joints: Dataset) -> None:
    listener = Heard()
    both = assigned(with_joints(told(masks), joints))
    assert len(both) == 18
    found = with_splits(check(both).subject, 0, listener)
    assert (counts(found)["train", True], counts(found)["val", True]) == (8, 2)
    assert {split for split, marked in counts(found) if not marked} == {"train", "val", "test"}
    assert any(line.startswith("Splits of the images with masks: drawn at random") for line in listener.lines)
    assert counts(pooled(both)) == {("train", False): 8, ("train", True): 10}  # for folds
    part = with_joints(told(masks, 6), joints)
    assert len(assigned(part)) == 16


def test_a_drawn_image_follows_its_copy_in_the_other_set(masks: Dataset, joints: Dataset) -> None:
    copied = replace(joints, samples=tuple(replace(one, split=None) for one in joints.samples))
    at = copied.samples[4]
    twin = replace(masks.samples[7], name="twin", labels={}, people=at.people)
    both = with_joints(masks, replace(copied, samples=(*copied.samples, twin)))
    found = with_splits(check(both).subject, 0, Heard())
    assert [one.split for one in found.samples if one.name == "joints/twin"] == ["test"]


def test_names_that_both_sets_have_are_told_apart_in_the_splits_of_a_run(
    masks: Dataset, joints: Dataset, tmp_path: Path
) -> None:
    """Masks' picture 0 tested; joints' picture of the same name trained: alone, too, each has its own split."""
    names = [f"{at:04}" for at in range(10)]
    ours = masks.renamed(dict(zip([one.name for one in masks.samples], names, strict=False)))
    theirs = joints.renamed(dict(zip([one.name for one in joints.samples], names, strict=True)))
    write_splits(tmp_path / "splits.csv", with_joints(ours, theirs))
    for alone in (ours, theirs):
        bare = alone.with_splits({})
        found = splits_of_run(tmp_path, bare)
        assert found is not None
        assert [(one.name, one.split) for one in found.samples] == [
            (one.name, one.split) for one in alone.samples
        ]
    inside = theirs.renamed({name: f"joints/{name}" for name in names})  # a folder of a set of joints alone
    write_splits(tmp_path / "splits.csv", inside)
    found = splits_of_run(tmp_path, inside.with_splits({}))
    assert found is not None
    assert [one.split for one in found.samples] == [one.split for one in inside.samples]
    with pytest.raises(DataError, match="joints/0003"):
        with_joints(ours.renamed({**dict(zip(names, names, strict=True)), "0001": "joints/0003"}), theirs)


def test_joints_alone_have_no_baseline_and_no_score_of_areas(joints: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has joints but no masks, and methods without training find areas"):
        baseline(joints.root, tmp_path / "out")
    assert not (tmp_path / "out").exists()

"""Methods without training over labelled data, and over pictures without labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.baselines.drawn import coloured, disc
from tests.report.pages import Checker

from pixelwise.baselines import METHODS
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, OutputError, RecipeError
from pixelwise.workflows.baseline import baseline, ranges_of, segment_images
from pixelwise.workflows.data import open_data

QUICK = ("otsu", "watershed")


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "lesions", 12, seed=0, size=(96, 128))


@pytest.fixture
def copied(lesions: Path, tmp_path: Path) -> Path:
    return shutil.copytree(lesions, tmp_path / "lesions")


def test_scores_page_and_numbers(lesions: Path, tmp_path: Path) -> None:
    found = baseline(lesions, tmp_path / "out", methods=QUICK).comparison
    data = open_data(lesions)
    test = {sample.name for sample in data.split("test").samples}
    assert found.split == "test"
    assert found.n_images == len(test)
    assert {one.name for one in found.methods} == set(QUICK)
    assert not test & set(found.chosen_on)
    for one in found.methods:
        assert {row.name for row in one.metrics.images} == test
        assert one.metrics.scores["dice"].mean > 0.5  # the drawings are easy
        assert one.seconds > 0
    means = [one.metrics.scores["dice"].mean for one in found.methods]
    assert means == sorted(means, reverse=True)
    written = json.loads((tmp_path / "out" / "baselines.json").read_text(encoding="utf-8"))
    assert written["schema"] == "pixelwise.baselines/1"
    assert [one["name"] for one in written["methods"]] == [one.name for one in found.methods]
    page = (tmp_path / "out" / "baseline.html").read_text(encoding="utf-8")
    for name in QUICK:
        assert METHODS[name].how.replace("'", "&#39;") in page
    Checker().check(page)


def test_test_images_choose_nothing(copied: Path, tmp_path: Path) -> None:
    """Inverting the truth of the test images changes their scores, and no choice."""
    before = baseline(copied, tmp_path / "before", methods=("otsu",)).comparison.methods[0]
    for sample in open_data(copied).split("test").samples:
        path = sample.labels["mask"]
        with PIL.Image.open(path) as mask:
            inverted = PIL.Image.fromarray(255 - np.asarray(mask))
        inverted.save(path)
    after = baseline(copied, tmp_path / "after", methods=("otsu",)).comparison.methods[0]
    assert before.choice == after.choice
    assert after.metrics.scores["dice"].mean < before.metrics.scores["dice"].mean - 0.3


def test_the_validation_split_chooses_on_training_alone(lesions: Path, tmp_path: Path) -> None:
    found = baseline(lesions, tmp_path / "out", methods=("otsu",), split="val").comparison
    training = {sample.name for sample in open_data(lesions).split("train").samples}
    assert set(found.chosen_on) <= training
    assert found.methods[0].metrics.notes == ()


def test_all_images_are_scored_with_a_note(lesions: Path, tmp_path: Path) -> None:
    found = baseline(lesions, tmp_path / "out", methods=("otsu",), split="all").comparison
    assert found.n_images == 12
    assert any("also chose" in note for note in found.methods[0].metrics.notes)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(lesions: Path, tmp_path: Path) -> None:
    one, other = (
        baseline(lesions, tmp_path / name, methods=("k-means",), seed=4).comparison.methods[0]
        for name in ("one", "other")
    )
    assert one.metrics.to_json() == other.metrics.to_json()
    assert one.choice == other.choice


def test_splits_that_are_drawn_are_written(copied: Path, tmp_path: Path) -> None:
    (copied / "splits.csv").unlink()
    found = baseline(copied, tmp_path / "out", methods=("otsu",)).comparison
    again = open_data(copied, splits=tmp_path / "out" / "splits.csv")
    assert len(again.split("test")) == found.n_images


def test_what_is_refused(lesions: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no method 'otso'; choose among otsu, "):
        baseline(lesions, tmp_path / "out", methods=("otso",))
    data = open_data(lesions)
    no_test = data.where(lambda one: one.split != "test")
    with pytest.raises(
        DataError, match="no images in the split 'test'; choose among train, val with --split"
    ):
        baseline(no_test, tmp_path / "out", methods=("otsu",), split="test")
    baseline(lesions, tmp_path / "out", methods=("otsu",))
    with pytest.raises(OutputError, match=r"baseline\.html exists already; .* --overwrite"):
        baseline(lesions, tmp_path / "out", methods=("otsu",))
    baseline(lesions, tmp_path / "out", methods=("otsu",), overwrite=True)


def test_three_classes_are_refused_in_a_sentence(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        for folder in ("images", "masks"):
            (tmp_path / "data" / folder).mkdir(parents=True, exist_ok=True)
        mask = disc((40, 50), 10).astype(np.uint8)
        mask[:4] = 2
        PIL.Image.fromarray(coloured(mask > 0, (0, 0, 0), (250, 250, 250))).save(
            tmp_path / "data" / "images" / f"{name}.png"
        )
        PIL.Image.fromarray(mask).save(tmp_path / "data" / "masks" / f"{name}.png")
    with pytest.raises(DataError, match=r"3 classes .* know object and background alone"):
        baseline(tmp_path / "data", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def photographs(folder: Path) -> Path:
    """Pictures of several kinds, all of a dark disc."""
    mask = disc((60, 80), 18)
    folder.mkdir()
    PIL.Image.fromarray(coloured(mask, (40, 30, 30), (220, 200, 190))).save(folder / "colour.png")
    deep = np.where(mask, 900, 3100).astype(np.uint16)
    PIL.Image.fromarray(deep).save(folder / "deep.png")
    np.save(
        folder / "channels.npy", np.repeat(np.where(mask, 0.2, 0.9)[..., None], 5, axis=2).astype(np.float32)
    )
    PIL.Image.fromarray(np.where(mask, 40, 200).astype(np.uint8)).save(folder / "grey.jpg")
    PIL.Image.new("RGB", (1, 1)).save(folder / "dot.png")
    return folder


def test_pictures_of_any_kind_are_segmented(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "photographs")
    (folder / "broken.png").write_bytes((folder / "colour.png").read_bytes()[:200])
    done = segment_images([folder], tmp_path / "out", methods=["watershed"])
    assert len(done.written) == 5
    assert ["broken.png" in str(error) for error in done.refused] == [True]
    truth = disc((60, 80), 18)
    for stem in ("colour", "deep", "channels", "grey"):
        with PIL.Image.open(tmp_path / "out" / f"{stem}_mask.png") as stored:
            mask = np.asarray(stored)
        assert set(np.unique(mask)) == {0, 255}
        assert ((mask > 0) != truth).mean() < 0.02, stem
        with PIL.Image.open(tmp_path / "out" / f"{stem}_overlay.png") as overlay:
            assert overlay.size == (80, 60)
        about = json.loads((tmp_path / "out" / f"{stem}.json").read_text(encoding="utf-8"))
        assert about["method"] == "watershed"
        assert about["object"] == "inside"


def test_which_side_is_the_object_can_be_said(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "photographs")
    segment_images([folder / "grey.jpg"], tmp_path / "out", methods=["otsu"], side="bright")
    with PIL.Image.open(tmp_path / "out" / "grey_mask.png") as stored:
        assert ((np.asarray(stored) > 0) == disc((60, 80), 18)).mean() < 0.02


def test_several_methods_have_folders_of_their_own(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "photographs")
    done = segment_images([folder], tmp_path / "out", methods=["otsu", "edges"])
    assert len(done.written) == 10
    assert {path.parent.name for path in done.written} == {"otsu", "edges"}
    # What was written is known for results, and left out when it is asked for again.
    with pytest.raises(DataError, match="holds no images but results of predictions"):
        segment_images([tmp_path / "out" / "otsu"], tmp_path / "again", methods=["otsu"])
    with pytest.raises(OutputError, match="exists already"):
        segment_images([folder], tmp_path / "out", methods=["otsu", "edges"])


def test_pictures_alone_need_a_method(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name one with --method"):
        segment_images([photographs(tmp_path / "photographs")], tmp_path / "out", methods=[])


def test_ranges_follow_the_format(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "photographs")
    ranges = {
        str(pixels): (one.minimum, one.maximum) for pixels, one in ranges_of(sorted(folder.iterdir())).items()
    }
    assert ranges == {
        "RGB of 8 bits": (0.0, 255.0),
        "1 channel of 16 bits": (900.0, 3100.0),
        "5 channels of 32-bit fractions": (0.2, 0.9),
    }

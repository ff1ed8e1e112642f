"""train --folds and check --with on the command line, and what takes the model that comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Pixelwise

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def in_folds(
    tmp_path_factory: pytest.TempPathFactory, pixelwise: Pixelwise, lesions: Path, recipe: Path
) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "in folds"
    done = pixelwise("train", lesions, "--out", folder, "--recipe", recipe, "--folds", 2, "--no-baseline")
    assert done.returncode == 0, done.stderr
    assert "images (paired) in 2 folds; 3 test images stay apart" in done.stdout
    assert "split: out_of_fold" in done.stdout
    assert "The models of all folds as one" in done.stdout
    return folder


def test_labels_are_judged(pixelwise: Pixelwise, lesions: Path, in_folds: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    done = pixelwise("check", lesions, "--with", in_folds, "--json", found, "--page", tmp_path / "check.html")
    assert done.returncode == 0, done.stderr
    assert "9 by the model of in folds that never saw them and 3, which are new to all" in done.stdout
    assert json.loads(found.read_text(encoding="utf-8"))["judged"].startswith("Labels judged: 9 ")


def test_its_model_predicts_is_scored_and_explained(
    pixelwise: Pixelwise, lesions: Path, in_folds: Path, tmp_path: Path
) -> None:
    image = lesions / "images" / "lesion_0000.png"
    done = pixelwise("predict", in_folds, image, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "lesion_0000_mask.png").is_file()
    scored = pixelwise("evaluate", in_folds, lesions, "--split", "test")
    assert scored.returncode == 0, scored.stderr
    explained = pixelwise("explain", in_folds)
    assert "trained, the first of 2 models" in explained.stdout


def test_out_of_fold_scores_are_compared_with_such_alone(
    pixelwise: Pixelwise, lesions: Path, recipe: Path, run: Path, in_folds: Path, tmp_path: Path
) -> None:
    refused = pixelwise("compare", run, in_folds, "--page", tmp_path / "compare.html")
    assert refused.returncode == 2
    assert "on 'out_of_fold'" in refused.stderr
    words = ["--recipe", recipe, "--folds", 2, "--seed", 1, "--no-baseline"]
    other = pixelwise("train", lesions, "--out", tmp_path / "other", *words)
    assert other.returncode == 0, other.stderr
    done = pixelwise(
        "compare", in_folds, tmp_path / "other", "--data", lesions, "--page", tmp_path / "compare.html"
    )
    assert done.returncode == 0, done.stderr
    assert "split: out_of_fold" in done.stdout
    assert "There are no pictures" not in done.stdout


def test_a_run_that_there_is_not_is_refused_at_once(
    pixelwise: Pixelwise, lesions: Path, tmp_path: Path
) -> None:
    done = pixelwise("check", lesions, "--with", tmp_path / "no", "--page", tmp_path / "check.html")
    assert done.returncode == 2
    assert "does not exist" in done.stderr

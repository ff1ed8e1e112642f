"""``pixelwise plan``: what training would do, and nothing done."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Pixelwise

from pixelwise.recipe import read_recipe

QUICK = ["--network", "unet:plain-tiny", "--set", "scale.size=[64, 96]", "--epochs", "1"]


def test_a_plan_is_what_training_would_do(pixelwise: Pixelwise, lesions: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "recipe.toml", tmp_path / "run"
    planned = pixelwise("plan", lesions, *QUICK, "--out", file)
    assert planned.returncode == 0, planned.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]  # and nothing else is written
    trained = pixelwise("train", lesions, *QUICK, "--no-baseline", "--out", out)
    assert trained.returncode == 0, trained.stderr

    def told(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith(("Plan:", "Set:", "Data:"))]

    assert told(planned.stdout) == told(trained.stdout)
    assert len(told(planned.stdout)) > 5
    recipe, used = read_recipe(file), read_recipe(out / "recipe.toml")
    settled = {"precision": used.train.precision, "threads": used.train.threads}  # found on the machine
    assert recipe.model_copy(update={"train": recipe.train.model_copy(update=settled)}) == used
    assert f"Recipe: {file}" in planned.stdout


def test_a_plan_of_folds_draws_folds(pixelwise: Pixelwise, lesions: Path) -> None:
    planned = pixelwise("plan", lesions, *QUICK, "--set", "train.folds=3")
    assert planned.returncode == 0, planned.stderr
    assert " in 3 folds" in planned.stdout
    assert "Splits:" not in planned.stdout  # nothing is drawn for training, validation and test
    assert "written" not in planned.stdout


def test_a_recipe_that_is_there_is_kept(pixelwise: Pixelwise, lesions: Path, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("mine", encoding="utf-8")
    done = pixelwise("plan", lesions, *QUICK, "--out", file)
    assert done.returncode == 2
    assert "is there already; give the name of a new file with --out." in done.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    done = pixelwise("plan", lesions, *QUICK, "--out", tmp_path / "none" / "recipe.toml")
    assert done.returncode == 2
    assert "is not a folder" in done.stderr


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (["--network", "resnet"], "there is no network 'resnet'"),
        (["--set", "train.batches=4"], "there is no setting 'train.batches'"),
        (["--budget", "soon"], "soon"),
        (["--budget", "5m", "--epochs", "3"], "not both"),
        (["--task", "pose"], "joints"),
    ],
)
def test_wishes_that_cannot_be_met(
    pixelwise: Pixelwise, lesions: Path, tmp_path: Path, wish: list[str], says: str
) -> None:
    done = pixelwise("plan", lesions, "--out", tmp_path / "recipe.toml", *wish)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.iterdir())

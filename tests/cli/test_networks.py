"""Networks and settings of the recipe, asked for on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Pixelwise

from pixelwise.recipe import SemanticTask, read_recipe

pytestmark = pytest.mark.slow


def test_networks_and_settings_by_name(pixelwise: Pixelwise, lesions: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    wishes = [
        "--no-baseline",
        "--network",
        "fpn:plain-tiny",
        "--set",
        "scale.size=[64, 96]",
        "--set",
        "train.batch_size=4",
    ]
    done = pixelwise(
        "train", lesions, "--out", out, "--epochs", "1", *wishes, "--set", "tasks.semantic.lovasz=1"
    )
    assert done.returncode == 0, done.stderr
    assert "Plan: model = fpn over plain-tiny, from scratch, as asked." in done.stdout
    assert "Set: train.batch_size = 4, as asked." in done.stdout
    recipe = read_recipe(out / "recipe.toml")
    assert (recipe.model.decoder, recipe.model.encoder) == ("fpn", "plain-tiny")
    assert (recipe.scale.size, recipe.train.batch_size) == ((64, 96), 4)
    task = recipe.tasks["semantic"]
    assert isinstance(task, SemanticTask)
    assert task.losses == {"cross_entropy": 1.0, "dice": 1.0, "lovasz": 1.0}


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (["--network", "resnet"], "there is no network 'resnet'"),
        (["--set", "train.batches=4"], "there is no setting 'train.batches'"),
        (["--set", "batches"], "write it as name=value"),
        (["--set", "tasks.semantic.class_weights=[1.0, 2.0, 3.0]"], "give one for each"),
    ],
)
def test_wishes_that_cannot_be_met(
    pixelwise: Pixelwise, lesions: Path, tmp_path: Path, wish: list[str], says: str
) -> None:
    done = pixelwise("train", lesions, "--out", tmp_path / "run", "--epochs", "1", *wish)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "run").exists()

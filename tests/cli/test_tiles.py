"""Training on tiles and predicting by them, as a person asks for it."""

from __future__ import annotations

import json
from pathlib import Path

import PIL.Image
import pytest
from tests.cli.conftest import Pixelwise

from pixelwise.recipe import read_recipe

TILES = ("scale.policy=tiles", "scale.size=[64,64]", "scale.zoom=0.5", "train.oversample=0.5")


@pytest.mark.slow
def test_a_model_of_tiles(pixelwise: Pixelwise, lesions: Path, recipe: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    settings = [word for setting in TILES for word in ("--set", setting)]
    done = pixelwise("train", lesions, "--out", run, "--recipe", recipe, "--no-baseline", *settings)
    assert done.returncode == 0, done.stderr
    written = read_recipe(run / "recipe.toml")
    assert (written.scale.policy, written.scale.zoom, written.train.oversample) == ("tiles", 0.5, 0.5)
    assert "tiles of 64 × 64 pixels (width × height) of the images scaled by 0.5" in (
        run / "report.html"
    ).read_text(encoding="utf-8")
    # The model alone knows how it cuts images: scores are the same, and masks of the image's size.
    again = pixelwise("evaluate", run, lesions, "--split", "test", "--json", tmp_path / "again.json")
    assert again.returncode == 0, again.stderr
    first, second = (
        json.loads(path.read_text(encoding="utf-8"))["scores"]
        for path in (run / "metrics.json", tmp_path / "again.json")
    )
    assert first == second
    assert pixelwise("predict", run, lesions / "images" / "lesion_0000.png", "--out", out).returncode == 0
    with PIL.Image.open(out / "lesion_0000_mask.png") as mask:
        assert mask.size == (128, 96)

"""The commands as a person uses them; in a process of their own where that is what matters."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.cli.conftest import Pixelwise
from tests.report.pages import Checker

from pixelwise.evaluation import read_metrics
from pixelwise.recipe import read_recipe
from pixelwise.types import Image

pytestmark = pytest.mark.slow

FILES = {
    "model.safetensors",
    "recipe.toml",
    "log.csv",
    "metrics.json",
    "report.html",
    "splits.csv",
    "check.html",
    "plan.json",
}


def log_of(run: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((run / "log.csv").read_text(encoding="utf-8").splitlines()))


def pixels_of(path: Path) -> Image:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture)


def test_help_lists_the_commands_without_loading_torch(pixelwise_process: Pixelwise) -> None:
    shown = pixelwise_process("--help")
    assert shown.returncode == 0
    assert all(command in shown.stdout for command in ("train", "evaluate", "predict", "demo"))
    code = (
        "import sys\ntry:\n import pixelwise.cli.main as m; m.main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'pydantic', 'PIL'} & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


def test_a_run_holds_what_it_should(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == FILES
    metrics = read_metrics(run / "metrics.json")
    assert metrics.split == "test"
    assert 0 <= metrics.scores["dice"].mean <= 1
    assert read_recipe(run / "recipe.toml").train.threads > 0
    rows = log_of(run)
    assert rows[0].keys() == {"epoch", "step", "seconds", "loss", "learning_rate", "val_score"}
    assert all(0 <= float(row["val_score"]) <= 1 for row in rows)
    report = (run / "report.html").read_text(encoding="utf-8")
    assert f"{metrics.scores['dice'].mean:.3f}" in report
    assert "ภาพ ผิวหนัง" in report
    Checker(*FILES).check(report)
    assert json.loads((run / "plan.json").read_text(encoding="utf-8"))["reasons"] == {}, "a recipe was given"
    for score in metrics.scores.values():
        assert f"{score.mean:.3f}" in report or f"{score.mean:.2f} {score.unit}" in report


def test_the_same_recipe_gives_the_same_bits(
    pixelwise_process: Pixelwise, run: Path, lesions: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    done = pixelwise_process(
        "train", lesions, "--out", again, "--recipe", run / "recipe.toml", "--splits", run / "splits.csv"
    )
    assert done.returncode == 0, done.stderr
    assert (again / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert (again / "metrics.json").read_bytes() == (run / "metrics.json").read_bytes()


def test_evaluate_repeats_the_scores_of_the_run(
    pixelwise: Pixelwise, run: Path, lesions: Path, tmp_path: Path
) -> None:
    wanted = read_metrics(run / "metrics.json")
    for model in (run, run / "model.safetensors"):
        done = pixelwise("evaluate", model, lesions, "--split", "test", "--json", tmp_path / "m.json")
        assert done.returncode == 0, done.stderr
        found = read_metrics(tmp_path / "m.json")
        assert (found.scores, found.images, found.tags) == (wanted.scores, wanted.images, wanted.tags)
    assert pixelwise("evaluate", run, lesions, "--json", tmp_path / "all.json").returncode == 0
    assert read_metrics(tmp_path / "all.json").n_images == 12


def test_evaluate_finds_the_splits_of_the_run(
    pixelwise: Pixelwise, run: Path, lesions: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(lesions, bare)
    (bare / "splits.csv").unlink()
    done = pixelwise("evaluate", run, bare, "--split", "test", "--json", tmp_path / "m.json")
    assert done.returncode == 0, done.stderr
    assert "those that the model was trained with" in done.stdout
    assert read_metrics(tmp_path / "m.json").n_images == read_metrics(run / "metrics.json").n_images
    shutil.copy(run / "model.safetensors", tmp_path / "model.safetensors")
    alone = pixelwise("evaluate", tmp_path / "model.safetensors", bare, "--split", "test")
    assert alone.returncode == 2
    assert "--splits" in alone.stderr


def test_predict_writes_masks_of_the_image_s_own_size(
    pixelwise: Pixelwise, run: Path, lesions: Path, tmp_path: Path
) -> None:
    photos, out = tmp_path / "รูป ใหม่", tmp_path / "ผล ลัพธ์"
    photos.mkdir()
    image = PIL.Image.fromarray(pixels_of(lesions / "images" / "lesion_0003.png"))
    image.resize((201, 77)).save(photos / "ภาพ.jpg")
    image.resize((50, 333)).save(photos / "ภาพ.png")
    (photos / "notes.txt").write_text("not an image")
    done = pixelwise("predict", run, photos, lesions / "images" / "lesion_0001.png", "--out", out)
    assert done.returncode == 0, done.stderr
    stems = ["lesion_0001", "ภาพ.jpg", "ภาพ.png"]
    kinds = ("{}.json", "{}_mask.png", "{}_overlay.png", "{}_uncertainty.png")
    written = {kind.format(stem) for stem in stems for kind in kinds}
    assert {path.name for path in out.iterdir()} == {*written, "review.csv"}
    mask, overlay = (pixels_of(out / f"ภาพ.jpg_{kind}.png") for kind in ("mask", "overlay"))
    assert mask.shape == (77, 201)
    assert overlay.shape == (77, 201, 3)
    assert set(np.unique(mask)) <= {0, 255}
    described = json.loads((out / "ภาพ.png.json").read_text(encoding="utf-8"))
    assert described["size"] == [333, 50]
    assert described["confidence"].keys() == {"predicted_dice", "unlike", "unlikeness", "uncertainty"}
    assert "ภาพ.png_uncertainty.png" in described["tasks"]["semantic"]["files"]
    uncertainty = pixels_of(out / "ภาพ.png_uncertainty.png")
    assert uncertainty.shape == (333, 50)
    assert uncertainty.mean() / 255 == pytest.approx(described["confidence"]["uncertainty"], abs=0.005)
    reviews = list(csv.DictReader((out / "review.csv").read_text(encoding="utf-8").splitlines()))
    assert {review["results"] for review in reviews} == {f"{stem}.json" for stem in stems}
    lesion = int((pixels_of(out / "ภาพ.png_mask.png") > 0).sum())
    assert described["tasks"]["semantic"]["classes"][1]["pixels"] == lesion
    assert pixelwise("predict", run, photos, "--out", out).returncode == 2
    assert pixelwise("predict", run, photos, "--out", out, "--overwrite").returncode == 0


def test_a_budget_that_is_too_short_says_what_would_do_and_that_is_kept(
    pixelwise_process: Pixelwise, lesions: Path, recipe: Path, tmp_path: Path
) -> None:
    """The budget is the one advised, so that it fits this computer, whatever else it does."""
    words = ("train", lesions, "--out", tmp_path / "run", "--recipe", recipe, "--budget")
    refused = pixelwise_process(*words, "2s")
    assert refused.returncode == 2
    assert not (tmp_path / "run").exists()
    advised = re.search(r"give at least --budget (\d+)s\.", refused.stderr)
    assert advised, refused.stderr
    budget = int(advised[1])
    done = pixelwise_process(*words, f"{budget}s")
    assert done.returncode == 0, done.stderr
    assert read_recipe(tmp_path / "run" / "recipe.toml").train.budget_seconds == budget
    rows = log_of(tmp_path / "run")
    assert 8 <= len(rows) <= 16  # one that comes late, on a busy computer, is left out
    assert 0.1 * budget < float(rows[-1]["seconds"]) < budget  # a budget that leaves less is refused


def test_a_pipe_of_another_code_page_takes_every_letter(
    pixelwise_process: Pixelwise, run: Path, lesions: Path
) -> None:
    done = pixelwise_process("evaluate", run, lesions, env={"PYTHONIOENCODING": "cp874"})
    assert done.returncode == 0, done.stderr
    assert "0." in done.stdout


def test_scores_of_training_images_carry_a_note(pixelwise: Pixelwise, run: Path, lesions: Path) -> None:
    assert "trained or tuned the model" in pixelwise("evaluate", run, lesions).stdout
    assert "trained or tuned the model" not in pixelwise("evaluate", run, lesions, "--split", "test").stdout


def test_the_recipe_s_seed_draws_the_splits(
    pixelwise: Pixelwise, lesions: Path, recipe: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(lesions, bare)
    (bare / "splits.csv").unlink()
    one, two = tmp_path / "one", tmp_path / "two"
    first = pixelwise("train", bare, "--out", one, "--recipe", recipe, "--seed", 7, "--no-baseline")
    second = pixelwise("train", bare, "--out", two, "--recipe", one / "recipe.toml", "--no-baseline")
    assert (first.returncode, second.returncode) == (0, 0)
    assert (one / "splits.csv").read_bytes() == (two / "splits.csv").read_bytes()
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()


def test_without_bfloat16_instructions_float32_is_taken(
    pixelwise_process: Pixelwise, lesions: Path, tmp_path: Path
) -> None:
    """oneDNN is told to use AVX2 at most, as on a CPU that has no bfloat16 instructions."""
    old = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    # Elsewhere bfloat16 is taken for this.
    words = ("--epochs", 1, "--set", "scale.size=[64, 96]", "--no-baseline")
    done = pixelwise_process("train", lesions, "--out", tmp_path / "run", *words, env=old)
    assert done.returncode == 0, done.stderr
    assert read_recipe(tmp_path / "run" / "recipe.toml").train.precision == "32-true"

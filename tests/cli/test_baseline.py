"""``pixelwise baseline`` as a person runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Pixelwise

pytestmark = pytest.mark.slow


def test_labelled_data_is_scored(pixelwise: Pixelwise, lesions: Path, tmp_path: Path) -> None:
    out = tmp_path / "ผล"
    done = pixelwise("baseline", lesions, "--out", out, "--method", "otsu", "--method", "edges")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Without training, on 3 images (split: test)" in done.stdout
    assert re.search(r"method +Dice +IoU +seconds", done.stdout)
    written = json.loads((out / "baselines.json").read_text(encoding="utf-8"))
    for one in written["methods"]:
        line = next(line for line in done.stdout.splitlines() if line.strip().startswith(one["name"]))
        assert f"{one['metrics']['scores']['dice']['mean']:.3f}" in line
    assert (out / "baseline.html").is_file()
    again = pixelwise("baseline", lesions, "--out", out, "--method", "otsu")
    assert (again.returncode, "--overwrite" in again.stderr) == (2, True)


def test_pictures_without_labels_are_segmented(pixelwise: Pixelwise, lesions: Path, tmp_path: Path) -> None:
    done = pixelwise("baseline", lesions / "images", "--method", "watershed", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "12 images predicted into" in done.stdout
    assert len(list((tmp_path / "out").glob("*_mask.png"))) == 12
    assert len(list((tmp_path / "out").glob("*_overlay.png"))) == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["images"], "name one with --method"),
        (["images", "--method", "thresh"], "there is no method 'thresh'; choose among otsu, adaptive"),
        (["nowhere", "--method", "otsu"], "does not exist"),
        (["nowhere"], "does not exist"),
        (["images", "--method", "otsu", "--split", "test"], "--split does not apply to images without masks"),
        (
            ["images", "--method", "otsu", "--ignore", "255"],
            "--ignore does not apply to images without masks",
        ),
        ([".", "--method", "otsu", "--object", "dark"], "--object does not apply to images with masks"),
    ],
)
def test_mistakes_are_a_sentence(
    pixelwise: Pixelwise, lesions: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = pixelwise("baseline", lesions / arguments[0], *arguments[1:], "--out", tmp_path / "out")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == "" or said == "name one with --method" or "no method" in said
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_run_says_what_needs_no_training(run: Path) -> None:
    found = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["baseline"]
    assert found["n_images"] == 3
    title = found["title"].replace("'", "&#39;")
    report = (run / "report.html").read_text(encoding="utf-8")
    among = r"chosen among 11 methods on up to \d+ other images \(each saw 1, the better ones more\)"
    said = rf"Without training, {title}, {among}, reaches \d\.\d{{3}}"
    assert re.search(said, report)

"""Ctrl-C ends with a usable model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixelwise.data.synthetic import write_lesions
from pixelwise.evaluation import read_metrics
from pixelwise.prediction import load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process alone"),
]


def started(lesions: Path, recipe: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pixelwise", "train", str(lesions), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--recipe", str(recipe), "--epochs", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit, f"{path.name} did not appear"
        time.sleep(0.05)


def test_the_first_ends_training_with_model_scores_and_report(
    lesions: Path, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = started(lesions, recipe, out)
    wait_for(out / "recipe.toml", process)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 0, shown
    assert "Stopping" in shown
    metrics = read_metrics(out / "metrics.json")
    assert "Training was stopped early by Ctrl-C." in metrics.notes
    assert (out / "report.html").stat().st_size > 10_000
    predicted = load(out).predict(lesions / "images" / "lesion_0000.png")
    assert predicted["semantic"].label_map.shape == (96, 128)


def test_before_training_nothing_is_left(lesions: Path, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = started(lesions, recipe, out)
    time.sleep(1.0)  # imports take longer than that
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 130, shown
    assert "Traceback" not in shown
    assert not out.exists()


def test_between_check_and_training_it_says_what_happens(tmp_path: Path) -> None:
    data = write_lesions(tmp_path / "data", 60, seed=0, size=(96, 128))
    command = [sys.executable, "-m", "pixelwise", "train", str(data), "--out", str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("Check: ") for line in process.stdout)  # next a recipe is planned
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (130, "Stopped; nothing more is written.")
    assert not (tmp_path / "run").exists()

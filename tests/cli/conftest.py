"""Data and a trained run that the command-line tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pixelwise.data.synthetic import write_lesions
from pixelwise.recipe import Model, Recipe, Scale, Train

Completed = subprocess.CompletedProcess[str]
Pixelwise = Callable[..., Completed]


@pytest.fixture(scope="session")
def pixelwise() -> Pixelwise:
    """Runs the command in a process of its own, as a person does."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> Completed:
        command = [sys.executable, "-m", "pixelwise", *map(str, arguments)]
        environment = {**os.environ, "COLUMNS": "120", **(env or {})}
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False
        )

    return run


@pytest.fixture(scope="session")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawings in a folder with a space and Thai letters in its name."""
    return write_lesions(tmp_path_factory.mktemp("data") / "ภาพ ผิวหนัง", 12, seed=0, size=(96, 128))


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that trains in a second."""
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    Recipe(
        scale=Scale(size=(64, 96)),
        model=Model(encoder="plain-tiny", pretrained=False),
        train=Train(epochs=2, precision="32-true"),
    ).write(path)
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, pixelwise: Pixelwise, lesions: Path, recipe: Path) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "รัน 1"
    done = pixelwise("train", lesions, "--out", folder, "--recipe", recipe)
    assert done.returncode == 0, done.stderr
    return folder

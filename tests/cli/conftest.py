"""Data and a trained run that the command-line tests share."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from pixelwise.cli.main import main
from pixelwise.data.synthetic import write_lesions
from pixelwise.recipe import Model, Recipe, Scale, Train

Completed = subprocess.CompletedProcess[str]
Pixelwise = Callable[..., Completed]


@pytest.fixture(scope="session")
def pixelwise() -> Pixelwise:
    """Runs the command in this process, which spares it the seconds that PyTorch takes to load.

    What it prints goes where a pipe would; an error that ``main`` does not foresee fails the test.
    """

    def run(*arguments: object) -> Completed:
        words = [str(argument) for argument in arguments]
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("COLUMNS", "120")
            with pytest.raises(SystemExit) as ended:
                main(words)
        shown, errors = (_read(stream) for stream in (out, err))
        return Completed(words, int(ended.value.code or 0), shown, errors)

    return run


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@pytest.fixture(scope="session")
def pixelwise_process() -> Pixelwise:
    """Runs the command in a process of its own, as a person does: where the process is what matters."""

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
def run(
    tmp_path_factory: pytest.TempPathFactory, pixelwise_process: Pixelwise, lesions: Path, recipe: Path
) -> Path:
    """The folder of a run that finished in a process of its own."""
    folder = tmp_path_factory.mktemp("runs") / "รัน 1"
    done = pixelwise_process("train", lesions, "--out", folder, "--recipe", recipe)
    assert done.returncode == 0, done.stderr
    return folder

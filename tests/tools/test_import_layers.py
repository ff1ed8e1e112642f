"""The import checker sees an upward import."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The package and its contract in a folder of their own."""
    shutil.copytree(
        ROOT / "src/pixelwise", tmp_path / "src/pixelwise", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_package_keeps_its_contract(copied: Path) -> None:
    result = lint(copied)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_upward_import_is_refused(copied: Path) -> None:
    with (copied / "src/pixelwise/errors.py").open("a", encoding="utf-8") as module:
        module.write("\nfrom pixelwise import workflows\n")
    result = lint(copied)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "pixelwise.errors is not allowed to import pixelwise.workflows" in result.stdout


def test_a_module_without_a_layer_is_refused(copied: Path) -> None:
    (copied / "src/pixelwise/stray.py").write_text("", encoding="utf-8")
    result = lint(copied)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "pixelwise.stray" in result.stdout

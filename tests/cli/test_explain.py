"""pixelwise explain, as a learner runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Pixelwise

pytestmark = pytest.mark.slow


def test_a_network_by_name(pixelwise: Pixelwise) -> None:
    done = pixelwise("explain", "unet")
    assert done.returncode == 0, done.stderr
    assert "64×224×224" in done.stdout
    assert "31.0 million parameters" in done.stdout
    assert "the result has its size." in done.stdout


def test_a_model_with_the_features_of_an_image(
    pixelwise: Pixelwise, run: Path, lesions: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    image = lesions / "images" / "lesion_0001.png"
    done = pixelwise("explain", run, "--image", image, "--page", page)
    assert done.returncode == 0, done.stderr
    assert "(trained)" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert "What it makes of an image" in text
    assert text.count("a channel") > 20
    assert "heads.semantic/classes" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["resnet"], "'resnet' is no model file, no folder of a run and no network; give one of them"),
        (["missing/model.safetensors"], "does not exist"),
        (["unet", "--image", "missing.png"], "missing.png"),
        (["unet", "--image", "."], "is a folder, not an image"),
        (
            ["pyproject.toml"],
            "pyproject.toml is no model file; give a model.safetensors or the folder of a run",
        ),
        (["unet", "--page", "no/such/folder/page.html"], "is not a folder"),
    ],
)
def test_mistakes_get_a_sentence(pixelwise: Pixelwise, arguments: list[str], says: str) -> None:
    done = pixelwise("explain", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr

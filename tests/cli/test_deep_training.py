"""Training on other images than RGB of 8 bits, from the plan to the overlay."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import PIL.Image
import pytest
import tifffile
from numpy.typing import NDArray
from tests.cli.conftest import Pixelwise
from tests.networks import tiny_predictor

from pixelwise import evaluate, load, train
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, RecipeError
from pixelwise.recipe import Augment, Model, Recipe, Scale, Train, Values
from pixelwise.types import Image
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe
from pixelwise.workflows.wishes import Wishes

RECIPE = Recipe(
    scale=Scale(size=(64, 96)),
    model=Model(encoder="plain-tiny", pretrained=False),
    augment=Augment(vflip=0.5, rotate=180.0),
    train=Train(epochs=30, precision="32-true", batch_size=4, learning_rate=1e-2, encoder_rate=1.0),
)


def pixels_of(path: Path) -> Image:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture)


def grey16(drawn: Image) -> NDArray[np.uint16]:
    """(H, W) from 500 to 3560, as a camera of 12 bits might give."""
    return (drawn.astype(np.uint16) @ np.array([3, 6, 3], np.uint16) + 500).astype(np.uint16)


def five(drawn: Image) -> NDArray[np.uint16]:
    """(H, W, 5): two channels of noise, then the drawing's."""
    noise = np.random.default_rng(int(drawn.sum())).integers(0, 4080, (*drawn.shape[:2], 2), dtype=np.uint16)
    return np.concatenate([noise, drawn.astype(np.uint16) * 16], axis=2)


def rewritten(root: Path, kind: str, count: int = 32) -> Path:
    """Lesions as PNGs of 16-bit grey, or as TIFFs of five channels."""
    write_lesions(root, count, seed=0, size=(64, 96))
    for path in (root / "images").iterdir():
        drawn = pixels_of(path)
        if kind == "grey":
            PIL.Image.fromarray(grey16(drawn)).save(path)
        else:
            tifffile.imwrite(
                path.with_suffix(".tif"), five(drawn), photometric="minisblack", planarconfig="contig"
            )
            path.unlink()
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("grey", Values(channels=1, dtype="uint16", minimum=500.0, maximum=3600.0)),
        ("five", Values(channels=5, dtype="uint16", maximum=4080.0)),
    ],
)
def test_it_learns_from_deep_images_and_predicts_them(
    pixelwise: Pixelwise, tmp_path: Path, kind: str, values: Values
) -> None:
    data, run, out = rewritten(tmp_path / "data", kind), tmp_path / "run", tmp_path / "out"
    trained = train(data, run, recipe=RECIPE.model_copy(update={"values": values}))
    assert trained.metrics.scores["dice"].mean > 0.6  # all pixels marked score below 0.4
    images = sorted((data / "images").iterdir())
    done = pixelwise("predict", run, images[0], images[1], "--out", out)
    assert done.returncode == 0, done.stderr
    predictor = load(run)
    mask = pixels_of(out / "lesion_0000_mask.png")
    assert np.array_equal(mask > 0, predictor(images[0])["semantic"].label_map == 1)
    overlay = pixels_of(out / "lesion_0000_overlay.png")
    assert overlay.shape == (64, 96, 3)
    assert overlay.std() > 10  # the picture shows, neither black nor white
    scored = evaluate(predictor, open_data(data), split="test")
    assert scored.scores == trained.metrics.scores
    wrong = tmp_path / "wrong.png"
    PIL.Image.new("RGB", (9, 9)).save(wrong)
    refused = pixelwise("predict", run, wrong, "--out", tmp_path / "none")
    assert refused.returncode == 2
    assert f"is RGB of 8 bits, but the model was trained on {values.pixel_format}" in refused.stderr
    assert not (tmp_path / "none").exists()


def test_the_plan_tells_the_range(tmp_path: Path) -> None:
    class Heard(Listener):
        lines: ClassVar[list[str]] = []

        def say(self, text: str) -> None:
            self.lines.append(text)

    data = open_data(rewritten(tmp_path / "data", "grey", count=12))
    values = complete_recipe(Wishes(epochs=1), data, Heard()).values
    assert (values.channels, values.dtype) == (1, "uint16")
    assert 500 <= values.minimum < 1500 < values.maximum <= 3600
    said = f"values = 1 channel of 16 bits, {values.minimum:g} to {values.maximum:g}: what lies between"
    assert any(said in line for line in Heard.lines)


def test_a_recipe_for_other_images_is_refused(tmp_path: Path) -> None:
    data = rewritten(tmp_path / "data", "grey", count=12)
    with pytest.raises(RecipeError) as caught:
        train(data, tmp_path / "run", recipe=RECIPE)
    assert "is 1 channel of 16 bits, but the recipe is for RGB of 8 bits" in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_data_of_another_kind_than_the_model_s_is_not_scored(tmp_path: Path) -> None:
    data = rewritten(tmp_path / "data", "five", count=12)
    with pytest.raises(
        DataError, match="is 5 channels of 16 bits, but the model was trained on RGB of 8 bits"
    ):
        evaluate(tiny_predictor(), data)

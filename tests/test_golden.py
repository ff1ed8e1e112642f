"""Model files of earlier versions predict as they did on the day they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.data.images import read_image
from pixelwise.modelfile import read_model
from pixelwise.prediction import load

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("version", ["v1"])
def test_prediction_is_as_it_was(version: str) -> None:
    predictor = load(GOLDEN / f"{version}.safetensors", device="cpu")
    image = read_image(GOLDEN / f"{version}_image.png")
    probs = predictor.predict(image)["semantic"].probs[1]
    with PIL.Image.open(GOLDEN / f"{version}_probs.png") as stored:
        wanted = np.asarray(stored).astype(float) / 255
    # The picture holds steps of 1/255; other processors round convolutions otherwise.
    np.testing.assert_allclose(probs, wanted, atol=1.5 / 255)
    assert ((probs > 0.5) != (wanted > 0.5)).mean() < 0.005
    assert 0.02 < (probs > 0.5).mean() < 0.6  # it shows something: a lesion of some size


def test_what_the_first_version_said_of_itself() -> None:
    header = read_model(GOLDEN / "v1.safetensors").header
    assert header.format == 1
    assert header.labels["semantic"].classes == ("background", "object")
    assert header.recipe.scale.size == (96, 128)
    assert 0.2 <= header.settings["semantic"]["threshold"] <= 0.8
    assert header.scores["split"] == "test"
    assert [field.activation for field in header.fields["semantic"]] == ["sigmoid"]

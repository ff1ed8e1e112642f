"""check --with: planted wrong masks are found, and only by models that never learned from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.networks import TINY

import pixelwise
from pixelwise.checks.suspicion import FEWEST
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError
from pixelwise.recipe import Train
from pixelwise.workflows.run import Run

WRONG = {"lesion_0003": "mirrored", "lesion_0011": "empty", "lesion_0017": "moved"}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawings without splits, three of them with wrong masks."""
    root = write_lesions(tmp_path_factory.mktemp("data") / "lesions", 30, seed=1, size=(96, 128))
    (root / "splits.csv").unlink()
    for name in WRONG:
        path = root / "masks" / f"{name}.png"
        mask = np.asarray(PIL.Image.open(path))
        changed = {
            "mirrored": np.roll(mask[::-1, ::-1], 30, axis=1),
            "empty": np.zeros_like(mask),
            "moved": np.roll(mask, 24, axis=0),
        }[WRONG[name]]
        PIL.Image.fromarray(np.ascontiguousarray(changed)).save(path)
    return root


@pytest.fixture(scope="module")
def run(spoilt: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = TINY.model_copy(update={"train": Train(epochs=40, precision="32-true", threads=1)})
    return pixelwise.train(
        spoilt, tmp_path_factory.mktemp("runs") / "run", recipe=recipe, folds=3, compared=False
    )


@pytest.mark.slow
def test_planted_wrong_masks_are_the_first(spoilt: Path, run: Run, tmp_path: Path) -> None:
    checked = pixelwise.check(spoilt, run=run)
    [finding] = [one for one in checked.result.findings if one.kind == "label-suspicious"]
    first = [Path(place.files[0]).stem for place in finding.places[: len(WRONG)]]
    assert set(first) == set(WRONG)
    assert len(finding.places) <= len(WRONG) + 1
    assert "where the model expected" in finding.places[0].detail
    assert checked.result.judged == "Labels judged: 30 by the model of run that never saw them."
    checked.write_page(tmp_path / "check.html")
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert page.index("label-suspicious") < page.index(finding.places[0].files[0])
    assert "the prediction's blue" in page


def test_an_ordinary_run_judges_what_it_was_not_trained_on(tmp_path: Path) -> None:
    root = write_lesions(tmp_path / "lesions", 10, seed=1, size=(96, 128))
    recipe = TINY.model_copy(update={"train": Train(epochs=1, precision="32-true", threads=1)})
    run = pixelwise.train(root, tmp_path / "run", recipe=recipe, compared=False)
    data = pixelwise.open_data(root)
    trained = len(data.split("train"))
    said = pixelwise.check(data, run=run.folder).result.judged
    assert f"{len(data) - trained} by run, which was not trained on them" in said
    assert len(data) - trained < FEWEST
    assert f"Of fewer than {FEWEST}, none can be said to stand out." in said
    assert f"{trained} were not judged: they have names of images that the models have learned from" in said
    with pytest.raises(
        DataError, match=r"all images of .* have names of images that .* trained with --folds"
    ):
        pixelwise.check(data.split("train"), run=run)
    (run.folder / "splits.csv").unlink()
    with pytest.raises(DataError, match=r"holds no splits\.csv to tell"):
        pixelwise.check(data, run=run)

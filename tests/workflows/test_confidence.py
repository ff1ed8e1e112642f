"""Confidence from training to prediction: fitted, stored, read, written; and what becomes of models without it."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.networks import TINY

import pixelwise
from pixelwise.confidence import left_out, moved_probability, rank_correlation
from pixelwise.data.cache import Cache
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import OutputError
from pixelwise.evaluation import evaluate, read_metrics
from pixelwise.evaluation.unseen import FITTED_HERE
from pixelwise.modelfile import read_model
from pixelwise.prediction import predictor as predicting
from pixelwise.recipe import Scale
from pixelwise.report.confidence import confidence_view
from pixelwise.report.templates import template
from pixelwise.tiling import windows_of
from pixelwise.types import SPLITS
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.predict import predict
from pixelwise.workflows.review import REVIEW

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "lesions", 30, seed=0, size=(64, 96))


@pytest.fixture(scope="module")
def run(lesions: Path, tmp_path_factory: pytest.TempPathFactory) -> pixelwise.Run:
    recipe = TINY.model_copy(
        update={"train": TINY.train.model_copy(update={"epochs": 8, "precision": "32-true"})}
    )
    splits = lesions / "splits.csv"
    names = sorted(path.stem for path in (lesions / "images").iterdir())
    lines = [f"{name},{('train', 'train', 'val', 'test')[at % 4]}" for at, name in enumerate(names)]
    splits.write_text("\n".join(["name,split", *lines]) + "\n")
    return pixelwise.train(lesions, tmp_path_factory.mktemp("run") / "run", recipe=recipe, compared=False)


@pytest.mark.slow
def test_what_was_fitted_is_stored_and_read(run: pixelwise.Run, lesions: Path) -> None:
    stored = read_model(run.folder)
    assert stored.header.confidence is not None
    assert stored.header.confidence.fitted_on == 7
    assert stored.references is not None
    assert "confidence.references" not in stored.weights
    predictor = pixelwise.load(run.folder)
    image = lesions / "images" / "lesion_0000.png"
    one, other = run.predictor.predict(image), predictor.predict(image)
    assert one.uncertainty is not None
    assert other.uncertainty is not None
    np.testing.assert_array_equal(one.uncertainty, other.uncertainty)
    assert one.uncertainty.dtype == np.float32
    assert one.uncertainty.shape == one.size
    assert 0 <= one.uncertainty.min() < one.uncertainty.max() <= 1
    assert one.predicted_dice == other.predicted_dice is not None
    assert one.unlikeness == other.unlikeness is not None


@pytest.mark.slow
def test_calibration_decides_no_pixel_otherwise(run: pixelwise.Run, lesions: Path) -> None:
    """The threshold of calibrated probabilities, moved back, on those of the network itself."""
    calibrated, bare = pixelwise.load(run.folder), pixelwise.load(run.folder)
    assert calibrated.confidence is not None
    known = calibrated.confidence.calibration["semantic"]
    bare.confidence = None
    moved = calibrated.settings["semantic"]["threshold"]
    own = np.linspace(0.001, 0.999, 99_801)
    bare.settings["semantic"]["threshold"] = float(
        np.interp(moved, [moved_probability(one, known) for one in own], own)
    )
    assert bare.settings["semantic"]["threshold"] != pytest.approx(moved, abs=1e-3)
    assert 0.19 < bare.settings["semantic"]["threshold"] < 0.81
    for path in sorted((lesions / "images").iterdir())[:8]:
        one, other = calibrated.predict(path)["semantic"], bare.predict(path)["semantic"]
        assert (one.label_map != other.label_map).mean() < 1e-3
        assert not np.allclose(one.probs, other.probs, atol=1e-3)


@pytest.mark.slow
def test_the_validation_images_are_better_calibrated_after(run: pixelwise.Run, lesions: Path) -> None:
    metrics = pixelwise.evaluate(run.folder, lesions, split="val")
    assert metrics.confidence is not None
    before, after = metrics.confidence.before, metrics.confidence.after
    assert before is not None
    assert after.band_brier.value < before.band_brier.value
    test = read_metrics(run.folder / "metrics.json").confidence
    assert test is not None
    assert test.predicted is not None
    assert test.predicted.n_images <= 7
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "What it says of itself" in page
    assert f"{test.after.band_error.value:.3f}" in page


@pytest.mark.slow
def test_scores_on_images_fitted_on_say_so(run: pixelwise.Run, lesions: Path) -> None:
    here = pixelwise.evaluate(run.folder, lesions, split="val")
    elsewhere = pixelwise.evaluate(run.folder, lesions, split="test")
    for metrics, in_sample in ((here, True), (elsewhere, False), (run.metrics, False)):
        assert metrics.confidence is not None
        assert metrics.confidence.in_sample is in_sample
        assert (FITTED_HERE in metrics.notes) is in_sample
    assert json.loads(here.to_json())["confidence"]["in_sample"] is True
    model = read_model(run.folder).header.confidence
    assert model is not None
    assert here.confidence is not None
    assert here.confidence.predicted is not None
    apart = rank_correlation(*left_out(model.score["semantic"]))
    assert here.confidence.predicted.rank_correlation.value == pytest.approx(apart.value)
    view = template("confidence.html.jinja").render(confidence=confidence_view(here))
    assert "which are those of this report" in view
    assert "The same on the images that it was fitted on" not in view
    assert "judged on the images of this report" in template("confidence.html.jinja").render(
        confidence=confidence_view(elsewhere)
    )


@pytest.mark.slow
def test_a_run_without_a_test_split_says_what_its_confidence_was_fitted_on(
    lesions: Path, tmp_path: Path
) -> None:
    recipe = TINY.model_copy(update={"train": TINY.train.model_copy(update={"epochs": 1})})
    data = open_data(lesions).where(lambda one: one.split != "test")
    found = pixelwise.train(data, tmp_path / "run", recipe=recipe, compared=False)
    assert found.metrics.split == "val"
    assert found.metrics.confidence is not None
    assert found.metrics.confidence.in_sample
    assert FITTED_HERE in found.metrics.notes


@pytest.mark.slow
def test_a_stranger_among_photographs_comes_first(run: pixelwise.Run, lesions: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for index in range(5):
        with PIL.Image.open(lesions / "images" / f"lesion_{index:04}.png") as image:
            image.save(photos / f"{index}.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    PIL.Image.fromarray(noise).save(photos / "stranger.png")
    reviews = predict(run.folder, [photos], out).reviews
    assert Path(reviews[0].image).name == "stranger.png"
    assert reviews[0].reason == "unlike the training images"
    described = json.loads((out / "stranger.json").read_text(encoding="utf-8"))
    assert described["confidence"]["unlike"] is True
    # Further images into the same folder: the list holds all.
    with PIL.Image.open(photos / "0.png") as image:
        image.save(tmp_path / "late.png")
    predict(run.folder, [tmp_path / "late.png"], out)
    rows = list(csv.DictReader((out / REVIEW).read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 7
    assert rows[0]["results"] == "stranger.json"


def test_images_predicted_in_windows_are_trained_with_and_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the images are large here: as beyond 16 million pixels, they are left out and all else goes on."""
    monkeypatch.setattr(predicting, "windows_of", partial(windows_of, side=64, large=64 * 96))
    folder = write_lesions(tmp_path / "lesions", 24, seed=0, size=(64, 96))
    for path in (*(folder / "images").iterdir(), *(folder / "masks").iterdir()):
        if int(path.stem.split("_")[1]) % 2:
            with PIL.Image.open(path) as image:
                enlarged = image.resize((144, 96), PIL.Image.Resampling.NEAREST)
            enlarged.save(path)
    data = open_data(folder)
    data = data.with_splits({f"lesion_{at:04}": SPLITS[at // 8] for at in range(24)})
    train = TINY.train.model_copy(update={"epochs": 1, "precision": "32-true"})
    recipe = TINY.model_copy(update={"scale": Scale(policy="tiles", size=(64, 96)), "train": train})
    job = prepare(data, recipe, Listener(), Cache(tmp_path / "cache"))
    predictor = job.tuned(job.network.state_dict())
    known = predictor.confidence
    assert known is not None
    assert known.unlike is not None
    assert known.unlike.false_alarms == pytest.approx(1 / 5)  # of the four that are not large
    assert job.reserve() > 0
    rows = evaluate(predictor, data.split("test"), "test").images
    assert {row.size: row.confidence is None for row in rows} == {(64, 96): False, (96, 144): True}


def test_a_list_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / REVIEW).write_text("my,own\n1,2\n")
    with pytest.raises(OutputError, match="no list of predictions"):
        predict(GOLDEN / "v1.safetensors", [GOLDEN / "v1_image.png"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [REVIEW]


def test_a_model_of_before_has_uncertainty_and_no_more(tmp_path: Path) -> None:
    predictor = pixelwise.load(GOLDEN / "v1.safetensors")
    prediction = predictor.predict(GOLDEN / "v1_image.png")
    assert prediction.uncertainty is not None
    assert prediction.predicted_dice is None
    assert prediction.unlike is None
    [review] = predict(predictor, [GOLDEN / "v1_image.png"], tmp_path).reviews
    assert review.reason == ""
    described = json.loads((tmp_path / "v1_image.json").read_text(encoding="utf-8"))
    assert described["confidence"]["predicted_dice"] is None
    assert described["confidence"]["unlike"] is None

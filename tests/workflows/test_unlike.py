"""What models without a semantic task say of themselves: images unlike those of training, told and listed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.networks import TINY
from torch import Tensor, nn

import pixelwise
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.data.figures import write_figures
from pixelwise.data.scenes import write_scenes
from pixelwise.evaluation import Scored
from pixelwise.modelfile import read_model
from pixelwise.prediction import Prediction, Predictor
from pixelwise.recipe import PanopticTask, PoseTask, TaskRecipe, Train
from pixelwise.types import Sample
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import SLACK, Costs, Job, prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.outoffold import OutOfFold
from pixelwise.workflows.predict import predict
from pixelwise.workflows.review import REVIEW

SIZE = (64, 96)


def data_of(kind: str, folder: Path) -> tuple[Dataset, TaskRecipe]:
    """Drawings, and the recipe of what is found in them."""
    if kind == "pose":
        data = open_data(write_figures(folder, 15, size=SIZE, most=2), task="pose")
        return data, PoseTask(skeleton=data.skeleton)
    data = open_data(write_scenes(folder, 20, size=SIZE, stuff=kind == "panoptic"), task=kind)
    return data, PanopticTask(kind="panoptic" if kind == "panoptic" else "instance")


@pytest.fixture(scope="module", params=["instance", "panoptic", "pose"])
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("data")
    data, task = data_of(request.param, folder / "data")
    train = Train(epochs=1, precision="32-true")
    recipe = TINY.model_copy(update={"tasks": {request.param: task}, "train": train})
    return prepare(data, recipe, Listener(), Cache(folder / "cache"))


@pytest.fixture(scope="module")
def predictor(job: Job) -> Predictor:
    """Untrained, with all that follows training."""
    return job.tuned(job.network.state_dict())


@pytest.fixture(scope="module")
def model(job: Job, predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    job.write_model(path, predictor, {})
    return path


def unlikeness(predictor: Predictor, job: Job, sample: Sample) -> float:
    found = predictor.predict(job.dataset.read(sample)[0]).unlikeness
    assert found is not None
    return found


def photos(job: Job, folder: Path) -> list[Path]:
    """Two training images between which there is noise by name."""
    folder.mkdir()
    for name, sample in zip("ac", job.dataset.split("train").samples, strict=False):
        PIL.Image.fromarray(job.dataset.read(sample)[0]).save(folder / f"{name}.png")
    noise = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    PIL.Image.fromarray(noise).save(folder / "b.png")
    return sorted(folder.iterdir())


def test_the_limit_is_the_farthest_of_few_validation_images(job: Job, predictor: Predictor) -> None:
    known = predictor.confidence
    validation = job.dataset.split("val").samples
    assert known is not None
    assert known.unlike is not None
    assert (known.fitted_on, known.calibration, known.score) == (len(validation), {}, {})
    assert known.unlike.false_alarms == pytest.approx(1 / (len(validation) + 1))
    found = sorted(unlikeness(predictor, job, sample) for sample in validation)
    assert found[-1] == pytest.approx(1)
    assert 0 < found[0] < found[-1]


def test_what_is_stored_says_the_same_again(job: Job, predictor: Predictor, model: Path) -> None:
    references = read_model(model).references
    assert references is not None
    assert len(references) == len(job.training)
    again = pixelwise.load(model)
    assert again.confidence == predictor.confidence
    sample = job.dataset.samples[0]
    assert unlikeness(again, job, sample) == unlikeness(predictor, job, sample)


def test_a_stranger_is_told_and_listed_first(
    job: Job, predictor: Predictor, model: Path, tmp_path: Path
) -> None:
    """Not by its name, which stands between those of the others; these by how sure the model is of them."""
    out = tmp_path / "out"
    reviews = predict(model, photos(job, tmp_path / "photos"), out).reviews
    assert Path(reviews[0].image).name == "b.png"
    assert [one.reason == "unlike the training images" for one in reviews] == [True, False, False]
    said = {name: json.loads((out / f"{name}.json").read_text())["confidence"] for name in "abc"}
    assert [said[name]["unlike"] for name in "abc"] == [False, True, False]
    assert said["b"]["unlikeness"] > 1 > said["a"]["unlikeness"]
    assert {one["predicted_dice"] for one in said.values()} == {None}
    unsure = [one.uncertainty for one in reviews[1:]]
    if predictor.tells_uncertainty:
        assert unsure[0] > unsure[1] > 0
        assert {path.stem for path in out.glob("*_uncertainty.png")} == {
            f"{name}_uncertainty" for name in "abc"
        }
    else:
        assert np.isnan(unsure).all()
        assert {one["uncertainty"] for one in said.values()} == {None}
        assert not list(out.glob("*_uncertainty.png"))
    rows = list(csv.DictReader((out / REVIEW).read_text(encoding="utf-8").splitlines()))
    assert rows[0]["results"] == "b.json"
    assert float(rows[0]["unlikeness"]) == pytest.approx(said["b"]["unlikeness"])


def test_a_model_of_before_says_nothing_of_it(job: Job, predictor: Predictor, tmp_path: Path) -> None:
    old = Predictor(predictor.network, predictor.tasks, predictor.preprocessing, predictor.settings)
    job.write_model(tmp_path / "old.safetensors", old, {})
    loaded = pixelwise.load(tmp_path / "old.safetensors")
    assert loaded.confidence is None
    [first, *_] = photos(job, tmp_path / "photos")
    assert loaded.predict(first).unlike is None
    [review] = predict(loaded, [first], tmp_path / "out").reviews
    assert review.reason != "unlike the training images"
    confidence = json.loads((tmp_path / "out" / "a.json").read_text()).get("confidence", {})
    assert confidence.get("unlike") is None


def test_tuning_looks_at_no_more_than_a_budget_leaves_time_for(job: Job) -> None:
    """Each image costs its views; what is counted is what the encoder is given."""
    seen: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        seen.append(len(inputs[0]))

    handle = job.network.encoder.register_forward_hook(count)
    job.untuned(job.network.state_dict()).predict(job.dataset.read(job.dataset.samples[0])[0])
    [views] = seen
    seen.clear()
    job.tuned(job.network.state_dict())
    handle.remove()
    validation = len(job.dataset.split("val"))
    assert sum(seen) == 2 * views * validation + len(job.training)
    reserved = job.tuning_seconds(Costs(predicting=float(views), scoring=0.0, trying=0.0)) / SLACK
    assert sum(seen) <= reserved


def test_several_as_one_have_a_limit_of_their_own(job: Job, predictor: Predictor) -> None:
    """40 images out of fold: the 39th nearest is exceeded by one new image in 20."""
    found, [sample, *_] = OutOfFold(), job.dataset.samples
    image, truth = job.dataset.read(sample)
    for number in np.random.default_rng(0).permutation(40):
        prediction = Prediction(SIZE, {}, unlikeness=(number + 1) / 10)
        found.add(Scored(sample, image, truth, prediction, {}, predictor))
    ensemble = found.ensemble([predictor, predictor])
    known = ensemble.confidence
    assert known is not None
    assert known.unlike is not None
    assert (known.fitted_on, known.unlike.limit) == (40, 3.9)
    assert unlikeness(ensemble, job, sample) == pytest.approx(unlikeness(predictor, job, sample) / 3.9)
    nothing = OutOfFold().ensemble([predictor, predictor])
    assert nothing.confidence is None
    assert unlikeness(nothing, job, sample) == pytest.approx(unlikeness(predictor, job, sample))

"""Objects told apart: training, evaluation and prediction as a whole."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.networks import untrained
from tests.tasks.panoptic.cells import discs

import pixelwise
from pixelwise.data.scenes import write_scenes
from pixelwise.errors import DataError, OutputError, RecipeError
from pixelwise.labels import Labels
from pixelwise.recipe import Model, PanopticTask, Recipe, Scale, Train, Values
from pixelwise.types import INSTANCES
from pixelwise.workflows.convert import convert

QUICK = Recipe(
    scale=Scale(size=(96, 96)),
    model=Model(encoder="plain-tiny", pretrained=False),
    tasks={"instance": PanopticTask()},
    train=Train(epochs=2, precision="32-true"),
)


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Bright discs on dark ground and the pictures that number them; the last image is empty."""
    folder = tmp_path / "cells"
    for name in ("images", "instances"):
        (folder / name).mkdir(parents=True)
    rng, lines = np.random.default_rng(0), ["name,split"]
    for number in range(10):
        instances = discs(96, 0 if number == 9 else 8, seed=number).maps[INSTANCES]
        noise = rng.normal(0, 12, (96, 96, 3))
        image = np.clip(60 + 120 * (instances > 0)[..., None] + noise, 0, 255).astype(np.uint8)
        PIL.Image.fromarray(image).save(folder / "images" / f"{number}.png")
        PIL.Image.fromarray(instances.astype(np.uint16)).save(folder / "instances" / f"{number}.png")
        lines.append(f"{number},{'train' if number < 6 else 'val' if number < 8 else 'test'}")
    (folder / "splits.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.slow
def test_from_data_to_files(cells: Path, tmp_path: Path) -> None:
    run = pixelwise.train(cells, tmp_path / "run", recipe=QUICK)
    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (written["tasks"], written["headline"]) == (["instance"], "pq")
    for name in ("ap", "ap50", "ap75", "pq", "sq", "rq", "f1_50"):
        assert {"value", "ci95"} <= written["scores"][name].keys()
    score = run.metrics.scores["f1_50"]
    assert score.value == score.pooled
    row = written["images"][0]["counts"]["instance"]["objects"]
    assert len(row["true_area"]) == len(np.unique(discs(96, 8, seed=8).maps[INSTANCES])) - 1
    loaded = pixelwise.load(tmp_path / "run")
    again = pixelwise.evaluate(tmp_path / "run", cells, split="test")
    assert again.scores["pq"].value == pytest.approx(run.metrics.scores["pq"].value, nan_ok=True)
    assert loaded.settings["instance"].keys() >= {"centre", "threshold", "smallest", "score_spread"}
    image = cells / "images" / "8.png"
    pixelwise.predict(loaded, [image], tmp_path / "results")
    names = {path.name for path in (tmp_path / "results").iterdir()}
    endings = ("instances.png", "panoptic.png", "panoptic.json", "coco.json", "objects.csv", "overlay.png")
    assert names == {"8.json", "8_uncertainty.png", "review.csv", *(f"8_{ending}" for ending in endings)}
    described = json.loads((tmp_path / "results" / "8.json").read_text())
    assert "8_uncertainty.png" in described["tasks"]["instance"]["files"]
    unsure = loaded.predict(image).uncertainty
    assert unsure is not None
    assert described["confidence"]["uncertainty"] == pytest.approx(unsure.mean(), abs=1e-5)
    with PIL.Image.open(tmp_path / "results" / "8_uncertainty.png") as drawn:
        np.testing.assert_allclose(np.asarray(drawn) / 255, unsure, atol=0.51 / 255)
    assert (tmp_path / "run" / "report.html").is_file()


def test_intensities_are_measured_in_the_file(tmp_path: Path) -> None:
    """Sixteen bits in two channels, of which a picture for the eye has 8 bits of the planned range."""
    values = Values(channels=2, dtype="uint16", minimum=200, maximum=30000)
    predictor = untrained(
        QUICK.model_copy(update={"values": values}), Labels(classes=("rest", "cell"), things=(1,))
    )
    stored = np.random.default_rng(0).integers(0, 65536, (96, 96, 2), np.uint16)
    np.save(tmp_path / "a.npy", stored)
    pixelwise.predict(predictor, [tmp_path / "a.npy"], tmp_path / "results")
    with PIL.Image.open(tmp_path / "results/a_instances.png") as picture:
        ids = np.asarray(picture)
    rows = list(csv.DictReader((tmp_path / "results/a_objects.csv").read_text().splitlines()))
    assert len(rows) == ids.max() > 0
    for row in rows:
        inside = stored[ids == int(row["number"])].astype(np.float64)
        expected = [inside.mean(), *inside.mean(axis=0)]
        shown = [float(row[f"mean_intensity{channel}"]) for channel in ("", "_1", "_2")]
        assert shown == pytest.approx(expected, abs=0.0051)


@pytest.mark.parametrize("other", ["x_coco.jpg", "X_Panoptic.png"])
def test_images_whose_results_have_one_name_are_refused(tmp_path: Path, other: str) -> None:
    """``x.jpg`` has ``x_coco.json`` for its objects, and ``x_coco.jpg`` for its summary."""
    predictor = untrained(QUICK, Labels(classes=("rest", "cell"), things=(1,)))
    images = [tmp_path / "x.jpg", tmp_path / other]
    for image in images:
        PIL.Image.new("RGB", (96, 96), (9, 90, 200)).save(image)
    said = f"{images[0]} and {images[1]} would both have a result called {images[1].stem}.json; rename one of them"
    with pytest.raises(OutputError, match=re.escape(said)):
        pixelwise.predict(predictor, images, tmp_path / "results", overwrite=True)
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_things_and_stuff_of_cocos_panoptic_format(tmp_path: Path) -> None:
    """Nothing is background there, and what nobody labelled is left out."""
    scenes = pixelwise.open_data(write_scenes(tmp_path / "scenes", 10, size=(64, 64)))
    convert(scenes, tmp_path / "coco", "coco-panoptic")
    recipe = QUICK.model_copy(
        update={
            "scale": Scale(size=(64, 64)),
            "tasks": {"panoptic": PanopticTask(kind="panoptic")},
            "train": Train(epochs=1, precision="32-true"),
        }
    )
    run = pixelwise.train(tmp_path / "coco", tmp_path / "run", recipe=recipe)
    assert {"pq", "pq_things", "pq_stuff"} <= run.metrics.scores.keys()
    image = next((tmp_path / "coco/test").iterdir())
    found = pixelwise.load(tmp_path / "run").predict(image)["panoptic"]
    assert found.label_map.shape == found.instance_map.shape == (64, 64)
    assert set(np.unique(found.label_map).tolist()) <= set(range(len(scenes.labels.classes)))


def test_data_says_what_is_learned(cells: Path) -> None:
    data = pixelwise.open_data(cells)
    assert data.labels.things == (1,)
    assert not pixelwise.open_data(cells, task="semantic").labels.things


def test_tasks_that_do_not_fit_are_refused(cells: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no task 'instances'"):
        pixelwise.train(pixelwise.open_data(cells), tmp_path / "a", task="instances", epochs=1)
    with pytest.raises(RecipeError, match="the recipe is for instance"):
        pixelwise.train(pixelwise.open_data(cells), tmp_path / "b", task="panoptic", recipe=QUICK)
    flat = pixelwise.open_data(cells, task="semantic")
    with pytest.raises((DataError, RecipeError), match=r"things|objects"):
        pixelwise.train(flat, tmp_path / "c", recipe=QUICK)
    assert not any((tmp_path / name / "model.safetensors").exists() for name in "abc")


def test_instance_is_refused_where_there_is_stuff(tmp_path: Path) -> None:
    root = write_scenes(tmp_path / "scenes", 10, size=(64, 64))
    said = rf"{re.escape(str(root))} has stuff beside things, such as \w+, .* use --task panoptic, which finds both\."
    with pytest.raises(DataError, match=said):
        pixelwise.train(root, tmp_path / "run", task="instance", epochs=1)
    assert not (tmp_path / "run").exists()


def test_scores_of_the_past_are_read(cells: Path) -> None:
    from pixelwise.evaluation import Score

    interval = (0.1, 0.2)
    old = {"mean": 0.15, "ci95": interval, "median": 0.1, "p5": 0.1, "worst": 0.1, "pooled": 0.2}
    score = Score.model_validate({**old, "pooled_ci95": interval, "n_undefined": 0})
    assert score.value == 0.15
    assert math.isnan(score.p95)

"""From drawn figures to a pose model: what a run holds, the same scores again, files for other tools, both tasks."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from tests.people import standing
from torch.nn import Module

import pixelwise
from pixelwise.data.figures import write_figures
from pixelwise.data.scenes import write_scenes
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, RecipeError
from pixelwise.modelfile import read_model
from pixelwise.models import Network
from pixelwise.recipe import Model, read_recipe
from pixelwise.skeleton import COCO_17, LSP_14
from pixelwise.tasks import PoseResult
from pixelwise.training import Pace, Step, measure_pace
from pixelwise.types import Json
from pixelwise.workflows import pace
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.predict import predict
from pixelwise.workflows.preparation import complete_recipe, fingerprint, seen_by
from pixelwise.workflows.report import around
from pixelwise.workflows.sources import Source
from pixelwise.workflows.train import train
from pixelwise.workflows.wishes import Wishes
from pixelwise.workflows.writing import write_prediction

pytestmark = pytest.mark.slow

QUICK = {"model.encoder": "plain-tiny", "train.precision": "32-true", "scale.size": [64, 96]}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_figures(tmp_path_factory.mktemp("figures"), 15, size=(64, 96), most=2)


@pytest.fixture(scope="module")
def run(figures: Path, tmp_path_factory: pytest.TempPathFactory) -> pixelwise.Run:
    out = tmp_path_factory.mktemp("pose") / "run"
    return pixelwise.train(figures, out, task="pose", epochs=2, settings=QUICK)


def test_a_run_holds_scores_with_intervals_and_a_report(run: pixelwise.Run, figures: Path) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["tasks"] == ["pose"]
    assert metrics["headline"] == "pck"
    for name in ("oks_ap", "oks_ap50", "oks_ap75", "oks_ar", "pck", "oks"):
        score = metrics["scores"][name]
        assert 0 <= score["value"] <= 1
        assert score["ci95"][0] <= score["value"] <= score["ci95"][1]
    assert "pckh" not in metrics["scores"]  # COCO's joints have no top of the head
    assert [one["name"] for one in metrics["classes"]["pose"]][:2] == ["nose", "left_eye"]
    report = (run.folder / "report.html").read_text()
    assert "By joint" in report
    assert "left_wrist" in report
    assert "<h2>Pictures</h2>" in report
    assert "0 is none of it, 1 is all of it." in report
    [people] = [part for part in report.split("<h2>") if part.startswith("Worst people</h2>")]
    likeness = {row["name"]: row["counts"]["pose"]["joints"]["oks_by_person"] for row in metrics["images"]}
    least = sorted((min(of_image), name) for name, of_image in likeness.items() if of_image)
    shown = re.findall(r'caption-score">([0-9.]+)</span> <bdi class="name">([^<]+)<', people)
    assert shown == [(f"{score:.3f}", name) for score, name in least]
    again = pixelwise.evaluate(run.folder, figures, split="val")
    assert again.scores["oks_ap"].value == metrics["scores"]["oks_ap"]["value"]
    assert again.scores["pck"].value == metrics["scores"]["pck"]["value"]


def test_around_a_person_is_half_of_the_longer_side() -> None:
    image = np.arange(100 * 80 * 3).reshape(100, 80, 3).astype(np.uint8)
    part = around(image, np.array([20, 30, 40, 70], np.float32))
    np.testing.assert_array_equal(part, image[10:90, 0:60])
    beyond = around(image, np.array([500, 500, 600, 600], np.float32))
    assert beyond.shape[:2] == (1, 1)


def test_the_skeleton_travels_in_the_model(run: pixelwise.Run, figures: Path) -> None:
    header = read_model(run.folder).header
    skeleton = pixelwise.open_data(figures).skeleton
    task = header.recipe.tasks["pose"]
    assert task.kind == "pose"
    assert task.skeleton == skeleton
    assert [field.name for field in header.fields["pose"]] == ["heat", "limbs"]


def test_predicting_writes_overlay_openpose_and_coco(
    run: pixelwise.Run, figures: Path, tmp_path: Path
) -> None:
    image = next((figures / "val").glob("*.png"))
    predict(run.folder, [image], tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    endings = (".json", "_coco.json", "_keypoints.json", "_overlay.png")
    assert names == sorted(["review.csv", *(f"{image.stem}{ending}" for ending in endings)])
    summary = json.loads((tmp_path / f"{image.stem}.json").read_text())
    openpose = json.loads((tmp_path / f"{image.stem}_keypoints.json").read_text())
    assert len(summary["tasks"]["pose"]["people"]) == len(openpose["people"])
    assert all(len(one["pose_keypoints_2d"]) == 75 for one in openpose["people"])


def test_pictures_of_any_size_are_predicted_at_their_own(run: pixelwise.Run) -> None:
    predictor = pixelwise.load(run.folder)
    for size in ((1, 1), (7, 300), (640, 480)):
        result = predictor.predict(np.zeros((*size, 3), np.uint8))["pose"]
        assert result.size == size
        assert (result.keypoints >= 0).all()
        assert (result.keypoints <= [size[1], size[0]]).all()


class UnpluggedError(Exception):
    """The power went."""


class Unplugging(Listener):
    """Ends it all after a number of steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self, step: Step) -> None:
        self.left -= 1
        if not self.left:
            raise UnpluggedError


def test_a_run_that_was_killed_goes_on_to_the_same_bits(
    run: pixelwise.Run, figures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelwise.training.loop.KEEP_SECONDS", 0.0)
    monkeypatch.setattr("pixelwise.training.loop.KEEPING_SHARE", 1e9)
    out = tmp_path / "run"
    with pytest.raises(UnpluggedError):
        train(figures, out, task="pose", epochs=2, settings=QUICK, listener=Unplugging(2))
    assert (out / "checkpoint.safetensors").is_file()
    resumed = train(figures, out, resume=True)
    one, other = (load_file(folder / "model.safetensors") for folder in (run.folder, out))
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert resumed.metrics.to_json() == run.metrics.to_json()


def write_people(root: Path, people: dict[str, list[tuple[float, float]]], height: float) -> Path:
    """Pictures of points of figures, noses at these places; joints beyond the border are not labelled."""
    (root / "val").mkdir(parents=True)
    images: list[Json] = []
    found: list[Json] = []
    for number, (name, places) in enumerate(people.items(), start=1):
        pixels = np.full((64, 96, 3), 90, np.uint8)
        for points in standing(places, height).keypoints:
            inside = ((points >= 0) & (points < [96, 64])).all(axis=1)
            x, y = np.floor(points[inside]).astype(int).T
            pixels[y, x] = (250, 200, 30)
            visible = np.where(inside, 2, 0)
            triples = np.c_[(points - 0.5) * inside[:, None], visible].ravel().tolist()
            low, high = points[inside].min(axis=0), points[inside].max(axis=0)
            box = [*low.tolist(), *(high - low).tolist()]
            one = {"id": len(found) + 1, "image_id": number, "category_id": 1, "iscrowd": 0, "bbox": box}
            found.append(one | {"keypoints": triples, "area": float(np.prod(high - low))})
        PIL.Image.fromarray(pixels).save(root / "val" / f"{name}.png")
        images.append({"id": number, "file_name": f"{name}.png"})
    limbs = [[one + 1, other + 1] for one, other in COCO_17.limbs]
    category = {"id": 1, "name": "person", "keypoints": list(COCO_17.joints), "skeleton": limbs}
    values = {"images": images, "annotations": found, "categories": [category]}
    (root / "person_keypoints_val.json").write_text(json.dumps(values))
    return root


def test_nobody_cut_by_the_border_and_overlapping_from_files_to_files(
    run: pixelwise.Run, tmp_path: Path
) -> None:
    """A whole model, which sees people everywhere, scores, predicts and writes them."""
    predictor = pixelwise.load(run.folder)
    predictor.settings["pose"] |= {"threshold": 0.01, "fewest_joints": 2}
    with torch.no_grad():
        for field in ("heat", "limbs"):
            for parameter in predictor.network.head("pose", field).parameters():
                parameter.normal_(0, 1, generator=torch.Generator().manual_seed(0))
    people: dict[str, list[tuple[float, float]]] = {}
    people |= {"nobody": [], "cut": [(48.0, 45.0), (92.0, 10.0)], "two": [(40.0, 12.0), (48.0, 14.0)]}
    people["forty"] = [(8.0 + 2 * at, 5.0 + at % 3) for at in range(40)]
    data = write_people(tmp_path / "data", people, 45.0)
    metrics = pixelwise.evaluate(predictor, data, coco=tmp_path / "results.json")
    rows = {row.name: row for row in metrics.images}
    assert np.isnan(rows["nobody"].scores["pck"])
    assert {name: row.counts["pose"]["oks"]["truths"] for name, row in rows.items()} == {
        name: len(places) for name, places in people.items()
    }
    assert rows["cut"].counts["pose"]["joints"]["marked"][15] < 2
    assert 0 <= metrics.scores["oks_ap"].value <= 1
    written = json.loads((tmp_path / "results.json").read_text())
    assert {one["image_id"] for one in written} == {1, 2, 3, 4}
    out = tmp_path / "out"
    done = predict(predictor, [data / "val"], out)
    assert len(done.written) == 4
    for name in people:
        assert (out / f"{name}_overlay.png").is_file()
        openpose = json.loads((out / f"{name}_keypoints.json").read_text())["people"]
        assert len(openpose) == len(json.loads((out / f"{name}_coco.json").read_text()))


def test_of_one_set_pictures_of_one_person_are_not_cut_where_masks_are_learned(tmp_path: Path) -> None:
    data = pixelwise.open_data(write_figures(tmp_path / "one", 10, size=(64, 96), most=1), task="pose")
    crops = {}
    for tasks in (("pose",), ("semantic", "pose")):
        recipe = complete_recipe(Wishes(epochs=1, tasks=tasks), data, Listener())
        crops[tasks] = recipe.scale.crop
        windows = [sample.window for sample in seen_by(recipe, data).samples]
        assert any(window is not None for window in windows) == (recipe.scale.crop > 0)
    assert crops == {("pose",): 0.2, ("semantic", "pose"): 0.0}


def renamed(figures: Path, root: Path, names: list[str]) -> Path:
    """The same pictures and people, whose joints stand in the order of ``names``, those of COCO or other."""
    shutil.copytree(figures, root)
    order = [COCO_17.joints.index(name) if name in COCO_17.joints else 0 for name in names]
    places = [order.index(joint) + 1 if joint in order else 1 for joint in range(17)]
    for path in root.glob("*.json"):
        values = json.loads(path.read_text())
        [category] = values["categories"]
        category["keypoints"] = names
        category["skeleton"] = [[places[one - 1], places[other - 1]] for one, other in category["skeleton"]]
        for person in values["annotations"]:
            person["keypoints"] = np.reshape(person["keypoints"], (17, 3))[order].ravel().tolist()
        path.write_text(json.dumps(values))
    return root


def test_joints_in_another_order_are_found_by_their_names(
    run: pixelwise.Run, figures: Path, tmp_path: Path
) -> None:
    turned = renamed(figures, tmp_path / "turned", list(reversed(COCO_17.joints)))
    again = pixelwise.evaluate(run.folder, turned, split="val")
    assert again.scores["oks_ap"].value == run.metrics.scores["oks_ap"].value
    assert again.classes == run.metrics.classes
    data = pixelwise.open_data(turned)
    assert data.skeleton is not None
    assert data.skeleton.joints[0] == "right_ankle"
    recipe = read_recipe(run.folder / "recipe.toml")
    learned = seen_by(recipe, data)  # what training by the recipe of the others sees
    for one, other in zip(learned.samples, pixelwise.open_data(figures).samples, strict=True):
        assert one.people is not None
        assert other.people is not None
        np.testing.assert_array_equal(one.people.keypoints, other.people.keypoints)
        np.testing.assert_array_equal(one.people.visibility, other.people.visibility)
        np.testing.assert_array_equal(one.people.partners, other.people.partners)


def test_joints_of_other_names_or_number_are_refused(
    run: pixelwise.Run, figures: Path, tmp_path: Path
) -> None:
    other = renamed(figures, tmp_path / "other", ["chin", *COCO_17.joints[1:]])
    with pytest.raises(DataError, match="has the joint 'chin', which the model does not know"):
        pixelwise.evaluate(run.folder, other, split="val")
    data = pixelwise.open_data(figures)
    with pytest.raises(DataError, match="has 17 joints but the model knows 14"):
        data.jointed_like(LSP_14)


def somebody() -> PoseResult:
    """One person, whose joints are all in one place."""
    return PoseResult(
        np.full((1, 17, 2), 9.0, np.float32), np.ones((1, 17), np.float32), np.ones(1, np.float32), (64, 96)
    )


def test_body_and_skeleton_of_one_set_in_one_model(figures: Path, tmp_path: Path) -> None:
    run = pixelwise.train(figures, tmp_path / "run", task="pose,semantic", epochs=1, settings=QUICK)
    assert run.metrics.tasks == ("semantic", "pose")
    assert {"dice", "pck", "oks_ap"} <= run.metrics.scores.keys()
    predictor = pixelwise.load(run.folder)
    report = (run.folder / "report.html").read_text()
    for heading in ("Pictures (semantic)", "Pictures (pose)", "By joint"):
        assert report.count(f"<h2>{heading}</h2>") == 1
    assert "Of joints, the PCK@0.2 is" in report
    assert "Of people, the OKS AP is" in report
    assert "The figure under a picture is its PCK@0.2." in report
    assert "PCK@0.2, OKS, Given away, OKS AP, OKS AP50, OKS AP75 and OKS AR of all images together" in report
    prediction = predictor.predict(next((figures / "val").glob("*.png")))
    assert prediction["semantic"].label_map.shape == prediction["pose"].size == (64, 96)
    picture = tmp_path / "000000000139.png"
    shutil.copy(next((figures / "val").glob("*.png")), picture)
    write_prediction(
        predictor,
        replace(prediction, results={**prediction.results, "pose": somebody()}),
        np.zeros((64, 96, 3), np.uint8),
        Source(picture, Path(), picture.stem),
        tmp_path,
    )
    [person] = json.loads((tmp_path / "000000000139_pose_coco.json").read_text())
    assert person["image_id"] == 139
    objects = write_scenes(tmp_path / "objects", 3, size=(64, 96), most=2)
    with pytest.raises(
        DataError, match=r"is labelled for \w+, but the model was trained for semantic, pose;"
    ):
        pixelwise.evaluate(run.folder, pixelwise.open_data(objects))


def test_masks_of_one_set_and_joints_of_another(figures: Path, tmp_path: Path) -> None:
    """What a set lacks is neither learned nor scored; either set alone can be scored again."""
    masks = write_lesions(tmp_path / "masks", 12, size=(64, 96))
    joints = tmp_path / "joints"
    shutil.copytree(figures, joints, ignore=shutil.ignore_patterns("masks"))
    cache = tmp_path / "cache"
    # What the cache holds of the masks alone does not serve the masks beside joints.
    pixelwise.train(masks, tmp_path / "alone", epochs=1, settings=QUICK, compared=False, cache=cache)
    with pytest.raises(DataError, match="is labelled for pose, but the model was trained for semantic;"):
        pixelwise.evaluate(tmp_path / "alone", joints)
    run = pixelwise.train(
        masks,
        tmp_path / "run",
        cache=cache,
        task="semantic,pose",
        joints=joints,
        epochs=1,
        settings=QUICK,
        allow_leaks=True,
    )
    of_masks = [row for row in run.metrics.images if not row.name.startswith("joints/")]
    people = [row for row in run.metrics.images if row.name.startswith("joints/")]
    assert ({row.split for row in of_masks}, {row.split for row in people}) == ({"test"}, {"val"})
    assert all(np.isnan(row.scores["pck"]) and not np.isnan(row.scores["dice"]) for row in of_masks)
    assert all(row.counts["pose"]["oks"]["scores"] == [] for row in of_masks)
    assert all(np.isnan(row.scores["dice"]) for row in people)
    assert {0 <= run.metrics.scores[name].value <= 1 for name in ("dice", "pck", "oks_ap")} == {True}
    assert any(note.startswith("No test image is labelled for pose") for note in run.metrics.notes)
    report = (run.folder / "report.html").read_text()
    # A line that works: evaluate has no --joints, and takes the splits beside the model.
    assert f'pixelwise evaluate {run.folder} {masks} <span class="nowrap">--split</span> test' in report
    alone = pixelwise.evaluate(run.folder, masks, split="test")
    assert alone.tasks == ("semantic",)
    again = pixelwise.evaluate(run.folder, joints, split="val")
    assert again.tasks == ("pose",)
    assert again.scores["oks_ap"].value == run.metrics.scores["oks_ap"].value


def test_a_plan_for_a_budget_times_the_heads_of_its_tasks(
    figures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[list[str]] = []

    def measured(network: Network, step: Callable[[Module, Fabric], None]) -> Pace:
        timed.append(sorted(network.heads))
        return measure_pace(network, step)

    monkeypatch.setattr(pace, "measure_pace", measured)
    known = fingerprint(pixelwise.open_data(figures), 60.0, Model(encoder="plain-tiny"), ("pose",))
    assert timed == [["pose/heat", "pose/limbs"]]
    assert known.rate > 0


def test_what_cannot_be_learned_is_refused(figures: Path, tmp_path: Path) -> None:
    masks = write_lesions(tmp_path / "masks", 12, size=(64, 96))
    with pytest.raises(DataError, match="no joints to learn a pose from"):
        pixelwise.train(masks, tmp_path / "a", task="pose", epochs=1)
    with pytest.raises(RecipeError, match=r"there is no task 'poses'; .* pose or semantic,pose"):
        pixelwise.train(figures, tmp_path / "b", task="poses", epochs=1)
    for pair in ("instance,pose", "pose,panoptic"):
        with pytest.raises(RecipeError, match=f"'{pair}' are not learned together"):
            pixelwise.train(figures, tmp_path / "b", task=pair, epochs=1)
    with pytest.raises(DataError, match="has no joints"):
        pixelwise.train(masks, tmp_path / "c", joints=masks, epochs=1)
    assert not any((tmp_path / name / "recipe.toml").exists() for name in "abc")

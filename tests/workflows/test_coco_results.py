"""Results that ``evaluate`` writes for a COCO set are the ones that were scored: pycocotools counts the same."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.networks import tiny_predictor
from tests.real import RealSet

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.evaluation import evaluate
from pixelwise.labels import Labels
from pixelwise.prediction import Prediction
from pixelwise.recipe import PoseTask as PoseRecipe
from pixelwise.skeleton import COCO_17, Skeleton, skeleton_of
from pixelwise.tasks import PoseResult, PoseTask
from pixelwise.types import Image, Json, PixelFormat, Pixels
from pixelwise.workflows.cocoresults import CocoResults
from pixelwise.workflows.data import open_data


class Unsure:
    """Finds the people of a data set, images in order: joints moved or not found, people missed and made up."""

    tells_uncertainty = False
    orders_review = False

    def __init__(self, dataset: Dataset, skeleton: Skeleton) -> None:
        labels = Labels(classes=("background", "person"))
        self.tasks = {"pose": PoseTask(labels, PoseRecipe(skeleton=skeleton))}
        self.settings = {"pose": self.tasks["pose"].default_settings()}
        self.left = list(dataset.jointed_like(skeleton).samples)
        self.dataset = dataset
        self.rng = np.random.default_rng(3)

    def predict(self, source: Pixels) -> Prediction:
        sample, size = self.left.pop(0), (source.shape[0], source.shape[1])
        people = sample.people
        assert people is not None
        kept = self.rng.random(len(people)) < 0.9
        points = people.keypoints[kept].astype(np.float64)
        origin = (0, 0) if sample.window is None else (sample.window.x0, sample.window.y0)
        count = len(points)
        spread = np.sqrt(people.areas[kept].astype(np.float64))[:, None, None]
        points += (
            self.rng.normal(0, 1, points.shape) * spread * self.rng.choice([0.01, 0.03, 0.1], (count, 1, 1))
        )
        extra = self.rng.uniform(0, 200, (1, 17, 2))
        points = np.concatenate([points - origin, extra]).astype(np.float32)
        sure = self.rng.uniform(0.1, 1, points.shape[:2]) * (self.rng.random(points.shape[:2]) < 0.93)
        order = np.argsort(-sure.mean(axis=1))
        found: NDArray[np.float32] = sure[order].astype(np.float32)
        shown = (points[order] * (found > 0)[..., None]).astype(np.float32)
        return Prediction(
            size, {"pose": PoseResult(shown, found, found.mean(axis=1).astype(np.float32), size)}
        )

    def origin(self) -> Json:
        return {}

    def check_format(self, found: PixelFormat, about: object) -> None:
        pass

    def viewable(self, image: Pixels) -> Image:
        return np.asarray(image, np.uint8)


@pytest.fixture
def tiny_coco(real_set: RealSet) -> Path:
    return real_set("tiny_coco")


def theirs(truth: Path, results: Path, images: list[int]) -> float:
    """AP of pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        evaluation = COCOeval(coco, coco.loadRes(str(results)), "keypoints")
        evaluation.params.imgIds = images
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.mark.parametrize("crop", [0.0, 0.2])
def test_pycocotools_counts_the_same_on_the_file_that_is_written(
    tiny_coco: Path, tmp_path: Path, crop: float
) -> None:
    """Ids that no file's name tells, a category that is not 1, joints in another order than the model's."""
    truth = tiny_coco / "annotations" / "person_keypoints_val2017.json"
    values = json.loads(truth.read_text())
    numbers = {one["id"]: 7000 + at for at, one in enumerate(values["images"])}
    for image in values["images"]:
        image["id"] = numbers[image["id"]]
    for person in values["annotations"]:
        person["image_id"], person["category_id"] = numbers[person["image_id"]], 5
    [category] = values["categories"]
    category["id"] = 5
    (tmp_path / "val2017").symlink_to(next(tiny_coco.glob("val2017")))
    own = tmp_path / "person_keypoints_val2017.json"
    own.write_text(json.dumps(values))
    data = open_data(tmp_path, task="pose").cropped(crop)
    assert any(one.window is not None for one in data.samples) == (crop > 0)
    model = Unsure(
        data, skeleton_of(COCO_17.joints[::-1], []).model_copy(update={"sigmas": COCO_17.sigmas[::-1]})
    )
    results = CocoResults(model, data)
    metrics = evaluate(model, data, "val", on_image=results.add)
    results.write(tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())
    assert {one["category_id"] for one in written} == {5}
    assert {one["image_id"] for one in written} == set(numbers.values())
    ours = metrics.scores["oks_ap"].value
    assert 0.1 < ours < 0.9
    assert theirs(own, tmp_path / "results.json", sorted(numbers.values())) == pytest.approx(ours, abs=1e-6)


def test_what_has_no_ids_is_refused(tiny_coco: Path, tmp_path: Path) -> None:
    data = open_data(tiny_coco, task="pose")
    with pytest.raises(DataError, match="leave out --coco"):
        CocoResults(tiny_predictor(), data)

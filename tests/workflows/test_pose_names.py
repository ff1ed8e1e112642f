"""Joints of any names, from files to a model: skeletons of which no torso, head or side is known."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import pixelwise
from pixelwise.errors import RecipeError
from pixelwise.recipe import PoseTask, parse_recipe, read_recipe
from pixelwise.skeleton import skeleton_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.predict import predict
from pixelwise.workflows.preparation import complete_recipe, seen_by
from pixelwise.workflows.wishes import Wishes

pytestmark = pytest.mark.slow

QUICK = {"model.encoder": "plain-tiny", "train.precision": "32-true", "scale.size": [64, 64]}
SIDE = 48


def write_marked(root: Path, names: Sequence[str]) -> Path:
    """Pictures with one square for each joint, all of which are labelled: six to learn from, three to validate."""
    rng = np.random.default_rng(0)
    limbs = [[1, joint] for joint in range(2, len(names) + 1)]
    for split, count in (("train", 6), ("val", 3)):
        (root / split).mkdir(parents=True)
        images, people = [], []
        for number in range(count):
            pixels = rng.integers(0, 255, (6, 6, 3), np.uint8).repeat(SIDE // 6, 0).repeat(SIDE // 6, 1)
            places = rng.integers(5, SIDE - 5, (len(names), 2)).tolist()
            for joint, (x, y) in enumerate(places):
                pixels[y - 2 : y + 3, x - 2 : x + 3] = (200 - 40 * (joint % 4), 60 * (joint % 4), 90)
            PIL.Image.fromarray(pixels).save(root / split / f"{split}_{number}.png")
            images.append({"id": number, "file_name": f"{split}_{number}.png"})
            joints = [value for x, y in places for value in (x, y, 2)]
            box = {"bbox": [2, 2, SIDE - 4, SIDE - 4], "area": 1600, "iscrowd": 0}
            people.append({"id": number, "image_id": number, "category_id": 1, "keypoints": joints, **box})
        category = {"id": 1, "name": "one", "keypoints": list(names), "skeleton": limbs}
        values = {"images": images, "annotations": people, "categories": [category]}
        (root / f"keypoints_{split}.json").write_text(json.dumps(values))
    return root


class Hearing(Listener):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_joints_without_torso_or_head_are_learned_and_scored(tmp_path: Path) -> None:
    names = ("wrist", "thumb", "index finger", "little finger")
    data = write_marked(tmp_path / "hands", names)
    run = pixelwise.train(data, tmp_path / "run", task="pose", epochs=1, settings=QUICK)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["headline"] == "oks"
    recipe = read_recipe(run.folder / "recipe.toml")
    assert recipe.augment.hflip == 0
    # Told by hand which joints change places, the people are mirrored so.
    told = recipe.model_dump(exclude_none=True)
    told["tasks"]["pose"]["skeleton"]["partners"] = (0, 1, 3, 2)
    learned = seen_by(parse_recipe(told, "by hand"), pixelwise.open_data(data))
    people = learned.samples[0].people
    assert people is not None
    mirrored = people.moved(np.diag([-1.0, 1.0]), np.array([SIDE, 0.0]))
    np.testing.assert_allclose(mirrored.keypoints[:, 2, 0], SIDE - people.keypoints[:, 3, 0])
    assert {"pck", "pckh", "given_away"}.isdisjoint(metrics["scores"])
    assert [(one["name"], one["support"]) for one in metrics["classes"]["pose"]] == [
        (name, 3) for name in names
    ]
    report = (run.folder / "report.html").read_text()
    assert "By joint" in report
    listener = Hearing()
    predict(run.folder, [data / "val"], tmp_path / "results", listener=listener)
    unmapped = f"no joint of these names ({', '.join(names)})"
    assert len([line for line in listener.said if unmapped in line]) == 1
    again = pixelwise.evaluate(run.folder, data, split="val")
    assert again.scores["oks_ap"].value == metrics["scores"]["oks_ap"]["value"]


@pytest.mark.parametrize(
    ("names", "told"), [(("thumb", "wrist"), False), (("l_thumb", "r_thumb"), True), (("nose",), True)]
)
def test_predictions_are_the_mean_with_the_mirror_image_where_sides_are_told(
    tmp_path: Path, names: tuple[str, ...], told: bool
) -> None:
    data = write_marked(tmp_path / "data", names)
    run = pixelwise.train(data, tmp_path / "run", task="pose", epochs=1, settings=QUICK)
    predictor = pixelwise.load(run.folder)
    image = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    one, other = (
        predictor.look(picture).values["pose"]["heat"] for picture in (image, image[:, ::-1].copy())
    )
    partners = skeleton_of(names, ()).partners
    back = other[list(partners), :, ::-1]
    assert np.allclose(one, back, atol=1e-5) == told


def test_a_single_joint_is_learned_and_scored(tmp_path: Path) -> None:
    data = write_marked(tmp_path / "noses", ["nose"])
    run = pixelwise.train(data, tmp_path / "run", task="pose", epochs=1, settings=QUICK)
    assert [(one.name, one.support) for one in run.metrics.classes["pose"]] == [("nose", 3)]
    assert (run.folder / "report.html").is_file()


def test_views_are_turned_by_what_training_is_asked_to_turn(tmp_path: Path) -> None:
    data = pixelwise.open_data(write_marked(tmp_path / "noses", ["nose"]), task="pose")

    def turn(asked: float) -> float:
        wishes = Wishes(epochs=1, settings={"augment.rotate": asked})
        task = complete_recipe(wishes, data, Listener()).tasks["pose"]
        assert isinstance(task, PoseTask)
        return task.turn

    assert (turn(10.0), turn(0.0)) == (5, 0)
    with pytest.raises(RecipeError, match=r"augment\.rotate"):
        turn(-4.0)

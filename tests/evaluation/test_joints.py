"""Scores of joints are shares of all joints of all people, whatever picture and joint they are of."""

import numpy as np
import pytest
from tests.people import of_points, standing

from pixelwise.evaluation.scoring import scores_of
from pixelwise.labels import Labels
from pixelwise.metrics import summarise
from pixelwise.recipe import PoseTask as PoseRecipe
from pixelwise.skeleton import COCO_17, LSP_14, Skeleton
from pixelwise.tasks import PoseResult, PoseTask
from pixelwise.tasks.pose.task import PoseRow
from pixelwise.types import JOINTS, Label, People

SIZE = (300, 1600)


def task_of(skeleton: Skeleton) -> PoseTask:
    return PoseTask(Labels(classes=("background", "person")), PoseRecipe(skeleton=skeleton))


def row_of(task: PoseTask, people: People, wrong: np.ndarray) -> PoseRow:
    """A row of a picture whose people were found, the joints at ``wrong`` (M, K) by far more than a torso beside."""
    points = (people.keypoints + 500 * wrong[..., None]).astype(np.float32)
    sure = np.ones(points.shape[:2], np.float32)
    label = Label({JOINTS: np.zeros(SIZE, np.uint8)}, people)
    return task.row(PoseResult(points, sure, sure[:, 0], SIZE), label)


def test_one_person_all_wrong_and_nine_all_right_are_nine_tenths() -> None:
    task = task_of(COCO_17)
    one, nine = standing([(50.0, 50.0)], 145), standing([(80.0 + 90 * at, 50.0) for at in range(9)], 145)
    rows = [row_of(task, one, np.ones((1, 17))), row_of(task, nine, np.zeros((9, 17)))]
    scores = scores_of({"pose": task}, {"pose": rows}, np.arange(2))
    assert scores["pck"].value == scores["pck"].pooled == pytest.approx(0.9)
    assert scores["pck"].mean == pytest.approx(0.5)
    assert scores["oks"].value == pytest.approx(0.9, abs=1e-6)
    assert scores["pck"].ci95 == scores["pck"].pooled_ci95
    assert scores["pck"].ci95[0] < 0.9 <= scores["pck"].ci95[1]


def test_a_joint_that_few_people_show_counts_as_often_as_it_is_shown() -> None:
    """Of the second person three joints are labelled and one, the nose, is right: 17 + 1 of 20, not a mean of joints.

    Were joints averaged first, the nose (2 of 2), shoulder and hip (1 of 2 each) and 14 others of 1 make 16 of 17.
    """
    task = task_of(COCO_17)
    people = standing([(50.0, 50.0), (400.0, 50.0)], 145)
    people.visibility[1] = 0
    people.visibility[1, [0, 5, 12]] = 2
    wrong = np.zeros((2, 17))
    wrong[1, [5, 12]] = 1
    rows = [row_of(task, people, wrong)]
    assert task.image_scores(rows[0])["pck"] == pytest.approx(18 / 20)
    assert rows[0].joints.likeness == pytest.approx([1, 1 / 3], abs=1e-6)  # by person, in the truth's order
    assert task.row_json(rows[0])["joints"]["oks_by_person"] == pytest.approx([1, 1 / 3], abs=1e-6)
    by_joint = {name: scores["pck"] for name, scores, _ in task.class_scores(rows)}
    assert (by_joint["nose"], by_joint["left_shoulder"], by_joint["left_ear"]) == (1, 0.5, 1)


def test_pckh_by_hand() -> None:
    """A head of 40 pixels, from neck to top: a joint is right up to 20 pixels off, and PCK is of another measure."""
    task = task_of(LSP_14)
    points = np.random.default_rng(0).uniform(100, 200, (1, 14, 2))
    points[0, 12], points[0, 13] = (150, 90), (150, 50)
    people = of_points(points, skeleton=LSP_14)
    moved = people.keypoints.copy()
    moved[0, 0, 0] += 19.9
    moved[0, 1, 1] += 20.1
    moved[0, 2] += (15, 15)  # 21.2 off
    moved[0, 3] += (14, 14)  # 19.8
    sure = np.ones((1, 14), np.float32)
    sure[0, 4] = 0  # where it should be, but not found
    result = PoseResult(moved, sure, sure.mean(axis=1), SIZE)
    label = Label({JOINTS: np.zeros(SIZE, np.uint8)}, people)
    row = task.row(result, label)
    assert row.joints.right_of_head.tolist() == [1, 0, 0, 1, 0, *[1] * 9]
    assert task.image_scores(row)["pckh"] == pytest.approx(11 / 14)
    people.visibility[0, 13] = 0  # without the head's top there is no measure
    assert np.isnan(task.image_scores(task.row(result, label))["pckh"])


def test_where_every_picture_shows_one_person_with_all_joints_the_mean_over_pictures_is_the_same() -> None:
    task, rng = task_of(LSP_14), np.random.default_rng(1)
    rows = [
        row_of(task, of_points(rng.uniform(50, 250, (1, 14, 2)), skeleton=LSP_14), rng.random((1, 14)) < 0.4)
        for _ in range(20)
    ]
    for name, ratio in task.ratios(rows).items():
        if name in {"pck", "pckh", "oks"}:
            summary = summarise(name, ratio)
            assert summary["pooled"] == pytest.approx(summary["mean"])
    by_joint = task.class_ratios(rows)["pck"]
    assert task.ratios(rows)["pck"].pooled() == pytest.approx(by_joint.pooled())
    assert by_joint.part.shape == (20, 14)

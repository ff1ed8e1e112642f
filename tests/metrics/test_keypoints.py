"""Scores of poses: numbers by hand, and pycocotools' on the same detections."""

import contextlib
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.people import of_points, standing

from pixelwise.metrics.keypoints import (
    OKS_SCORES,
    JointCounts,
    OksCurve,
    OksRow,
    object_keypoint_similarity,
    paired,
)
from pixelwise.skeleton import COCO_17
from pixelwise.types import People

SIGMAS = COCO_17.sigmas
TORSO = COCO_17.torso()


def test_oks_of_one_joint_by_hand() -> None:
    """d = 3, area 100, sigma 0.05: exp(-9 / (2 · 100 · 0.1²)) = exp(-4.5); the unlabelled joint does not count."""
    points = np.array([[[10.0, 10.0], [50.0, 50.0]]])
    people = replace(
        of_points(points, np.array([[1, 0]], np.uint8)),
        areas=np.array([100.0], np.float32),
        partners=np.arange(2),
    )
    found = object_keypoint_similarity(np.array([[[13.0, 10.0], [0.0, 0.0]]]), people, (0.05, 0.05))
    assert found[0, 0] == pytest.approx(np.exp(-4.5))


def _scene(generator: np.random.Generator) -> tuple[People, NDArray[np.float64], NDArray[np.float64]]:
    """True people, of whom some are a crowd or have no labelled joint, and what was predicted: some of them moved."""
    count = int(generator.integers(0, 5))
    people = standing(
        [(x, y) for x, y in generator.uniform(50, 350, (count, 2))], float(generator.uniform(60, 200))
    )
    visibility = generator.integers(0, 3, (count, 17)).astype(np.uint8)
    visibility[generator.random(count) < 0.2] = 0
    crowd = generator.random(count) < 0.15
    people = replace(people, visibility=visibility, is_crowd=crowd, areas=people.areas * np.float32(0.53))
    noise = generator.normal(0, generator.choice([1.0, 4.0, 12.0], (count, 1, 1)), (count, 17, 2))
    extra = standing([(x, y) for x, y in generator.uniform(0, 400, (int(generator.integers(0, 3)), 2))], 100)
    twice = people.keypoints[generator.random(count) < 0.3] + 3
    keypoints = np.concatenate([people.keypoints + noise, extra.keypoints, twice]).astype(np.float64)
    return people, keypoints, np.round(generator.random(len(keypoints)), 1)  # some scores are equal


def _theirs(scenes: list[tuple[People, NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """AP, AP50, AP75 and AR of pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truths: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image, (people, keypoints, scores) in enumerate(scenes, start=1):
        for at in range(len(people)):
            seen = people.visibility[at] > 0
            x0, y0, x1, y1 = people.boxes[at].astype(float)
            triples = np.c_[(people.keypoints[at] - 0.5) * seen[:, None], people.visibility[at]]
            truths.append(
                {
                    "id": len(truths) + 1,
                    "image_id": image,
                    "category_id": 1,
                    "keypoints": triples.ravel().tolist(),
                    "num_keypoints": int(seen.sum()),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": float(people.areas[at]),
                    "iscrowd": int(people.is_crowd[at]),
                }
            )
        for points, score in zip(keypoints, scores, strict=True):
            flat = np.c_[points - 0.5, np.ones(17)].ravel().tolist()
            results.append({"image_id": image, "category_id": 1, "keypoints": flat, "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        images = [{"id": image} for image in range(1, len(scenes) + 1)]
        coco.dataset = {"images": images, "annotations": truths, "categories": [{"id": 1, "name": "person"}]}
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    stats: NDArray[np.float64] = evaluation.stats
    return stats[[0, 1, 2, 5]]


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_that_of_pycocotools(seed: int) -> None:
    """On scenes with crowds, people without joints, equal scores, doubles and false alarms, to the last digit."""
    generator = np.random.default_rng(seed)
    scenes = [_scene(generator) for _ in range(40)]
    rows = [
        OksRow.of(object_keypoint_similarity(keypoints, people, SIGMAS), scores, people)
        for people, keypoints, scores in scenes
    ]
    ours = np.array([OksCurve(rows).scores()[name] for name in OKS_SCORES])
    theirs = _theirs(scenes)
    assert 0.1 < theirs[0] < 0.9
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_counting_an_image_twice_is_having_it_twice() -> None:
    generator = np.random.default_rng(7)
    scenes = [_scene(generator) for _ in range(12)]
    rows = [OksRow.of(object_keypoint_similarity(k, p, SIGMAS), s, p) for p, k, s in scenes]
    counts = generator.integers(0, 3, len(rows))
    drawn = [row for row, count in zip(rows, counts, strict=True) for _ in range(count)]
    one, other = OksCurve(rows).scores(counts.astype(float)), OksCurve(drawn).scores()
    # Where scores are equal the order of images decides, as in COCO; within a rounding of that.
    assert one["oks_ar"] == pytest.approx(other["oks_ar"])
    assert one["oks_ap"] == pytest.approx(other["oks_ap"], abs=0.02)


def test_nobody_true_is_no_score_and_nobody_predicted_is_zero() -> None:
    nobody = standing([], 100)
    none = np.zeros((0, 17, 2))
    empty = OksRow.of(object_keypoint_similarity(none, nobody, SIGMAS), np.zeros(0), nobody)
    assert np.isnan(OksCurve([empty]).scores()["oks_ap"])
    two = standing([(50, 50), (200, 50)], 100)
    missed = OksRow.of(object_keypoint_similarity(none, two, SIGMAS), np.zeros(0), two)
    assert OksCurve([missed, empty]).scores() == dict.fromkeys(OKS_SCORES, 0.0)


def _counts(
    keypoints: NDArray[np.float64], people: People, found: NDArray[np.bool_] | None = None
) -> JointCounts:
    found = np.ones(keypoints.shape[:2], np.bool_) if found is None else found
    return JointCounts.of(keypoints, found, people, SIGMAS, TORSO, COCO_17.head())


def test_pck_by_hand() -> None:
    """A torso of 50 pixels: a joint is right up to 10 pixels off. What was not predicted is wrong where it is."""
    assert TORSO == (5, 12)
    people = standing([(100.0, 40.0)], 145)
    people.keypoints[0, 5], people.keypoints[0, 12] = (70, 60), (100, 100)
    keypoints = people.keypoints.astype(np.float64).copy()
    keypoints[0, 0, 0] += 9.9
    keypoints[0, 1, 1] += 10.1
    found = np.ones((1, 17), np.bool_)
    found[0, 2] = False
    counted = _counts(keypoints, people, found)
    assert counted.labelled.tolist() == [1.0] * 17
    assert counted.right.tolist() == [1.0, 0.0, 0.0, *[1.0] * 14]
    assert counted.labelled_of_head.sum() == 0  # COCO marks neither neck nor top of the head


def test_who_lacks_a_torso_is_not_measured() -> None:
    people = standing([(100.0, 40.0), (300.0, 40.0)], 145)
    people.visibility[0, 5] = 0
    counted = _counts(people.keypoints.astype(np.float64), people)
    assert counted.labelled.tolist() == [1.0] * 17
    assert counted.right.tolist() == [1.0] * 17
    assert counted.people == 2
    assert counted.marked.tolist() == [1.0 if joint == 5 else 2.0 for joint in range(17)]


def test_labelled_joints_of_crowds_are_not_counted() -> None:
    people = standing([(100.0, 40.0), (300.0, 40.0)], 145)
    crowd = replace(people, is_crowd=np.array([False, True]))
    assert _counts(people.keypoints.astype(np.float64), crowd).marked.tolist() == [1.0] * 17


def test_a_joint_given_to_another_person_is_counted() -> None:
    """Two people, whose right wrists are exchanged: two of 34 predicted joints are another's."""
    people = standing([(100.0, 40.0), (300.0, 40.0)], 145)
    keypoints = people.keypoints.astype(np.float64).copy()
    keypoints[[0, 1], 10] = keypoints[[1, 0], 10]
    counted = _counts(keypoints, people)
    assert counted.given.sum() == 34
    assert counted.given_away.tolist() == [2.0 if joint == 10 else 0.0 for joint in range(17)]
    assert _counts(people.keypoints.astype(np.float64), people).given_away.sum() == 0


def test_people_are_paired_each_once() -> None:
    assert paired(np.array([[0.9, 0.8], [0.85, 0.1], [0.0, 0.0]])) == [(0, 0), (1, 1)]
    assert paired(np.zeros((0, 3))) == []

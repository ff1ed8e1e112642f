"""Average precision is COCO's, by COCO's own program."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.scenes import Scene, mistaken, scene
from tests.real import present

from pixelwise.metrics import AveragePrecision, ObjectCounts, match_objects
from pixelwise.metrics.average_precision import NAMES
from pixelwise.types import IGNORE_INDEX
from pixelwise.workflows.data import open_data

FOUND = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar")


def coco_scores(scenes: Sequence[Scene]) -> dict[str, float]:
    """The same scores by pycocotools, of masks, all predicted objects counting; what nobody labelled is a crowd."""
    coco = pytest.importorskip("pycocotools.coco")
    evaluation, mask = pytest.importorskip("pycocotools.cocoeval"), pytest.importorskip("pycocotools.mask")
    truth: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    for image, one in enumerate(scenes, start=1):
        for number in np.unique(one.instances[one.instances > 0]):
            here = one.instances == number
            code = mask.encode(np.asfortranarray(here.astype(np.uint8)))
            is_crowd = int(one.crowd[here].any())
            class_id = int(np.bincount(one.classes[here]).argmax())
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": image,
                    "category_id": class_id,
                    "segmentation": code,
                    "area": float(here.sum()),
                    "bbox": mask.toBbox(code).tolist(),
                    "iscrowd": is_crowd,
                }
            )
        unlabelled = mask.encode(np.asfortranarray((one.classes == IGNORE_INDEX).astype(np.uint8)))
        for class_id in (1, 2) if (one.classes == IGNORE_INDEX).any() else ():
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": image,
                    "category_id": class_id,
                    "segmentation": unlabelled,
                    "area": float((one.classes == IGNORE_INDEX).sum()),
                    "bbox": mask.toBbox(unlabelled).tolist(),
                    "iscrowd": 1,
                }
            )
        for place, class_id in enumerate(one.found_class.tolist()):
            code = mask.encode(np.asfortranarray((one.found == place + 1).astype(np.uint8)))
            found.append(
                {
                    "image_id": image,
                    "category_id": class_id,
                    "segmentation": code,
                    "score": float(one.scores[place]),
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        data = coco.COCO()
        data.dataset = {
            "info": {},
            "images": [
                {"id": image, "height": one.found.shape[0], "width": one.found.shape[1]}
                for image, one in enumerate(scenes, start=1)
            ],
            "categories": [{"id": 1}, {"id": 2}],
            "annotations": truth,
        }
        data.createIndex()
        judge = evaluation.COCOeval(data, data.loadRes(found), "segm")
        judge.params.maxDets = [1000]
        judge.evaluate()
        judge.accumulate()
    precision, recall = (
        judge.eval["precision"][..., 0],
        judge.eval["recall"][..., 0],
    )  # (T, R, K, A), (T, K, A)

    def mean(values: NDArray[np.float64]) -> float:
        known = values[values > -1]
        return float(known.mean()) if known.size else float("nan")

    return {
        "ap": mean(precision[..., 0]),
        "ap50": mean(precision[0, ..., 0]),
        "ap75": mean(precision[5, ..., 0]),
        "ap_small": mean(precision[..., 1]),
        "ap_medium": mean(precision[..., 2]),
        "ap_large": mean(precision[..., 3]),
        "ar": mean(recall[..., 0]),
    }


def ours(counts: Sequence[ObjectCounts], times: Sequence[float] | None = None) -> dict[str, float]:
    draw = np.ones(len(counts)) if times is None else np.array(times, np.float64)
    return dict(zip(NAMES, AveragePrecision(counts, (1, 2))(draw), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_cocos_program(seed: int) -> None:
    scenes = [scene(100 * seed + number) for number in range(5)]
    found, expected = ours([one.counts() for one in scenes]), coco_scores(scenes)
    assert 0.05 < expected["ap"] < 0.95  # neither all nor nothing is found
    for name in FOUND:
        assert found[name] == pytest.approx(expected[name], abs=1e-9, nan_ok=True), name


@pytest.mark.parametrize("name", ["pennfudan", "dsb2018"])
def test_scores_of_real_objects_are_those_of_cocos_program(data_root: Path, name: str) -> None:
    data = open_data(present(data_root / name), task="instance").split("val")
    scenes = [
        mistaken(data.read(sample)[1], seed) for seed, sample in enumerate(data.samples[:: len(data) // 5])
    ]
    found, expected = ours([one.counts() for one in scenes]), coco_scores(scenes)
    assert 0.05 < expected["ap"] < 0.95
    for score in FOUND:
        assert found[score] == pytest.approx(expected[score], abs=1e-9, nan_ok=True), score


def test_an_image_that_counts_twice_is_an_image_that_is_there_twice() -> None:
    counts = [scene(number).counts() for number in range(4)]
    twice = ours([counts[0], counts[1], counts[1], counts[3]])
    assert ours(counts, [1, 2, 0, 1]) == pytest.approx(twice, abs=0.01, nan_ok=True)


def test_many_resamples_at_once_are_one_after_the_other() -> None:
    counts = [scene(number).counts() for number in range(6)]
    draws = np.random.default_rng(0).multinomial(6, [1 / 6] * 6, 30).astype(np.float64)
    together = AveragePrecision(counts, (2, 1)).by_class(draws)
    assert together.shape == (30, 2)
    for place, class_id in enumerate((2, 1)):
        alone = [AveragePrecision(counts, (class_id,))(draw)[0] for draw in draws]
        np.testing.assert_array_equal(together[:, place], alone)
    assert np.unique(together[:, 0]).size > 20


def test_a_class_that_no_resample_holds_has_no_precision_there() -> None:
    # An IoU of 80/120 is enough at 4 thresholds of 10.
    there, absent = _record([100], [100], [0.9], [(0, 0, 80)]), _record([], [], [], [])
    draws = np.array([[1, 1], [2, 0], [0, 2]], np.float64)
    precision = AveragePrecision([there, absent], (1,))
    np.testing.assert_allclose(precision.by_class(draws), [[0.4], [0.4], [np.nan]])
    assert precision.n_images.tolist() == [1]


def _record(
    true_area: list[int], found_area: list[int], score: list[float], pairs: list[tuple[int, int, int]]
) -> ObjectCounts:
    ones = [np.ones(len(part), np.int64) for part in (true_area, found_area)]
    return ObjectCounts(
        ones[0],
        np.array(true_area, np.int64),
        np.zeros(len(true_area), bool),
        ones[1],
        np.array(found_area, np.int64),
        np.zeros(len(found_area), np.int64),
        np.array(score, np.float64),
        np.array(pairs, np.int64).reshape(-1, 3),
    )


def test_worked_by_hand() -> None:
    # Two true objects; the surest prediction is false, the next has an IoU of 80/100: precision 1/2 up to a recall of
    # 1/2 (51 of 101 recalls) at the 7 thresholds from 0.50 to 0.80, and nothing beyond.
    record = _record([100, 100], [50, 80], [0.9, 0.8], [(0, 1, 80)])
    found = ours([record])
    assert found["ap50"] == pytest.approx(51 / 101 / 2)
    assert found["ap"] == pytest.approx(0.7 * 51 / 101 / 2)
    assert found["ar"] == pytest.approx(0.35)


def test_what_lies_where_nobody_labelled_is_not_false() -> None:
    # A perfect object, and a surer one of 50 pixels: wholly on what nobody labelled it never counts; with 30 there it
    # is false at the 7 thresholds above 0.6, where precision is 1/2; with 20 at all.
    record = _record([100], [50, 100], [0.9, 0.8], [(0, 1, 100)])
    for pixels, expected in ((50, 1.0), (30, 0.3 + 0.7 / 2), (20, 0.5)):
        lying = replace(record, unlabelled=np.array([pixels, 0]))
        assert ours([lying])["ap"] == pytest.approx(expected)
        assert list(match_objects(lying).false) == ([] if pixels > 25 else [0])


def test_nothing_true_has_no_score_and_nothing_found_is_0() -> None:
    assert np.isnan(list(ours([_record([], [30], [0.5], [])]).values())).all()
    nothing = ours([_record([30], [], [], [])])
    assert nothing["ap"] == nothing["ar"] == nothing["ap_small"] == 0
    assert np.isnan(nothing["ap_large"])

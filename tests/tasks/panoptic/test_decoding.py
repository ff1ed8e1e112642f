"""Fields become objects: touching ones, one that fills the image, a thousand, a pixel, none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tasks.panoptic.cells import CELLS, discs, fields, labelled, task

from pixelwise.labels import Labels
from pixelwise.tasks.panoptic.scores import BEFORE, learn_weights, object_scores
from pixelwise.types import CLASSES, INSTANCES, Label


def check_same(label: Label, least: float = 0.999, labels: Labels = CELLS) -> None:
    of = task(labels)
    result = of.decode(fields(label, labels), of.default_settings())
    scores = of.image_scores(of.row(result, label))
    assert scores["f1_50"] >= least
    assert scores["ap"] >= least - (1 - least) * 2
    assert len(result.classes) == len(result.scores) == result.instance_map.max()


def test_objects_that_touch_are_told_apart() -> None:
    check_same(discs(200, 60))


def test_thousand_objects() -> None:
    label = discs(640, 1500, radius=(3, 9))
    assert len(np.unique(label.maps[INSTANCES])) > 1000
    check_same(label, least=0.97)  # of some only slivers are left, whose peaks the blur joins with others


def test_object_that_fills_the_image() -> None:
    check_same(labelled(np.ones((90, 130), np.int32)))


def test_one_pixel() -> None:
    instances = np.zeros((40, 40), np.int32)
    instances[3, 35] = 1
    check_same(labelled(instances))


def test_no_object() -> None:
    of, label = task(), labelled(np.zeros((40, 40), np.int32))
    result = of.decode(fields(label), of.default_settings())
    assert not result.instance_map.any()
    assert np.isnan(of.headline_score(of.row(result, label)))


def test_object_whose_peak_is_missing_is_still_one() -> None:
    instances = np.zeros((60, 60), np.int32)
    instances[5:25, 5:25], instances[35:55, 30:50] = 1, 2
    label, of = labelled(instances), task()
    values = fields(label)
    values["centres"][:, 30:] = 0
    result = of.decode(values, of.default_settings())
    assert of.image_scores(of.row(result, label))["f1_50"] == 1
    assert result.scores[result.instance_map[45, 40] - 1] < result.scores[result.instance_map[10, 10] - 1]


def test_two_peaks_of_one_object_are_one() -> None:
    instances = np.zeros((60, 60), np.int32)
    instances[5:55, 20:40] = 1
    label, of = labelled(instances), task()
    values = fields(label)
    values["centres"][0, 20, 30] = 0.9  # its offset points to the centre
    assert of.decode(values, of.default_settings()).instance_map.max() == 1


def test_small_objects_are_left_out_and_become_background() -> None:
    instances = np.zeros((40, 40), np.int32)
    instances[3, 35], instances[10:20, 10:20] = 1, 2
    of = task()
    result = of.decode(fields(labelled(instances)), {**of.default_settings(), "smallest": 5.0})
    assert result.areas.tolist() == [100]
    assert result.label_map[3, 35] == 0


def test_things_of_two_classes_beside_stuff() -> None:
    labels = Labels(classes=("road", "car", "person"), background=None, things=(1, 2))
    instances = discs(120, 30, seed=4).maps[INSTANCES]
    classes = np.where(instances > 0, 1 + instances % 2, 0).astype(np.uint8)
    label = Label({CLASSES: classes, INSTANCES: instances})
    check_same(label, labels=labels)
    of = task(labels)
    result = of.decode(fields(label, labels), of.default_settings())
    assert of.headline_score(of.row(result, label)) == pytest.approx(1)
    assert (result.label_map == classes).all()
    names = [name for name, _, _ in of.class_scores([of.row(result, label)])]
    assert names == ["road", "car", "person"]


def test_tuning_learns_scores_that_are_the_overlaps_to_be_expected() -> None:
    of, rng, pairs = task(), np.random.default_rng(0), []
    for seed in range(6):
        label = discs(128, 25, seed)
        values = fields(label)
        blurred = rng.uniform(0.2, 1, values["centres"].shape) ** 2  # unsure everywhere
        values["centres"] = (values["centres"] * blurred).astype(np.float32)
        values["offsets"] += rng.normal(0, 0.08, values["offsets"].shape).astype(np.float32)
        pairs.append((values, label))
    settings = of.tune(pairs)
    assert settings.keys() == of.default_settings().keys()
    assert settings["smallest"] >= 1

    def quality(chosen: dict[str, float]) -> float:
        rows = [of.row(of.decode(values, chosen), label) for values, label in pairs]
        return float(of.ratios(rows)["pq"].by_image().mean())

    assert quality(settings) >= quality(of.default_settings())


def test_few_objects_move_the_weights_of_scores_a_little_and_many_far() -> None:
    rng = np.random.default_rng(0)
    before = np.array(list(learn_weights(np.zeros((0, 3)), np.zeros(0)).values()))
    assert before.tolist() == list(BEFORE)
    moved = []
    for count in (3, 30, 3000):
        features = np.stack([rng.uniform(0.3, 1, count), rng.uniform(0.5, 1, count), np.full(count, 0.1)], 1)
        overlaps = features[:, 0] ** 2  # the probability tells nothing
        weights = learn_weights(features, overlaps)
        moved.append(np.abs(np.array(list(weights.values())) - before).sum())
        errors = np.abs(object_scores(features, weights) - overlaps)
    assert 0 < moved[0] < moved[1] < moved[2]
    assert errors.mean() < 0.05


def test_tuning_blurs_large_objects_with_many_tops_until_they_are_one() -> None:
    instances = np.zeros((260, 220), np.int32)
    instances[10:250, 20:140] = 1
    instances[100:106, 190:196] = 2
    instances[140:146, 190:196] = 3
    label, of, rng = labelled(instances), task(), np.random.default_rng(0)
    values = fields(label)
    unsure = rng.uniform(0.3, 1, (1, 52, 44)).repeat(5, axis=1).repeat(5, axis=2)  # tops 5 pixels wide
    person = instances == 1
    values["centres"][0, person] *= unsure[0, person]
    values["offsets"][:, person] *= 0.6  # and votes that reach a part of the way
    settings = of.tune([(values, label)])
    assert settings["smoothing"] > of.default_settings()["smoothing"]
    assert of.image_scores(of.row(of.decode(values, settings), label))["f1_50"] == 1
    assert of.decode(values, of.default_settings()).instance_map.max() > 3


def test_tuning_leaves_out_specks_that_are_smaller_than_any_true_object() -> None:
    instances = np.zeros((64, 64), np.int32)
    instances[8:18, 8:18] = 1  # 100 pixels, the smallest
    instances[30:50, 30:50] = 2
    label, of = labelled(instances), task()
    values = fields(label)
    for top in (4, 24, 44):  # 36 pixels each: more than a quarter of 100, less than a half
        values["classes"][0, top : top + 6, 54:60] = 1
        values["centres"][0, top + 3, 57] = 0.9
    settings = of.tune([(values, label)])
    assert settings["smallest"] == 50
    assert of.decode(values, settings).instance_map.max() == 2
    assert of.tune([(fields(label), label)])["smallest"] == 25  # where nothing is gained

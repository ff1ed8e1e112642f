"""Semantic segmentation: the promises of a task, in numbers worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray

from pixelwise.data.augment import augment
from pixelwise.errors import RecipeError
from pixelwise.labels import Labels
from pixelwise.recipe import LOSSES, Augment, LossName, Values
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks import SemanticResult, SemanticTask
from pixelwise.tasks.semantic import CANDIDATE_THRESHOLDS, SemanticRow, dice_by_threshold
from pixelwise.types import CLASSES, INSTANCES, Label, LabelBatch, LabelMap, Window

BINARY = SemanticTask(Labels(classes=("background", "lesion")), SemanticRecipe())
THREE = SemanticTask(Labels(classes=("sky", "road", "car"), background=None), SemanticRecipe())
BORDERED = SemanticTask(THREE.labels, SemanticRecipe(border=5.0, border_width=1.0))


def ids(rows: list[list[int]]) -> LabelMap:
    return np.array(rows, np.uint8)


def label(rows: list[list[int]]) -> Label:
    return Label({CLASSES: ids(rows)})


def class_maps(maps: list[list[list[int]]]) -> LabelBatch:
    return LabelBatch({CLASSES: torch.tensor(maps, dtype=torch.uint8)})


def probs(rows: list[list[float]]) -> dict[str, NDArray[np.float32]]:
    return {"classes": np.array([rows], np.float32)}


def result(label_map: LabelMap, num_classes: int = 2) -> SemanticResult:
    return SemanticResult(label_map, np.zeros((num_classes, *label_map.shape), np.float32))


def test_fields() -> None:
    assert [(f.channels, f.activation) for f in BINARY.fields()] == [(1, "sigmoid")]
    assert [(f.channels, f.activation) for f in THREE.fields()] == [(3, "softmax")]


def test_binary_targets_and_weights() -> None:
    target, weight = BINARY.targets(class_maps([[[0, 1, 255]]]))["classes"]
    assert target.tolist() == [[[[0.0, 1.0, 0.0]]]]
    assert weight.tolist() == [[[[1.0, 1.0, 0.0]]]]


def test_targets_of_several_classes_are_one_hot_and_zero_where_not_labelled() -> None:
    target, weight = THREE.targets(class_maps([[[2, 0, 255]]]))["classes"]
    assert target[0, :, 0].tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert weight.tolist() == [[[[1.0, 1.0, 0.0]]]]


@pytest.mark.parametrize("task", [BINARY, THREE, BORDERED])
def test_what_is_not_labelled_has_no_gradient(task: SemanticTask) -> None:
    labels = torch.zeros(1, 4, 4, dtype=torch.uint8)
    labels[0, :2] = 255
    logits = torch.randn(1, task.fields()[0].channels, 4, 4, requires_grad=True)
    loss = torch.stack(
        list(task.loss({"classes": logits}, task.targets(LabelBatch({CLASSES: labels}))).values())
    ).sum()
    [gradient] = torch.autograd.grad(loss, logits)
    assert gradient[:, :, :2].abs().max() == 0
    assert gradient[:, :, 2:].abs().min() > 0


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("labels", [BINARY.labels, THREE.labels], ids=["two classes", "three"])
def test_every_loss_alone_draws_logits_to_the_truth(name: LossName, labels: Labels) -> None:
    weights = {"cross_entropy": 0.0, "dice": 0.0} | {name: 2.0}
    task = SemanticTask(labels, SemanticRecipe.model_validate(weights))
    truth = torch.zeros(2, 12, 12, dtype=torch.uint8)
    truth[:, 3:8, 2:9] = 1
    truth[:, :2] = labels.num_classes - 1
    targets = task.targets(LabelBatch({CLASSES: truth}))
    logits = torch.zeros(2, task.fields()[0].channels, 12, 12, requires_grad=True)
    costs: list[float] = []
    values = logits
    for _ in range(60):
        parts = task.loss({"classes": values}, targets)
        assert list(parts) == [name]
        [slope] = torch.autograd.grad(parts[name], values)
        values = (values - 4 * slope / slope.abs().max().clamp_min(1e-9)).detach().requires_grad_()
        costs.append(parts[name].item())
    assert costs[-1] < 0.3 * costs[0]
    probs = values.sigmoid() if labels.is_binary else values.softmax(dim=1)
    found = (probs[:, 0] > 0.5).long() if labels.is_binary else probs.argmax(dim=1)
    assert (found == truth).float().mean() > 0.9


def test_class_weights_count_pixels_of_a_class_more() -> None:
    # Two pixels of background at 3/4 and 1/2, one of lesion at 1/4: by weights 1 and 4.
    logits = torch.tensor([-math.log(3), 0.0, -math.log(3)])[None, None, None]
    targets = BINARY.targets(class_maps([[[0, 0, 1]]]))
    task = SemanticTask(BINARY.labels, SemanticRecipe(dice=0.0, class_weights=(1.0, 4.0)))
    expected = (math.log(4 / 3) + math.log(2) + 4 * math.log(4)) / 6
    assert task.loss({"classes": logits}, targets)["cross_entropy"].item() == pytest.approx(expected)
    three = SemanticTask(THREE.labels, SemanticRecipe(dice=0.0, class_weights=(1.0, 2.0, 0.5)))
    flat = torch.zeros(1, 3, 1, 4)
    flat[0, 0] = math.log(2)  # probabilities 1/2, 1/4, 1/4
    targets = THREE.targets(class_maps([[[0, 1, 2, 255]]]))
    expected = (math.log(2) + 2 * math.log(4) + 0.5 * math.log(4)) / 3.5
    assert three.loss({"classes": flat}, targets)["cross_entropy"].item() == pytest.approx(expected)


def test_class_weights_are_one_for_each_class() -> None:
    with pytest.raises(RecipeError, match=r"are 3, but there are 2 classes \(background, lesion\)"):
        SemanticTask(BINARY.labels, SemanticRecipe(class_weights=(1.0, 2.0, 3.0)))


HALF = 1 / math.sqrt(2 * math.log(2))
"""Width of a border of which half is left one pixel away."""


def test_borders_count_more_in_losses_of_pixels_alone() -> None:
    # Background at 3/4 and 1/2, lesion at 1/4. The second and third are at the contour, the first one pixel away.
    logits = {"classes": torch.tensor([-math.log(3), 0.0, -math.log(3)])[None, None, None]}
    losses = {"squared_error": 1.0, "tversky": 1.0, "lovasz": 1.0, "boundary": 1.0}
    plain = SemanticRecipe.model_validate(losses)
    bordered = plain.model_copy(update={"border": 2.0, "border_width": HALF})
    label = class_maps([[[0, 0, 1]]])
    found, usual = (
        task.loss(logits, task.targets(label))
        for task in (SemanticTask(BINARY.labels, recipe) for recipe in (bordered, plain))
    )
    costs, errors = (math.log(4 / 3), math.log(2), math.log(4)), (1 / 16, 1 / 4, 9 / 16)
    for name, each in (("cross_entropy", costs), ("squared_error", errors)):
        assert usual[name].item() == pytest.approx(sum(each) / 3)
        assert found[name].item() == pytest.approx((2 * each[0] + 3 * each[1] + 3 * each[2]) / 8)
    for name in ("dice", "tversky", "lovasz", "boundary"):
        assert found[name].item() == usual[name].item()
    weighted = bordered.model_copy(update={"class_weights": (1.0, 4.0)})
    task = SemanticTask(BINARY.labels, weighted)
    entropy = task.loss(logits, task.targets(label))["cross_entropy"].item()
    assert entropy == pytest.approx((2 * costs[0] + 3 * costs[1] + 12 * costs[2]) / 17)


def test_borders_part_objects_where_they_are_told_apart() -> None:
    classes, objects = (
        torch.tensor([[[1, 1, 1, 0, 255]]], dtype=torch.uint8),
        torch.tensor([[[1, 2, 2, 0, 0]]]),
    )
    task = SemanticTask(BINARY.labels, SemanticRecipe(border=2.0, border_width=0.1))
    _, weight = task.targets(LabelBatch({CLASSES: classes, INSTANCES: objects}))["classes"]
    assert weight.tolist() == [[[[3, 3, 3, 3, 0]]]]
    _, weight = task.targets(LabelBatch({CLASSES: classes}))["classes"]
    assert weight.tolist() == [[[[1, 1, 3, 3, 0]]]]


def test_borders_move_with_the_image() -> None:
    still = Augment(
        hflip=0, rotate=0, scale=1, shear=0, shift=0, brightness=0, contrast=0, colour=0, saturation=0
    )
    ids = torch.zeros(2, 12, 20, dtype=torch.uint8)
    ids[:, 3:8, 2:7], ids[:, 9:, 12:], ids[:, :2] = 1, 2, 255
    logits = torch.randn(2, 3, 12, 20, generator=torch.Generator().manual_seed(0))
    images, mirrored = augment(
        logits,
        LabelBatch({CLASSES: ids}),
        still.model_copy(update={"hflip": 1.0}),
        Values(),
        torch.Generator(),
    )
    here, there = (BORDERED.targets(one) for one in (LabelBatch({CLASSES: ids}), mirrored))
    assert 1 < here["classes"][1].max() <= 6
    assert torch.equal(there["classes"][1], here["classes"][1].flip(-1))
    one, other = BORDERED.loss({"classes": logits}, here), BORDERED.loss({"classes": images}, there)
    torch.testing.assert_close(one, other)
    assert (
        one["cross_entropy"]
        != THREE.loss({"classes": logits}, THREE.targets(LabelBatch({CLASSES: ids})))["cross_entropy"]
    )


@pytest.mark.parametrize("task", [BINARY, THREE])
def test_loss_falls_when_logits_move_towards_the_truth(task: SemanticTask) -> None:
    labels = torch.randint(0, task.labels.num_classes, (2, 8, 8), dtype=torch.uint8)
    targets = task.targets(LabelBatch({CLASSES: labels}))
    towards = 2 * targets["classes"][0] - 1
    losses = [float(sum(task.loss({"classes": towards * s}, targets).values())) for s in (-4, 0, 4, 12)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.01


def test_weights_of_the_recipe_scale_the_losses() -> None:
    once, twice = (
        SemanticTask(BINARY.labels, SemanticRecipe(cross_entropy=w, dice=3 * w)) for w in (1.0, 2.0)
    )
    logits, targets = (
        {"classes": torch.randn(1, 1, 8, 8)},
        BINARY.targets(LabelBatch({CLASSES: torch.ones(1, 8, 8, dtype=torch.uint8)})),
    )
    first, second = once.loss(logits, targets), twice.loss(logits, targets)
    assert {name: float(second[name] / first[name]) for name in first} == pytest.approx(
        dict.fromkeys(first, 2.0)
    )


def test_decode_by_threshold_and_by_highest() -> None:
    decoded = BINARY.decode(probs([[0.2, 0.4, 0.9]]), {"threshold": 0.4})
    assert decoded.label_map.tolist() == [[0, 1, 1]]
    np.testing.assert_allclose(decoded.probs[:, 0, 0], [0.8, 0.2], atol=1e-6)
    several = np.array([[[0.2, 0.5]], [[0.5, 0.4]], [[0.3, 0.1]]], np.float32)
    assert THREE.decode({"classes": several}, {}).label_map.tolist() == [[1, 0]]


def test_threshold_is_tuned_to_where_dice_is_highest() -> None:
    # Lesion pixels at 0.4, 0.6, 0.8, others at 0.1 and 0.3: any threshold above 0.3 and up to 0.4 is perfect.
    values, truth = probs([[0.1, 0.3, 0.4, 0.6, 0.8]]), label([[0, 0, 1, 1, 1]])
    threshold = BINARY.tune([(values, truth)])["threshold"]
    assert 0.3 < threshold <= 0.4
    assert BINARY.tune([]) == {"threshold": 0.5}
    assert THREE.tune([(values, truth)]) == {}


def test_tuning_counts_images_alike_and_passes_over_what_is_not_labelled() -> None:
    # One large image wants a threshold over 0.6; two small ones want one up to 0.5; pixels of 255 want anything.
    large = (probs([[0.6] * 50 + [0.7] * 50 + [0.2]]), label([[0] * 50 + [1] * 50 + [255]]))
    small = (probs([[0.5, 0.1]]), label([[1, 0]]))
    assert BINARY.tune([large])["threshold"] > 0.6
    assert BINARY.tune([large, small, small])["threshold"] <= 0.5


def test_a_gain_that_may_be_luck_does_not_move_the_threshold() -> None:
    # Up to 0.6 the first image has Dice 1 and the second 2·2 / (3 + 2) = 0.8; above, 0.8 and 1: the means tie.
    one = (probs([[0.9, 0.9, 0.6, 0.1]]), label([[1, 1, 1, 0]]))
    other = (probs([[0.9, 0.9, 0.6, 0.1]]), label([[1, 1, 0, 0]]))
    assert BINARY.tune([one, other])["threshold"] == 0.5
    assert BINARY.tune([other, other])["threshold"] > 0.6


def test_dice_at_every_threshold_equals_counting() -> None:
    generator = np.random.default_rng(0)
    values = generator.random((9, 7)).astype(np.float32)
    truth = ids(generator.choice([0, 1, 255], (9, 7)).tolist())
    for threshold, dice in zip(CANDIDATE_THRESHOLDS, dice_by_threshold(values, truth), strict=True):
        predicted = (values >= np.float32(threshold)).astype(np.uint8)
        row = BINARY.row(result(predicted), Label({CLASSES: truth}))
        assert dice == pytest.approx(BINARY.image_scores(row)["dice"])


def test_scores_worked_out_by_hand() -> None:
    # Image 1: TP 1, FP 1, FN 0: Dice 2/3, IoU 1/2. Image 2: TP 2, FP 0, FN 2: Dice 2/3, IoU 1/2.
    rows = [
        BINARY.row(result(ids([[1, 1, 0, 0]])), label([[1, 0, 0, 0]])),
        BINARY.row(result(ids([[1, 1, 0, 0]])), label([[1, 1, 1, 1]])),
        BINARY.row(result(ids([[0, 0, 0, 0]])), label([[0, 0, 255, 255]])),  # nothing there, nothing said
    ]
    assert [BINARY.image_scores(row)["dice"] for row in rows[:2]] == pytest.approx([2 / 3, 2 / 3])
    assert math.isnan(BINARY.image_scores(rows[2])["dice"])
    summary = BINARY.summary(rows)
    assert summary["dice"]["mean"] == pytest.approx(2 / 3)
    assert summary["dice"]["n_undefined"] == 1
    # Pooled: TP 3, FP 1, FN 2: Dice 6/9, IoU 3/6.
    assert summary["dice"]["pooled"] == pytest.approx(6 / 9)
    assert summary["iou"]["pooled"] == pytest.approx(3 / 6)
    [(name, scores, support)] = BINARY.class_scores(rows)
    assert (name, support) == ("lesion", 5)
    # TN 4: the first image has 2, the third 2. Labelled pixels: 10.
    assert scores == pytest.approx(
        {
            "dice": 6 / 9,
            "iou": 3 / 6,
            "accuracy": 7 / 10,
            "sensitivity": 3 / 5,
            "specificity": 4 / 5,
            "precision": 3 / 4,
            "area_error": (1 + 2) / 5,  # one too many in the first, two too few in the second
        }
    )


def test_an_image_averages_the_classes_it_has() -> None:
    # Class 0: TP 1, FN 1 -> 2/3. Class 1: TP 1, FP 1 -> 2/3. Class 2 absent from both: left out.
    row = THREE.row(result(ids([[0, 1, 1]]), 3), label([[0, 0, 1]]))
    assert THREE.image_scores(row)["dice"] == pytest.approx(2 / 3)


def test_all_undefined_is_nan_not_an_error() -> None:
    summary = BINARY.summary([SemanticRow(np.array([[4, 0], [0, 0]]))])
    assert math.isnan(summary["dice"]["mean"])
    assert math.isnan(summary["dice"]["pooled"])


def test_stitch_pastes_windows() -> None:
    left, right = result(ids([[1, 1]])), result(ids([[0, 1]]))
    stitched = BINARY.stitch([(left, Window(0, 0, 2, 1)), (right, Window(2, 0, 4, 1))], (1, 4))
    assert stitched.label_map.tolist() == [[1, 1, 0, 1]]
    assert stitched.probs.shape == (2, 1, 4)


def test_mask_files_hold_what_other_tools_expect(tmp_path: Path) -> None:
    [binary] = BINARY.write(result(ids([[0, 1]])), tmp_path, "a b")
    [several] = THREE.write(result(ids([[0, 2]]), 3), tmp_path, "ภาพ")
    assert binary.name == "a b_mask.png"
    assert np.asarray(PIL.Image.open(binary)).tolist() == [[0, 255]]
    assert np.asarray(PIL.Image.open(several)).tolist() == [[0, 2]]


def test_description_counts_pixels() -> None:
    described = BINARY.describe(result(ids([[0, 1, 1, 1]])))["classes"]
    assert described[1] == {"name": "lesion", "pixels": 3, "share": 0.75}


def test_drawing_marks_the_object_and_leaves_the_rest() -> None:
    image = np.full((40, 40, 3), 100, np.uint8)
    label_map = np.zeros((40, 40), np.uint8)
    label_map[10:30, 10:30] = 1
    drawn = BINARY.draw(image, result(label_map))
    assert (drawn[:8] == 100).all()
    assert (drawn[12:28, 12:28] != 100).any(axis=-1).all()
    assert (image == 100).all()
    with_truth = BINARY.draw(image, result(label_map), Label({CLASSES: label_map}))
    assert (with_truth == 255).all(axis=-1).sum() > 0


def test_training_counts_no_outlines_and_evaluation_does() -> None:
    said, truth = result(ids([[0, 1, 1, 0]])), label([[0, 1, 0, 0]])
    row, full = BINARY.row(said, truth), BINARY.full_row(said, truth, (0.5, 0.5))
    assert row.surface is None
    assert "hd95" not in BINARY.image_scores(row)
    assert "surface" not in BINARY.row_json(row)
    scores = BINARY.image_scores(full)
    assert scores["dice"] == BINARY.headline_score(row) == BINARY.headline_score(full) == pytest.approx(2 / 3)
    # One outline is a pixel, the other two: no way from the first, 0 and 1 from the second.
    assert scores["assd"] == pytest.approx(1 / 3)
    assert scores["hd95"] == pytest.approx(0.95)
    assert scores["hd95_mm"] == pytest.approx(0.475)
    assert BINARY.row_json(full)["surface"]["distance_mm"] == [0.5]


def test_undefined_distances_are_null_in_a_row() -> None:
    missed = BINARY.full_row(result(ids([[0, 0]])), label([[0, 1]]), None)
    assert BINARY.row_json(missed)["surface"]["hd95"] == [None]
    summary = BINARY.summary([missed])
    assert math.isnan(summary["hd95"]["mean"])
    assert summary["hd95"]["n_undefined"] == 1
    assert (summary["nsd"]["mean"], summary["boundary_iou"]["mean"], summary["dice"]["mean"]) == (0, 0, 0)


def test_scores_of_one_class_among_several_leave_accuracy_out() -> None:
    rows = [THREE.full_row(result(ids([[0, 1, 1, 2]]), 3), label([[0, 0, 1, 2]]), None)]
    assert THREE.image_scores(rows[0])["accuracy"] == pytest.approx(3 / 4)
    scores = {name: found for name, found, _ in THREE.class_scores(rows)}
    assert all("accuracy" not in found and "hd95" not in found for found in scores.values())
    assert scores["road"]["precision"] == pytest.approx(1 / 2)
    assert scores["car"]["assd"] == 0

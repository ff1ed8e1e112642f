"""Distances between outlines: by hand, pixel by pixel, and as MONAI counts them."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from tests.metrics.masks import Mask, Pair, at_random, blob, degenerate

from pixelwise.metrics import SurfaceCounts, surface_counts, surface_ratios
from pixelwise.metrics.surface import BAND, TOLERANCE
from pixelwise.types import IGNORE_INDEX, Spacing


def counted(truth: Mask, predicted: Mask, spacing: Spacing | None = None) -> SurfaceCounts:
    return surface_counts(truth.astype(np.uint8), predicted.astype(np.uint8), [1], spacing)


def scores(truth: Mask, predicted: Mask, spacing: Spacing | None = None) -> dict[str, float]:
    counts = counted(truth, predicted, spacing)
    return {metric: float(ratio.by_image()[0]) for metric, ratio in surface_ratios([counts]).items()}


def of_monai(truth: Mask, predicted: Mask, spacing: Spacing | None = None) -> dict[str, float]:
    """Surface scores by MONAI, which says infinite or 0 where there is no distance."""
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.surface_dice import compute_surface_dice
    from monai.metrics.surface_distance import compute_average_surface_distance

    y_pred, y = (torch.from_numpy(mask)[None, None] for mask in (predicted, truth))
    tolerance, found = TOLERANCE * math.hypot(*truth.shape), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of empty masks
        for suffix, mm in [("", None), ("_mm", spacing)][: 1 if spacing is None else 2]:
            found["hd95" + suffix] = compute_hausdorff_distance(
                y_pred, y, include_background=True, percentile=95, spacing=mm
            )
            found["assd" + suffix] = compute_average_surface_distance(
                y_pred, y, include_background=True, symmetric=True, spacing=mm
            )
        found["nsd"] = compute_surface_dice(y_pred, y, [tolerance], include_background=True)
    return {metric: float(value) for metric, value in found.items()}


def boundary_iou(truth: Mask, predicted: Mask) -> float:
    """By looking around every pixel."""
    width = max(1, round(BAND * math.hypot(*truth.shape)))

    def border(mask: Mask) -> Mask:
        padded = np.pad(mask, width)
        found = np.zeros_like(mask)
        for y, x in zip(*np.nonzero(mask), strict=True):
            found[y, x] = not padded[y : y + 2 * width + 1, x : x + 2 * width + 1].all()
        return found

    one, other = border(truth), border(predicted)
    either = (one | other).sum()
    return float((one & other).sum() / either) if either else math.nan


def agree(truth: Mask, predicted: Mask, spacing: Spacing | None = None) -> None:
    ours, theirs = scores(truth, predicted, spacing), of_monai(truth, predicted, spacing)
    assert ours.pop("boundary_iou") == pytest.approx(boundary_iou(truth, predicted), nan_ok=True)
    if truth.any() and predicted.any():
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)
    else:
        assert ours.pop("nsd") == pytest.approx(theirs["nsd"], nan_ok=True)
        assert all(math.isnan(value) for value in ours.values())


@pytest.mark.parametrize("pair", degenerate().values(), ids=degenerate().keys())
def test_degenerate_masks_are_scored_as_by_monai(pair: Pair) -> None:
    agree(*pair)


def test_masks_at_random_are_scored_as_by_monai() -> None:
    for number, pair in enumerate(at_random(24, seed=2)):
        agree(*pair, spacing=[None, (0.4, 0.4), (0.7, 0.3), (0.2, 1.5)][number % 4])


def test_a_large_pair_at_a_whole_tolerance_is_scored_as_by_monai() -> None:
    draw = np.random.default_rng(3)
    truth, predicted = (blob(draw, (300, 400)) for _ in range(2))  # the diagonal is 500, the tolerance 5
    ours, theirs = scores(truth, predicted, (0.5, 0.5)), of_monai(truth, predicted, (0.5, 0.5))
    assert 0 < ours["nsd"] < 1
    assert {metric: ours[metric] for metric in theirs} == pytest.approx(theirs, rel=1e-5)


def test_by_hand() -> None:
    truth, predicted = np.zeros((2, 9, 12), bool)
    truth[2:5, 2:5] = True  # 8 pixels around one
    predicted[2:5, 2:8] = True  # 14 around four
    # Of the truth's outline only (3, 4) is not in the other's: it is 1 from (2, 4). The prediction's pixels of the
    # columns 5, 6 and 7 are 1, 2 and 3 off in two rows, and (3, 7) is 3 from (3, 4).
    total = 1 + 2 * (1 + 2 + 3) + 3
    found = scores(truth, predicted, (2.0, 2.0))
    assert found["assd"] == pytest.approx(total / (8 + 14))
    # The 95th percentile of seven times 0 and a 1 is 0.65; that of 14 distances, of which three are 3, is 3.
    assert found["hd95"] == pytest.approx(3)
    assert found["hd95_mm"] == pytest.approx(6)
    assert found["assd_mm"] == pytest.approx(2 * total / 22)
    # The tolerance is 0.15 pixels: of the truth all but one, of the prediction rows up to column 4 and (3, 2).
    assert found["nsd"] == pytest.approx((7 + 7) / 22)
    # Borders of 1 pixel: 8 and 14 pixels; shared are all of the truth's but (3, 4).
    assert found["boundary_iou"] == pytest.approx(7 / (8 + 14 - 7))


def test_hd95_is_the_greater_of_two_directions_not_of_both_together() -> None:
    truth = np.zeros((5, 90), bool)
    truth[2, :80] = True
    predicted = truth.copy()
    predicted[2, :20] = False  # 20 of 80 pixels of the truth are far from it, and none of its own
    assert scores(truth, predicted)["hd95"] == pytest.approx(np.percentile([*[0] * 60, *range(1, 21)], 95))
    assert scores(predicted, truth)["hd95"] == scores(truth, predicted)["hd95"]


def test_what_nobody_labelled_belongs_to_no_mask() -> None:
    draw = np.random.default_rng(5)
    truth, predicted = (blob(draw, (50, 60)) for _ in range(2))
    ids = truth.astype(np.uint8)
    unknown = draw.random(ids.shape) < 0.1
    ids[unknown] = IGNORE_INDEX
    ratios = surface_ratios([surface_counts(ids, predicted.astype(np.uint8), [1])])
    found = {metric: float(ratio.by_image()[0]) for metric, ratio in ratios.items()}
    assert found == pytest.approx(scores(truth & ~unknown, predicted & ~unknown))


def test_classes_are_counted_each_by_itself() -> None:
    draw = np.random.default_rng(6)
    truth, predicted = (draw.integers(0, 3, (20, 30), np.uint8) for _ in range(2))
    together = surface_ratios([surface_counts(truth, predicted, [0, 1, 2, 3], (1.0, 2.0))])
    for one in range(3):
        alone = scores(truth == one, predicted == one, (1.0, 2.0))
        assert {metric: ratio.by_class()[0, one] for metric, ratio in together.items()} == pytest.approx(
            alone
        )
    assert all(np.isnan(ratio.by_class()[0, 3]) for ratio in together.values())


def test_pooled_distances_count_every_pixel_of_every_outline_alike() -> None:
    pairs = [pair for pair in at_random(6, seed=7) if pair[0].any() and pair[1].any()]
    pairs.append((np.ones((9, 9), bool), np.zeros((9, 9), bool)))  # without a distance, and without weight
    counts = [counted(*pair) for pair in pairs]
    pooled = surface_ratios(counts)["assd"].pooled()
    total = sum(float(one.distance[0]) for one in counts[:-1])
    assert pooled == pytest.approx(total / sum(float(one.outline[0]) for one in counts[:-1]))


def test_mm_are_scored_where_any_image_has_them() -> None:
    pairs = list(at_random(3, seed=8))
    spacings: list[Spacing | None] = [(0.5, 0.5), None, (0.1, 0.1)]
    counts = [counted(*pair, spacing) for pair, spacing in zip(pairs[:2] + pairs[:1], spacings, strict=True)]
    mm = surface_ratios(counts)["hd95_mm"].by_image()
    assert math.isnan(mm[1])
    assert mm[0] == pytest.approx(5 * mm[2])
    assert "hd95_mm" not in surface_ratios(counts[1:2])

"""A network that is too sure of itself, by a known amount, is put right; and no pixel is decided otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pixelwise.confidence import (
    Calibration,
    apply,
    fit_calibration,
    moved_probability,
    probabilities,
    raw_probs,
)
from pixelwise.confidence.calibration import Sampled


def two_classes(temperature: float, bias: float, images: int = 20, pixels: int = 4000) -> list[Sampled]:
    """Labels drawn by the true probabilities, whose logits times ``temperature``, less ``bias``, the network says."""
    generator = np.random.default_rng(7)
    found = []
    for _ in range(images):
        true = generator.normal(0, 2, pixels)
        truth = (generator.random(pixels) < 1 / (1 + np.exp(-true))).astype(np.uint8)
        found.append((((true - bias) * temperature).astype(np.float32)[None], truth))
    return found


@pytest.mark.parametrize(("temperature", "bias"), [(1.0, 0.0), (2.5, 0.0), (0.5, 0.7), (4.0, -1.0)])
def test_a_known_temperature_and_bias_come_back(temperature: float, bias: float) -> None:
    found = fit_calibration(two_classes(temperature, bias))
    true = torch.linspace(-6, 6, 200)
    said = apply((true - bias) * temperature, found)
    assert (said.sigmoid() - true.sigmoid()).abs().max() < 0.01


def test_sides_that_are_sure_by_different_amounts_come_back() -> None:
    """Drawn by the very model: above 0 the network says twice what it should, below 0 half."""
    generator = np.random.default_rng(3)
    known = Calibration(scale=0.5, scale_below=2.0, bias=0.2)
    logits = generator.normal(0, 3, 80_000).astype(np.float32)
    truth = (generator.random(80_000) < apply(torch.from_numpy(logits), known).sigmoid().numpy()).astype(
        np.uint8
    )
    found = fit_calibration([(logits[None], truth)])
    assert found.scale == pytest.approx(0.5, rel=0.06)
    assert found.scale_below == pytest.approx(2.0, rel=0.06)
    grid = torch.linspace(-9, 9, 200)
    assert (apply(grid, found).sigmoid() - apply(grid, known).sigmoid()).abs().max() < 0.01


def test_with_both_scales_alike_it_is_the_line() -> None:
    logits = torch.linspace(-30, 30, 501)[None]
    line, same = Calibration(scale=0.6, bias=0.3), Calibration(scale=0.6, scale_below=0.6, bias=0.3)
    torch.testing.assert_close(apply(logits, line), apply(logits, same))
    assert moved_probability(0.3, line) == pytest.approx(moved_probability(0.3, same))


def test_it_is_logistic_regression() -> None:
    samples = two_classes(3.0, 0.5, images=5)
    logits = np.concatenate([one[0] for one, _ in samples]).astype(np.float64)
    probs = 1 / (1 + np.exp(-logits))
    logs = np.stack([-np.log(1 - probs), np.log(probs)], axis=1)  # as Kull 2017 has it
    fitted = LogisticRegression(C=1e6).fit(logs, np.concatenate([truth for _, truth in samples]))
    found = fit_calibration(samples)
    assert found.scale == pytest.approx(fitted.coef_[0, 0], rel=0.02)  # which is pulled nowhere
    assert found.scale_below == pytest.approx(fitted.coef_[0, 1], rel=0.02)
    assert found.bias == pytest.approx(fitted.intercept_[0], abs=0.02)


def test_every_image_counts_the_same_however_many_pixels_it_gives() -> None:
    sure, unsure = two_classes(4.0, 0.0, images=1)[0], two_classes(1.0, 0.0, images=1)[0]
    tenfold = np.tile(sure[0], 10), np.tile(sure[1], 10)
    once, often = fit_calibration([sure, unsure]), fit_calibration([tenfold, unsure])
    assert often.scale == pytest.approx(once.scale, rel=1e-3)


def test_a_known_temperature_of_several_classes_comes_back() -> None:
    generator = np.random.default_rng(3)
    true = generator.normal(0, 2, (5, 60_000))
    probs = probabilities(true.astype(np.float32))
    truth = (generator.random(60_000) > probs.cumsum(axis=0)).sum(axis=0).clip(0, 4).astype(np.uint8)
    found = fit_calibration([((true * 3).astype(np.float32), truth)])
    assert found.scale == pytest.approx(1 / 3, rel=0.03)
    assert found.bias == 0


def test_pixels_told_apart_without_a_mistake_end_in_no_certainty() -> None:
    logits = np.array([[-1.0, -2.0, 1.0, 2.0]], np.float32)
    found = fit_calibration([(logits, np.array([0, 0, 1, 1], np.uint8))])
    assert 1 < found.scale < 20


def test_of_nothing_nothing_is_changed() -> None:
    empty = np.zeros((1, 0), np.float32), np.zeros(0, np.uint8)
    assert fit_calibration([empty]) == fit_calibration([]) == Calibration()
    logits = torch.randn(3, 4)
    assert apply(logits, Calibration()) is logits


@pytest.mark.parametrize("below", [None, 0.1, 1.3])
@pytest.mark.parametrize("threshold", [0.2, 0.41, 0.5, 0.8])
def test_the_threshold_moves_along_so_that_no_pixel_changes(threshold: float, below: float | None) -> None:
    known = Calibration(scale=0.4, bias=-0.7, scale_below=below)
    logits = torch.linspace(-9, 9, 2000)[None]
    before = logits.sigmoid() >= threshold
    after = apply(logits, known).sigmoid() >= moved_probability(threshold, known)
    assert torch.equal(before, after)
    assert moved_probability(0.5, Calibration(scale=0.4, bias=-0.7)) == pytest.approx(1 / (1 + math.exp(0.7)))


@pytest.mark.parametrize(("classes", "below"), [(2, None), (2, 0.1), (2, 1.3), (5, None)])
def test_probabilities_of_before_come_back_from_those_of_after(classes: int, below: float | None) -> None:
    known = Calibration(scale=0.5, bias=0.3 if classes == 2 else 0.0, scale_below=below)
    logits = torch.randn(1 if classes == 2 else classes, 6, 7, generator=torch.Generator().manual_seed(0)) * 3
    both = []
    for values in (logits, apply(logits, known)):
        flat = values.flatten(1).numpy()
        both.append(probabilities(flat).astype(np.float32).reshape(classes, 6, 7))
    np.testing.assert_allclose(raw_probs(both[1], known), both[0], atol=2e-5)

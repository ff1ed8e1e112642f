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
    assert found.scale == pytest.approx(1 / temperature, rel=0.03)
    assert found.bias == pytest.approx(bias, abs=0.03)


def test_it_is_logistic_regression() -> None:
    samples = two_classes(3.0, 0.5, images=5)
    logits = np.concatenate([one[0] for one, _ in samples])[:, None]
    fitted = LogisticRegression(C=1e6).fit(logits, np.concatenate([truth for _, truth in samples]))
    found = fit_calibration(samples)
    assert found.scale == pytest.approx(fitted.coef_[0, 0], rel=0.005)
    assert found.bias == pytest.approx(fitted.intercept_[0], abs=0.005)


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


@pytest.mark.parametrize("threshold", [0.2, 0.41, 0.5, 0.8])
def test_the_threshold_moves_along_so_that_no_pixel_changes(threshold: float) -> None:
    known = Calibration(scale=0.4, bias=-0.7)
    logits = torch.linspace(-9, 9, 2000)[None]
    before = logits.sigmoid() >= threshold
    after = apply(logits, known).sigmoid() >= moved_probability(threshold, known)
    assert torch.equal(before, after)
    assert moved_probability(0.5, known) == pytest.approx(1 / (1 + math.exp(0.7)))


@pytest.mark.parametrize("classes", [2, 5])
def test_probabilities_of_before_come_back_from_those_of_after(classes: int) -> None:
    known = Calibration(scale=0.5, bias=0.3 if classes == 2 else 0.0)
    logits = torch.randn(1 if classes == 2 else classes, 6, 7, generator=torch.Generator().manual_seed(0)) * 3
    both = []
    for values in (logits, apply(logits, known)):
        flat = values.flatten(1).numpy()
        both.append(probabilities(flat).astype(np.float32).reshape(classes, 6, 7))
    np.testing.assert_allclose(raw_probs(both[1], known), both[0], atol=2e-5)

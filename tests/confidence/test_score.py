"""The predicted score: what follows from probabilities, and what is learned besides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pixelwise.confidence import (
    Traits,
    entropy_of_views,
    fit_score,
    left_out,
    predicted_score,
    traits_of,
)


def test_traits_by_hand() -> None:
    mean = torch.tensor([[[0.9, 0.8, 0.3, 0.0]]])
    views = mean, torch.tensor([[[0.5, 0.8, 0.7, 0.0]]])
    traits = traits_of(mean, views, mean >= 0.5)
    assert traits.stability == pytest.approx(2 * 2 / (2 + 3))
    assert traits.agreement == pytest.approx(2 * (0.5 + 0.8 + 0.3) / (2.0 + 2.0))


def test_of_several_classes_those_found_count_the_same() -> None:
    first = torch.tensor([[0.9, 0.9, 0.9, 0.0]])
    second = torch.tensor([[0.0, 0.0, 0.0, 0.5]])
    mean = torch.stack([first, second, torch.full((1, 4), 0.05)])
    traits = traits_of(mean, (mean, mean), mean >= 0.5)
    assert traits.stability == pytest.approx((1 + 0) / 2)
    assert traits.agreement == pytest.approx(1)


def test_nothing_found_has_no_score() -> None:
    faint = torch.full((1, 3, 3), 0.1)
    traits = traits_of(faint, (faint, faint), torch.zeros(1, 3, 3, dtype=torch.bool))
    assert math.isnan(traits.stability)
    model = fit_score(*made(10))
    assert model is not None
    assert math.isnan(predicted_score(model, traits))


def made(count: int, seed: int = 0) -> tuple[list[Traits], list[float]]:
    """Images that lack one and a half times of what their stability does, and whose agreement tells nothing."""
    generator = np.random.default_rng(seed)
    stability = generator.uniform(0.6, 0.98, count)
    true = 1 - 1.5 * (1 - stability) * np.exp(generator.normal(0, 0.1, count))
    traits = [Traits(float(one), 0.9 + 0.05 * float(generator.random())) for one in stability]
    return traits, [float(one) for one in true]


def test_what_is_too_high_is_put_right() -> None:
    model = fit_score(*made(60))
    assert model is not None
    traits, true = made(200, seed=1)
    predicted = np.array([predicted_score(model, one) for one in traits])
    middle = np.array([(one.stability + one.agreement) / 2 for one in traits])
    assert np.abs(predicted - true).mean() < 0.05 < np.abs(middle - true).mean()


def test_the_image_left_out_was_not_seen() -> None:
    """A score that nothing foretells is fitted by all images, but not by those without it."""
    traits, true = made(12)
    changed = [*true[:-1], 0.05]
    model = fit_score(traits, changed)
    assert model is not None
    predicted, truth = left_out(model)
    assert truth[-1] == pytest.approx(0.05)
    others = fit_score(traits[:-1], true[:-1])
    assert others is not None
    assert predicted[-1] == pytest.approx(predicted_score(others, traits[-1]), abs=1e-9)


def test_of_few_or_undefined_images_nothing_is_fitted() -> None:
    traits, true = made(6)
    assert fit_score(traits[:4], true[:4]) is None
    assert fit_score(traits, [*true[:4], math.nan, math.nan]) is None


def test_uncertainty_is_entropy_and_contradiction() -> None:
    def of(*views: float) -> float:
        return float(entropy_of_views(torch.tensor(views)[:, None, None, None]))

    assert of(0.5, 0.5) == pytest.approx(1)
    assert of(1.0, 1.0) == of(0.0, 0.0) == 0
    assert of(1.0, 0.0) == pytest.approx(1)  # each is sure, and they contradict
    assert of(0.9, 0.9) == pytest.approx(-(0.9 * math.log2(0.9) + 0.1 * math.log2(0.1)))
    same = torch.full((2, 4, 1, 1), 0.25)
    assert float(entropy_of_views(same)) == pytest.approx(1)

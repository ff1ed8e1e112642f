"""Figures of confidence over images, with their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelwise.confidence import (
    BINS,
    Calibration,
    Confidence,
    Traits,
    auroc,
    calibration_error,
    fit_score,
    left_out,
    predicted_score,
    rank_correlation,
    reliability_of,
)
from pixelwise.evaluation.confidence import (
    Believed,
    band_error,
    confidence_scores,
    review_order,
    selection,
    share_of,
    with_left_out,
)
from pixelwise.evaluation.intervals import resamples
from pixelwise.report.confidence import confidence_lines

Values = NDArray[np.float64]
MIDDLES = (np.arange(BINS) + 0.5) / BINS


def drawn(generator: np.random.Generator, images: int, off: float) -> Values:
    """Sums (N, 3, BINS) of images that differ among themselves, and say ``off`` more than is so on average."""
    count = generator.integers(100, 300, (images, BINS)).astype(float)
    moved = MIDDLES - off + generator.normal(0, 0.1, (images, 1))
    return np.stack([count, count * MIDDLES, count * np.clip(moved, 0, 1)], axis=1)


def test_the_interval_of_the_calibration_error_holds_the_truth() -> None:
    held, seen = 0, 200
    draws = resamples(40)
    for seed in range(seen):
        generator = np.random.default_rng(seed)
        if seed == 0:
            truth = float(calibration_error(drawn(np.random.default_rng(999), 100_000, 0.08).sum(axis=0)))
        found = band_error(drawn(generator, 40, 0.08), draws)
        held += found.ci95[0] <= truth <= found.ci95[1]
    assert 0.9 <= held / seen <= 0.99


def test_one_image_has_no_interval() -> None:
    bins = drawn(np.random.default_rng(0), 1, 0.1)
    found = band_error(bins, resamples(1))
    assert found.value == pytest.approx(float(calibration_error(bins[0])))
    assert math.isnan(found.ci95[0])


def test_what_a_human_should_look_at_first() -> None:
    nan = math.nan
    predicted = np.array([0.9, 0.7, nan, 0.95, 0.99])
    unlikeness = np.array([0.5, 0.5, 0.5, 1.1, 3.0])
    assert review_order(predicted, unlikeness, np.zeros(5)).tolist() == [3, 4, 2, 1, 0]
    silent = np.full(3, nan)
    assert review_order(silent, silent, np.array([0.1, 0.3, 0.2])).tolist() == [1, 2, 0]
    people = np.array([0.9, nan, 0.4, 0.6, nan])
    none = np.full(5, nan)
    assert review_order(none, unlikeness, none, people).tolist() == [4, 3, 1, 2, 0]
    # Where all is known that comes before, the score of what was found decides nothing.
    assert review_order(predicted, unlikeness, np.zeros(5), people).tolist() == [3, 4, 2, 1, 0]


def test_what_nothing_is_told_of_comes_before_what_nothing_was_found_in() -> None:
    """Neither has a predicted score; of the first nobody knows whether it is unlike the training images, either."""
    nan = math.nan
    predicted, unlikeness = np.array([0.9, nan, nan, 0.7, 0.99]), np.array([0.5, 0.5, nan, 0.5, 1.1])
    uncertainty = np.array([0.1, 0.1, nan, 0.1, 0.1])
    untold = np.array([False, False, True, False, False])
    assert review_order(predicted, unlikeness, uncertainty, untold=untold).tolist() == [4, 2, 1, 3, 0]
    # Where a model predicts no score, all else goes by uncertainty, which that image lacks, too.
    silent = np.full(5, nan)
    assert review_order(silent, silent, uncertainty, untold=untold).tolist()[0] == 2


def test_dropping_the_worst_fifth_by_hand() -> None:
    scores = np.array([0.9, 0.5, 0.9, 0.9, 0.9, math.nan, 0.9, 0.9, 0.9, 0.9, 0.4])
    found = selection(scores, np.argsort(scores), np.arange(11))
    assert found is not None
    assert found.n_kept == 8
    assert found.kept.value == pytest.approx(0.9)
    assert found.gain.value == pytest.approx(0.9 - (0.9 * 8 + 0.9) / 10)
    assert found.gain.ci95[0] <= found.gain.value <= found.gain.ci95[1]
    assert selection(scores[:4], np.arange(4), np.arange(4)) is None


def test_an_order_that_knows_nothing_gains_nothing() -> None:
    generator = np.random.default_rng(0)
    scores = generator.random(400)
    found = selection(scores, generator.permutation(400), np.arange(400))
    assert found is not None
    assert found.gain.ci95[0] < 0 < found.gain.ci95[1]


def flagged(draw: np.random.Generator, count: int) -> tuple[Values, Values]:
    """Scores with a tail, and what a model foretells of them with an error of its own."""
    scores = 1 - np.minimum(np.exp(draw.normal(np.log(0.06), 0.8, count)), 1)
    return scores, scores + draw.normal(0, 0.06, count)


def test_the_mean_without_those_flagged_is_held_and_the_gain_less_often() -> None:
    scores, foretold = flagged(np.random.default_rng(999), 1_000_000)
    kept = scores[np.argsort(foretold)][200_000:].mean()
    held = np.zeros(2)
    for seed in range(200):
        scores_seen, foretold_seen = flagged(np.random.default_rng(seed), 30)
        found = selection(scores_seen, np.argsort(foretold_seen), np.arange(30))
        assert found is not None
        truths = ((found.kept, kept), (found.gain, kept - scores.mean()))
        held += [one.ci95[0] <= truth <= one.ci95[1] for one, truth in truths]
    assert held[0] / 200 >= 0.9
    assert 0.75 <= held[1] / 200 <= 0.9, "as docs/metrics.md says"


@pytest.mark.parametrize("count", [10, 40, 233])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_wilson_s_interval_holds_a_share_as_often_as_it_says(share: float, count: int) -> None:
    intervals = [share_of(seen, count).ci95 for seen in range(count + 1)]
    chance = [
        math.comb(count, seen) * share**seen * (1 - share) ** (count - seen) for seen in range(count + 1)
    ]
    held = sum(one for one, (low, high) in zip(chance, intervals, strict=True) if low <= share <= high)
    assert held >= 0.91


def test_a_share_with_wilson_s_interval() -> None:
    found = share_of(0, 40)
    assert found.value == found.ci95[0] == 0
    assert found.ci95[1] == pytest.approx(0.0876, abs=1e-3)


def fitted(seed: int) -> tuple[Confidence, list[Believed]]:
    """What a model says of twelve images that its confidence was fitted on, by traits that tell nothing of scores."""
    draw = np.random.default_rng(seed)
    traits = [Traits(*map(float, pair)) for pair in draw.uniform(0.6, 0.99, (12, 2))]
    scores = draw.uniform(0.6, 0.99, 12)
    score = fit_score(traits, list(scores))
    assert score is not None
    model = Confidence(fitted_on=12, calibration={"mask": Calibration()}, score={"mask": score})
    probs = np.stack([np.full((1, 2), 0.25, np.float32), np.full((1, 2), 0.75, np.float32)])
    counts = reliability_of(probs, np.array([[0, 1]], np.uint8))
    return model, [
        Believed(
            band=(counts, counts),
            everywhere=(counts, counts),
            uncertainty=0.5,
            score=float(true),
            predicted=predicted_score(score, seen),
            unlikeness=0.5,
            confidence=model,
            task="mask",
        )
        for true, seen in zip(scores, traits, strict=True)
    ]


def test_images_that_were_fitted_on_are_judged_each_without_itself() -> None:
    model, rows = fitted(0)
    apart, true = left_out(model.score["mask"])
    alone = np.arange(len(rows))
    elsewhere, here = confidence_scores(rows, alone), confidence_scores(rows, alone, in_sample=True)
    assert not elsewhere.in_sample
    assert here.in_sample
    assert elsewhere.predicted is not None
    assert here.predicted is not None
    # Of traits that tell nothing a fit makes something on its own images, and less than that on others.
    assert elsewhere.predicted.rank_correlation.value > 0.2 > here.predicted.rank_correlation.value
    assert here.predicted.rank_correlation.value == rank_correlation(apart, true).value
    assert here.predicted.auroc.ci95 == auroc(-apart, true < 0.8).ci95
    assert here.predicted.absolute_error.value == pytest.approx(np.abs(apart - true).mean())
    assert here.predicted.absolute_error.value > elsewhere.predicted.absolute_error.value
    assert (here.predicted.n_images, here.predicted.n_low) == (12, int((true < 0.8).sum()))
    assert "each image left out" in confidence_lines(here, "Dice")[1]
    assert "each image left out" not in confidence_lines(elsewhere, "Dice")[1]


def test_of_several_models_the_fit_for_all_as_one_is_told_too() -> None:
    (model, rows), (_other, others) = fitted(0), fitted(1)
    found = confidence_scores([*rows, *others], np.arange(len(rows) + len(others)), in_sample=True)
    assert found.fitted == "each_fold"
    assert not found.in_sample, "no model judges its own images"
    assert found.predicted is not None
    assert found.predicted.left_out is None
    said = with_left_out(found, model.score["mask"])
    assert said.predicted is not None
    assert said.predicted.left_out is not None
    assert said.predicted.left_out.value == rank_correlation(*left_out(model.score["mask"])).value
    assert "of the fit for all models as one" in confidence_lines(said, "Dice")[1]

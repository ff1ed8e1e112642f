"""How far a model's own word can be believed, counted on labelled images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.confidence import (
    BAND_PIXELS,
    BINS,
    Confidence,
    Estimated,
    Reliability,
    ScoreModel,
    Unlike,
    auroc,
    calibration_error,
    contour_band,
    left_out,
    rank_correlation,
    raw_probs,
    reliability_of,
)
from pixelwise.evaluation.believed import (
    CalibrationScores,
    ConfidenceScores,
    ImageConfidence,
    PredictedScores,
    ReliabilityBin,
    Selection,
    UnlikeScores,
)
from pixelwise.evaluation.intervals import UNKNOWN, Values, interval, percentiles, resamples, wilson
from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.units import Units, by_unit, count_of, ratio_by_unit, renumbered
from pixelwise.metrics import Ratio
from pixelwise.prediction import Prediction
from pixelwise.types import Label, Probs

LOW_SCORE = 0.8
DROPPED = 0.2
FEWEST_TO_DROP = 5


@dataclass(frozen=True)
class Believed:
    """What is counted of one image, before and after calibration: near the contour, and everywhere.

    Attributes:
        score: the true headline score; NaN where there is none.
        predicted, unlikeness: what the model said; NaN where it said nothing.
        confidence: what the model that said it holds, of ``task``.
    """

    band: tuple[Reliability, Reliability]
    everywhere: tuple[Reliability, Reliability]
    uncertainty: float
    score: float
    predicted: float
    unlikeness: float
    confidence: Confidence
    task: str

    def to_row(self) -> ImageConfidence:
        """For ``metrics.json``."""
        bins = self.band[1].bins
        return ImageConfidence(
            uncertainty=self.uncertainty,
            predicted=self.predicted,
            unlikeness=self.unlikeness,
            band=tuple(tuple(round(float(value), 3) for value in row) for row in bins),
        )


def believed_of(
    prediction: Prediction, probs: Probs, label: Label, score: float, confidence: Confidence, task: str
) -> Believed:
    """Of one image.

    Args:
        probs: (C, H, W) calibrated.
        score: its true headline score.
    """
    truth = label.class_map
    band = contour_band(truth)
    calibration = confidence.calibration.get(task)
    both = probs if calibration is None else raw_probs(probs, calibration), probs
    assert prediction.uncertainty is not None
    predicted, unlikeness = prediction.predicted_dice, prediction.unlikeness
    near = tuple(reliability_of(one, truth, band) for one in both)
    everywhere = tuple(reliability_of(one, truth) for one in both)
    return Believed(
        (near[0], near[1]),
        (everywhere[0], everywhere[1]),
        uncertainty=float(prediction.uncertainty.mean()),
        score=score,
        predicted=math.nan if predicted is None else predicted,
        unlikeness=math.nan if unlikeness is None else unlikeness,
        confidence=confidence,
        task=task,
    )


def confidence_scores(rows: Sequence[Believed], units: Units, *, in_sample: bool = False) -> ConfidenceScores:
    """Over images, one at least, with intervals; of images that several models were asked for, each one of its own.

    Args:
        units: (N,) of the images.
        in_sample: whether these are the images that the confidence was fitted on: then predicted scores that are
            held against true ones are those of fits to all images but the one.
    """
    task = rows[0].task
    asked = list({id(row.confidence): row.confidence for row in rows}.values())
    known = [one.calibration[task] for one in asked if task in one.calibration]
    below = [one.scale_below for one in known if one.scale_below is not None]
    before, after = (
        _calibration_scores([row.band[at] for row in rows], [row.everywhere[at] for row in rows], units)
        for at in (0, 1)
    )
    in_sample = in_sample and len(asked) == 1 and bool(known)
    models = [one.score[task] for one in asked if task in one.score]
    limits = [one.unlike for one in asked if one.unlike is not None]
    return ConfidenceScores(
        task=task,
        fitted="each_fold" if len(asked) > 1 else "validation" if known else "out_of_fold",
        fitted_on=round(_mean([one.fitted_on for one in asked])),
        in_sample=in_sample,
        scale=_mean([one.scale for one in known]) if known else None,
        scale_below=_mean(below) if below else None,
        bias=_mean([one.bias for one in known]) if known else None,
        band_pixels=BAND_PIXELS,
        before=before if known else None,
        after=after,
        predicted=_predicted_scores(rows, units, models, in_sample=in_sample) if models else None,
        unlike=_unlike_scores(rows, limits) if limits else None,
    )


def with_left_out(scores: ConfidenceScores, model: ScoreModel) -> ConfidenceScores:
    """Of the models of folds: with the rank correlation of the fit for all of them as one."""
    if scores.predicted is None:
        return scores
    update = {"left_out": _estimate(rank_correlation(*left_out(model)))}
    return scores.model_copy(update={"predicted": scores.predicted.model_copy(update=update)})


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def review_order(
    predicted: Values,
    unlikeness: Values,
    uncertainty: Values,
    lowest: Values | None = None,
    *,
    untold: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Indices (N,), what a human should look at first.

    Images that are unlike those of training come before the others; of these, those first of which nothing is told.
    Then those where nothing was found; then by the predicted score, the lowest first, and where a model predicts none
    by the mean uncertainty, the highest first; where there is none either, by the lowest score of what was found.

    Args:
        predicted, unlikeness, uncertainty, lowest: (N,), NaN where there is no such number.
        untold: (N,), the images that were too large to say anything of.
    """
    last = () if lowest is None else (np.nan_to_num(lowest, nan=-1.0),)
    told = np.ones(len(predicted), bool) if untold is None else ~untold
    return np.lexsort((*last, -uncertainty, np.nan_to_num(predicted, nan=-1.0), told, ~(unlikeness > 1)))


def selection(scores: Values, order: NDArray[np.intp], units: Units) -> Selection | None:
    """Of the mean (N,) of all images, and of those that are not among the first fifth in ``order``.

    Images without a score are left out; None of fewer than 5.
    """
    known = order[~np.isnan(scores[order])]
    if len(known) < FEWEST_TO_DROP:
        return None
    ranked, units = scores[known], renumbered(units[known])
    weights = resamples(count_of(units))[:, units]
    kept = _kept_mean(ranked, weights)
    gains = kept - weights @ ranked / weights.sum(axis=1)
    value = float(_kept_mean(ranked, np.ones((1, len(ranked))))[0])
    several = count_of(units) > 1
    return Selection(
        dropped=DROPPED,
        n_kept=len(ranked) - round(DROPPED * len(ranked)),
        kept=Estimate(value=value, ci95=percentiles(kept) if several else UNKNOWN),
        gain=Estimate(value=value - float(ranked.mean()), ci95=percentiles(gains) if several else UNKNOWN),
    )


def _kept_mean(ranked: Values, weights: Values) -> Values:
    """Means (R,) of what is left of resamples once the first fifth of each is put aside."""
    # Of an image drawn several times at the border some draws are dropped and some kept.
    through = np.cumsum(weights, axis=1)
    dropped = np.round(DROPPED * through[:, -1:])
    kept = np.clip(through - dropped, 0, weights)
    means: Values = kept @ ranked / kept.sum(axis=1)
    return means


def _calibration_scores(
    band: Sequence[Reliability], everywhere: Sequence[Reliability], units: Units
) -> CalibrationScores:
    draws = resamples(count_of(units))
    bins = by_unit(np.stack([one.bins for one in band]).astype(np.float64), units)
    pooled = bins.sum(axis=0)
    described = []
    for at in np.flatnonzero(pooled[0]):
        counts = Ratio(bins[:, 2, [at]], bins[:, 0, [at]])
        share = Estimate(value=counts.pooled(), ci95=interval(counts, draws))
        described.append(
            ReliabilityBin(
                low=at / BINS,
                high=(at + 1) / BINS,
                pixels=int(pooled[0, at]),
                probability=float(pooled[1, at] / pooled[0, at]),
                share=share,
            )
        )
    return CalibrationScores(
        band_error=band_error(bins, draws),
        band_brier=_brier(band, units, draws),
        brier=_brier(everywhere, units, draws),
        bins=tuple(described),
    )


def band_error(bins: Values, draws: Values) -> Estimate:
    """Expected calibration error of sums (N, 3, BINS) by unit, with its bootstrap interval.

    Resamples have errors of their own on top of the images', being absolute values: their percentiles are moved down
    by as much as their mean is too high.

    Args:
        draws: (R, N) as of :func:`~pixelwise.evaluation.intervals.resamples`.
    """
    value = float(calibration_error(bins.sum(axis=0)))
    if math.isnan(value) or int((bins[:, 0].sum(axis=1) > 0).sum()) < 2:
        return Estimate(value=value, ci95=UNKNOWN)
    found = calibration_error((draws @ bins.reshape(len(bins), -1)).reshape(-1, *bins.shape[1:]))
    found = found[~np.isnan(found)]
    low, high = np.percentile(found, [2.5, 97.5]) - (found.mean() - value)
    return Estimate(value=value, ci95=(max(0.0, float(low)), min(1.0, float(high))))


def _brier(rows: Sequence[Reliability], units: Units, draws: Values) -> Estimate:
    sums = by_unit(np.stack([one.brier for one in rows]).astype(np.float64), units)
    ratio = Ratio(sums[:, :1], sums[:, 1:])
    return Estimate(value=ratio.pooled(), ci95=interval(ratio, draws, highest=2.0))


def _predicted_scores(
    rows: Sequence[Believed], units: Units, models: Sequence[ScoreModel], *, in_sample: bool
) -> PredictedScores:
    predicted, scores, unlikeness, uncertainty = (
        np.array([getattr(row, name) for row in rows])
        for name in ("predicted", "score", "unlikeness", "uncertainty")
    )
    both = ~np.isnan(predicted) & ~np.isnan(scores)
    said, true, whose = predicted[both], scores[both], renumbered(units[both])
    if in_sample and models[0].left_out:
        said, true = left_out(models[0])
        whose = np.arange(len(true))
    errors = np.abs(said - true)[:, None]
    means = Ratio(errors, np.ones_like(errors))
    within = interval(ratio_by_unit(means, whose), resamples(count_of(whose))) if len(true) else UNKNOWN
    return PredictedScores(
        n_images=len(true),
        rank_correlation=_estimate(rank_correlation(said, true)),
        low_score=LOW_SCORE,
        n_low=int((true < LOW_SCORE).sum()),
        auroc=_estimate(auroc(-said, true < LOW_SCORE)),
        absolute_error=Estimate(value=means.pooled() if len(true) else math.nan, ci95=within),
        selection=selection(scores, review_order(predicted, unlikeness, uncertainty), units),
        left_out=_estimate(rank_correlation(*left_out(models[0]))) if len(models) == 1 else None,
    )


def _unlike_scores(rows: Sequence[Believed], limits: Sequence[Unlike]) -> UnlikeScores:
    flagged = sum(row.unlikeness > 1 for row in rows)
    return UnlikeScores(
        false_alarms=_mean([one.false_alarms for one in limits]),
        n_flagged=flagged,
        share=share_of(flagged, len(rows)),
    )


def share_of(count: int, total: int) -> Estimate:
    """A share with Wilson's (1927) interval."""
    share = count / total
    return Estimate(value=share, ci95=wilson(share, total))


def _estimate(found: Estimated) -> Estimate:
    return Estimate(value=found.value, ci95=found.ci95)

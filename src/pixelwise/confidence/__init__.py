"""How far a model's probabilities can be believed: functions of arrays, and what a model file keeps of them."""

from pixelwise.confidence.band import BAND_PIXELS, contour_band
from pixelwise.confidence.calibration import (
    apply,
    fit_calibration,
    moved_probability,
    probabilities,
    raw_probs,
)
from pixelwise.confidence.ranking import Estimated, auroc, rank_correlation
from pixelwise.confidence.reliability import BINS, Reliability, calibration_error, reliability_of
from pixelwise.confidence.score import (
    TRAITS,
    Traits,
    fit_score,
    left_out,
    predicted_score,
    trait_sums,
    traits_from,
    traits_of,
)
from pixelwise.confidence.stored import Calibration, Confidence, ScoreModel, Unlike
from pixelwise.confidence.uncertainty import entropy_of_views
from pixelwise.confidence.unlikeness import Usual, fit_unlike

__all__ = [
    "BAND_PIXELS",
    "BINS",
    "TRAITS",
    "Calibration",
    "Confidence",
    "Estimated",
    "Reliability",
    "ScoreModel",
    "Traits",
    "Unlike",
    "Usual",
    "apply",
    "auroc",
    "calibration_error",
    "contour_band",
    "entropy_of_views",
    "fit_calibration",
    "fit_score",
    "fit_unlike",
    "left_out",
    "moved_probability",
    "predicted_score",
    "probabilities",
    "rank_correlation",
    "raw_probs",
    "reliability_of",
    "trait_sums",
    "traits_from",
    "traits_of",
]

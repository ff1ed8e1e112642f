"""The part of ``metrics.json`` that tells how far a model's own word can be believed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pixelwise.evaluation.numbers import Estimate, Number, Strict


class ReliabilityBin(Strict):
    """The pixels of the band whose probability lies in one range."""

    low: float
    high: float
    pixels: int
    probability: Number = Field(description="Their mean probability.")
    share: Estimate = Field(description="The share of them that is what the probability is of.")


class CalibrationScores(Strict):
    """How right probabilities are."""

    band_error: Estimate = Field(description="Expected calibration error of the pixels near the contour.")
    band_brier: Estimate = Field(description="Brier score of the same pixels.")
    brier: Estimate = Field(description="Brier score of all labelled pixels.")
    bins: tuple[ReliabilityBin, ...] = Field(
        description="Of the pixels near the contour; empty ones left out."
    )


class Selection(Strict):
    """What becomes of the mean score if the images flagged first are put aside."""

    dropped: float = Field(description="Share of the images that is put aside.")
    n_kept: int
    kept: Estimate = Field(description="Mean score of the others.")
    gain: Estimate = Field(description="How much that is above the mean of all.")


class PredictedScores(Strict):
    """How well the model foretells its score of an image."""

    n_images: int = Field(description="Images that have both a predicted and a true score.")
    rank_correlation: Estimate = Field(description="Spearman's, of predicted and true score.")
    low_score: float = Field(description="Below this a prediction counts as bad.")
    n_low: int = Field(description="Images that are.")
    auroc: Estimate = Field(description="How well the predicted score tells these from the others.")
    absolute_error: Estimate = Field(description="Mean absolute difference of predicted and true score.")
    selection: Selection | None
    left_out: Estimate | None = Field(
        description="Rank correlation on the images fitted on, each predicted by a fit to the others; with "
        "`each_fold` of the fit for all models as one; null where there is none."
    )


class UnlikeScores(Strict):
    """Images that are unlike those of training."""

    false_alarms: float = Field(
        description="Share of images like those of training that is flagged, at most."
    )
    n_flagged: int
    share: Estimate = Field(description="Share of the images that is flagged.")


class ConfidenceScores(Strict):
    """All of it, for the first task that gives every pixel a class."""

    task: str
    fitted: Literal["validation", "each_fold", "out_of_fold"] = Field(
        default="validation",
        description="On what: the model's validation images; each fold's model on its own; or, of several models as "
        "one, on images that each was predicted by the model that never saw it.",
    )
    fitted_on: int = Field(description="Images that everything was fitted on; of several models the mean.")
    in_sample: bool = Field(
        default=False,
        description="Whether these are the images of this file: calibration then looks too good, and predicted scores "
        "that are held against true ones are those of fits to all images but the one.",
    )
    scale: float | None = Field(
        description="What logits are multiplied by, one over the temperature; of each fold's model the mean; null of "
        "several models as one, whose probabilities are calibrated each on its own."
    )
    scale_below: float | None = Field(
        default=None,
        description="What logits far below 0 are multiplied by instead, of two classes; likewise.",
    )
    bias: float | None = Field(description="What is added then; likewise.")
    band_pixels: int = Field(description="How far from the contour the band reaches.")
    before: CalibrationScores | None = Field(
        description="Of what the network says itself; null of several models as one."
    )
    after: CalibrationScores = Field(description="Of calibrated probabilities, which predictions hold.")
    predicted: PredictedScores | None = Field(description="Null where there was too little to fit it on.")
    unlike: UnlikeScores | None


class ImageConfidence(Strict):
    """What the model said of one prediction."""

    uncertainty: Number = Field(description="Mean over the image, 0–1.")
    predicted: Number | None = Field(description="Predicted score; null where nothing was found or fitted.")
    unlikeness: Number | None = Field(description="Distance from the training images, in parts of the limit.")
    band: tuple[tuple[float, ...], ...] = Field(
        description="Of the calibrated pixels near the contour by bin: their number, the sum of their probabilities, "
        "and how many are what these are of."
    )

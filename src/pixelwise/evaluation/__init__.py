"""Scores of a Predictor on labelled images, with intervals; the schema of ``metrics.json``."""

from pixelwise.evaluation.schema import (
    BaselineScores,
    ClassScores,
    Group,
    ImageRow,
    Metrics,
    Score,
    read_metrics,
)
from pixelwise.evaluation.scoring import Scored, evaluate, labelled_like, score_images, scores_of

__all__ = [
    "BaselineScores",
    "ClassScores",
    "Group",
    "ImageRow",
    "Metrics",
    "Score",
    "Scored",
    "evaluate",
    "labelled_like",
    "read_metrics",
    "score_images",
    "scores_of",
]

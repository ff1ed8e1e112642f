"""Scores of a Predictor on labelled images, with intervals; the schema of ``metrics.json``."""

from pixelwise.evaluation.schema import ClassScores, Group, ImageRow, Metrics, Score, read_metrics
from pixelwise.evaluation.scoring import Scored, check_labels, evaluate, score_images

__all__ = [
    "ClassScores",
    "Group",
    "ImageRow",
    "Metrics",
    "Score",
    "Scored",
    "check_labels",
    "evaluate",
    "read_metrics",
    "score_images",
]

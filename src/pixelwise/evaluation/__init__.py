"""Scores of a Predictor on labelled images, with intervals; the schema of ``metrics.json``."""

from pixelwise.evaluation.compared import Comparison, Contestant, Pair, Side, compare_sides
from pixelwise.evaluation.confidence import LOW_SCORE, review_order
from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.schema import (
    OUT_OF_FOLD,
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
    "LOW_SCORE",
    "OUT_OF_FOLD",
    "BaselineScores",
    "ClassScores",
    "Comparison",
    "Contestant",
    "Estimate",
    "Group",
    "ImageRow",
    "Metrics",
    "Pair",
    "Score",
    "Scored",
    "Side",
    "compare_sides",
    "evaluate",
    "labelled_like",
    "read_metrics",
    "review_order",
    "score_images",
    "scores_of",
]

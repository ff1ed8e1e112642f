"""Which predictions a human should look at first."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelwise import files
from pixelwise.errors import OutputError
from pixelwise.evaluation import LOW_SCORE, review_order
from pixelwise.prediction import Prediction, Segmenter

REVIEW = "review.csv"
COLUMNS = ("results", "image", "reason", "predicted_dice", "unlikeness", "uncertainty")
LOWEST = "lowest_score"
"""A column more, in lists that hold pictures of people."""
TOO_LARGE = "too large to be judged"
"""Why a human should look at an image that was predicted in windows, of which the model says nothing."""


@dataclass(frozen=True)
class Review:
    """One prediction.

    Attributes:
        results: path of its JSON below the folder of results, with forward slashes.
        image: path of the image as it was given.
        predicted: the Dice to be expected; NaN where nothing was found, or the model does not tell.
        unlikeness: distance from the training images in parts of the limit; NaN where the model does not tell.
        uncertainty: mean over the image, 0–1; NaN where the model tells none.
        reason: why a human should look at it; empty where nothing speaks for that.
        lowest: score of what was found, of models that tell no uncertainty; NaN where nothing was found.
    """

    results: str
    image: str
    predicted: float
    unlikeness: float
    uncertainty: float
    reason: str
    lowest: float = math.nan

    def cells(self) -> list[str]:
        """A line of ``review.csv``, ``LOWEST`` included; what does not exist is left empty."""
        numbers = (self.predicted, self.unlikeness, self.uncertainty, self.lowest)
        shown = ["" if math.isnan(number) else f"{number:.4f}" for number in numbers]
        return [self.results, self.image, self.reason, *shown]


def review_of(segmenter: Segmenter, prediction: Prediction, results: str, image: str) -> Review:
    """What a prediction by ``segmenter`` says of itself."""
    uncertainty, lowest = prediction.uncertainty, _lowest(segmenter, prediction)
    return Review(
        results,
        image,
        predicted=math.nan if prediction.predicted_dice is None else prediction.predicted_dice,
        unlikeness=math.nan if prediction.unlikeness is None else prediction.unlikeness,
        uncertainty=math.nan if uncertainty is None else float(uncertainty.mean()),
        reason=_reason(segmenter, prediction, lowest),
        lowest=math.nan if lowest is None else lowest,
    )


def ordered(reviews: Sequence[Review]) -> list[Review]:
    """What a human should look at first, first."""
    columns = (
        np.array([getattr(one, name) for one in reviews], np.float64)
        for name in ("predicted", "unlikeness", "uncertainty", "lowest")
    )
    untold = np.array([one.reason == TOO_LARGE for one in reviews], bool)
    return [reviews[at] for at in review_order(*columns, untold=untold)]


def read_reviews(folder: Path) -> dict[str, Review]:
    """Those of earlier predictions into the same folder, by their results.

    Raises:
        OutputError: there is a file of that name which is somebody else's.
    """
    path = folder / REVIEW
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            if tuple(rows.fieldnames or ()) not in (COLUMNS, (*COLUMNS, LOWEST)):
                raise ValueError("other columns")
            return {row["results"]: _read(row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise OutputError(
            f"{path} is no list of predictions and would be replaced; choose another --out."
        ) from error


def write_reviews(folder: Path, reviews: Sequence[Review]) -> None:
    """Write ``review.csv``, in order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = COLUMNS if all(math.isnan(one.lowest) for one in reviews) else (*COLUMNS, LOWEST)
    writer.writerow(columns)
    writer.writerows(one.cells()[: len(columns)] for one in ordered(reviews))
    files.write_text(folder / REVIEW, text.getvalue())


def _read(row: Mapping[str, str]) -> Review:
    shown = [row[name] for name in COLUMNS[3:]] + [row.get(LOWEST, "")]
    predicted, unlikeness, uncertainty, lowest = (float(one) if one else math.nan for one in shown)
    return Review(row["results"], row["image"], predicted, unlikeness, uncertainty, row["reason"], lowest)


def _lowest(segmenter: Segmenter, prediction: Prediction) -> float | None:
    """Of models that tell no uncertainty, the lowest score of what was found; NaN where nothing was."""
    if segmenter.tells_uncertainty:
        return None
    found = [task.lowest_score(prediction[name]) for name, task in segmenter.tasks.items()]
    return next((one for one in found if one is not None), None)


def _reason(segmenter: Segmenter, prediction: Prediction, lowest: float | None) -> str:
    if prediction.unlike:
        return "unlike the training images"
    if lowest is not None:
        return "nothing found" if math.isnan(lowest) else ""
    if segmenter.tells_uncertainty and prediction.uncertainty is None:
        return TOO_LARGE
    if prediction.predicted_dice is None:
        return ""
    if math.isnan(prediction.predicted_dice):
        return "nothing found"
    return f"predicted Dice below {LOW_SCORE}" if prediction.predicted_dice < LOW_SCORE else ""

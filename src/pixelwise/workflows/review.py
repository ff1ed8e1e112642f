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
from pixelwise.prediction import Prediction

REVIEW = "review.csv"
COLUMNS = ("results", "image", "reason", "predicted_dice", "unlikeness", "uncertainty")


@dataclass(frozen=True)
class Review:
    """One prediction.

    Attributes:
        results: path of its JSON below the folder of results, with forward slashes.
        image: path of the image as it was given.
        predicted: the Dice to be expected; NaN where nothing was found, or the model does not tell.
        unlikeness: distance from the training images in parts of the limit; NaN where the model does not tell.
        uncertainty: mean over the image, 0–1.
        reason: why a human should look at it; empty where nothing speaks for that.
    """

    results: str
    image: str
    predicted: float
    unlikeness: float
    uncertainty: float
    reason: str

    def cells(self) -> list[str]:
        """A line of ``review.csv``; what does not exist is left empty."""
        numbers = (self.predicted, self.unlikeness, self.uncertainty)
        shown = ["" if math.isnan(number) else f"{number:.4f}" for number in numbers]
        return [self.results, self.image, self.reason, *shown]


def review_of(prediction: Prediction, results: str, image: str) -> Review:
    """What a prediction says of itself."""
    uncertainty = prediction.uncertainty
    return Review(
        results,
        image,
        predicted=math.nan if prediction.predicted_dice is None else prediction.predicted_dice,
        unlikeness=math.nan if prediction.unlikeness is None else prediction.unlikeness,
        uncertainty=math.nan if uncertainty is None else float(uncertainty.mean()),
        reason=_reason(prediction),
    )


def ordered(reviews: Sequence[Review]) -> list[Review]:
    """What a human should look at first, first."""
    columns = (
        np.array([getattr(one, name) for one in reviews], np.float64)
        for name in ("predicted", "unlikeness", "uncertainty")
    )
    return [reviews[at] for at in review_order(*columns)]


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
            if tuple(rows.fieldnames or ()) != COLUMNS:
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
    writer.writerow(COLUMNS)
    writer.writerows(one.cells() for one in ordered(reviews))
    files.write_text(folder / REVIEW, text.getvalue())


def _read(row: Mapping[str, str]) -> Review:
    numbers = [float(row[name]) if row[name] else math.nan for name in COLUMNS[3:]]
    return Review(row["results"], row["image"], numbers[0], numbers[1], numbers[2], row["reason"])


def _reason(prediction: Prediction) -> str:
    if prediction.unlike:
        return "unlike the training images"
    if prediction.predicted_dice is None:
        return ""
    if math.isnan(prediction.predicted_dice):
        return "nothing found"
    return f"predicted Dice below {LOW_SCORE}" if prediction.predicted_dice < LOW_SCORE else ""

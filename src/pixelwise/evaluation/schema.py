"""The schema of ``metrics.json``: what an evaluation says, in one typed place.

The file is documented in ``docs/metrics.md``. Numbers that are undefined (a class absent from truth and prediction) are
``null`` in the file and NaN in Python. Scores are 0–1; distances are in pixels or mm.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator

from pixelwise import files
from pixelwise.errors import DataError
from pixelwise.evaluation.believed import ConfidenceScores, ImageConfidence
from pixelwise.evaluation.numbers import Estimate, Interval, Number, Strict
from pixelwise.evaluation.units import Units, units_of

SCHEMA: Literal["pixelwise.metrics/1"] = "pixelwise.metrics/1"

OUT_OF_FOLD = "out_of_fold"
"""In the place of a split: each image scored by the model of several that never saw it."""


class Score(Strict):
    """One score over a set of images."""

    value: Number = Field(
        default=math.nan,
        description="The score, which `ci95` is of: `mean`; of objects, segments, joints and people, which are "
        "counted over all images together, `pooled`.",
    )
    mean: Number = Field(
        description="Mean of the per-image scores, over the images where it is defined; of scores that single images "
        "do not have, the same as `value`."
    )
    ci95: Interval = Field(
        description="95% interval of `value`, resampling images, or what `group` says: bootstrap-t, or percentiles "
        "where single images have no score."
    )
    median: Number = Field(description="Median of the per-image scores.")
    p5: Number = Field(
        description="5th percentile of the per-image scores: the bad end where higher is better."
    )
    p95: Number = Field(
        default=math.nan,
        description="95th percentile of the per-image scores: the bad end where lower is better.",
    )
    median_ci95: Interval = Field(
        default=(math.nan, math.nan),
        description="95% interval of `median`, between two of the images' scores; as of the next two, "
        "absent from older files.",
    )
    p5_ci95: Interval = Field(
        default=(math.nan, math.nan),
        description="The same of `p5`; of fewer than 72 images it begins at 0, since all of them may be better.",
    )
    p95_ci95: Interval = Field(
        default=(math.nan, math.nan),
        description="The same of `p95`; of fewer than 72 images it ends at 1, or, where nothing limits the score, "
        "nowhere: null.",
    )
    worst: Number = Field(
        description="Score of the worst image: the lowest, or the highest where lower is better."
    )
    pooled: Number = Field(
        description="Score of all pixels, objects or joints of all images counted together; null where there is no "
        "such thing."
    )
    pooled_ci95: Interval = Field(description="95% bootstrap-t interval of `pooled`.")
    n_undefined: int = Field(description="Images without a score: there is nothing that it could be of.")
    unit: Literal["", "px", "mm"] = Field(default="", description="Unit; empty for shares.")
    lower_is_better: bool = Field(default=False, description="True of distances and errors.")

    @model_validator(mode="before")
    @classmethod
    def _older(cls, values: Any) -> Any:
        """Files that were written before there was a value hold means alone."""
        if isinstance(values, dict) and "value" not in values:
            return {**values, "value": values.get("mean")}
        return values

    @property
    def bad_end(self) -> float:
        """What one image in twenty is worse than."""
        return self.p95 if self.lower_is_better else self.p5

    @property
    def bad_end_ci95(self) -> Interval:
        """Its 95% interval."""
        return self.p95_ci95 if self.lower_is_better else self.p5_ci95


class Group(Strict):
    """The images that share one value of a tag."""

    n_images: int
    scores: dict[str, Score]


class ClassScores(Strict):
    """One class over all images."""

    name: str
    scores: dict[str, Number] = Field(description="Pooled score by metric name.")
    ci95: dict[str, Interval] = Field(
        default={},
        description="95% intervals of these by metric name: bootstrap-t, or percentiles where single images have no "
        "score.",
    )
    support: int = Field(
        description="Pixels of this class in the truth; of a joint, how often it is labelled."
    )
    over_images: dict[str, Score] = Field(default={}, description="Of this class alone, by metric name.")


class ImageRow(Strict):
    """One image."""

    name: str
    image: str = Field(
        description="Path of the image file, relative to the data folder, with forward slashes."
    )
    size: tuple[int, int] = Field(description="(height, width) in pixels; scores are counted at this size.")
    mm_per_pixel: tuple[float, float] | None = Field(
        default=None, description="Millimetres from one pixel to the next, down and across, where known."
    )
    split: str | None
    tags: dict[str, str]
    scores: dict[str, Number]
    counts: dict[str, Any] = Field(
        description="By task: the sufficient statistics that all scores derive from."
    )
    confidence: ImageConfidence | None = Field(
        default=None, description="What the model said of this prediction; null of methods that say nothing."
    )


class BaselineScores(Strict):
    """The best method that needs no training, on images that the model is scored on."""

    method: str = Field(description="What `pixelwise baseline --method` calls it.")
    title: str = Field(description="What people call it.")
    choice: dict[str, str | float] = Field(description="Its parameters, and which side is the object.")
    chosen_on: tuple[str, ...] = Field(
        description="Names of the images that method and parameters were chosen on, in their order; most methods saw "
        "the first of them alone."
    )
    n_methods: int | None = Field(
        default=None, description="Methods that were compared, itself among them; null in older files."
    )
    tried_on: int | None = Field(
        default=None,
        description="How many of the images each method was tried on; the better ones saw more. Null in older files.",
    )
    n_images: int
    images: tuple[str, ...] | None = Field(
        description="Names of the images that it was scored on; null where these are all."
    )
    scores: dict[str, Score] = Field(description="By metric name.")
    by_image: dict[str, Number] = Field(
        default={}, description="Headline score of each of these images, by name; empty in older files."
    )
    lead: Estimate | None = Field(
        default=None,
        description="How much higher the model's mean headline score is on the same images, with the paired interval; "
        "null of fewer than two images that have both scores.",
    )


class Metrics(Strict):
    """All of ``metrics.json``."""

    schema_: Literal["pixelwise.metrics/1"] = Field(default=SCHEMA, alias="schema")
    pixelwise: str = Field(description="Version that wrote the file.")
    tasks: tuple[str, ...] = Field(description="Names of the tasks that were scored.")
    headline: str = Field(description="The metric to look at first.")
    data: str = Field(description="Name of the folder of data.")
    split: str = Field(description="Which images the scores are on: test, val, train, all or out_of_fold.")
    n_images: int
    scores: dict[str, Score] = Field(description="By metric name, over all images.")
    classes: dict[str, tuple[ClassScores, ...]] = Field(description="By task name: one entry a scored class.")
    tags: dict[str, dict[str, Group]] = Field(description="By tag name, then by its value.")
    images: tuple[ImageRow, ...]
    settings: dict[str, dict[str, Number]] = Field(
        description="By task: decision settings of the model, such as a threshold. Beside out-of-fold scores those of "
        "all models as one; each image was scored by the settings of its own model, which the model file holds."
    )
    baseline: BaselineScores | None = Field(
        default=None, description="The best method without training; absent where none was compared."
    )
    confidence: ConfidenceScores | None = Field(
        default=None,
        description="How far the model's own word can be believed; absent where it says nothing, and without a "
        "semantic task.",
    )
    test: Metrics | None = Field(
        default=None, description="Beside out-of-fold scores: those of all models as one on the test split."
    )
    group: str | None = Field(
        default=None,
        description="Tag whose values (patients, videos) are resampled, each with all its images; absent where every "
        "image is one of its own.",
    )
    notes: tuple[str, ...] = Field(default=(), description="What a reader must know to judge the scores.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @property
    def units(self) -> Units:
        """(N,) of the images."""
        return units_of([row.tags for row in self.images], self.group)

    def to_json(self) -> str:
        """The text of ``metrics.json``: UTF-8, indented, NaN as null."""
        values = self.model_dump(mode="json", by_alias=True)
        for part in (values, values["test"] or {}):
            for name in ("baseline", "confidence", "test", "group"):
                if part.get(name, 0) is None:
                    del part[name]
            for row in part.get("images", ()):
                if row["confidence"] is None:
                    del row["confidence"]
        return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)

    def write(self, path: Path) -> None:
        """Write ``metrics.json`` whole or not at all."""
        files.write_text(path, self.to_json() + "\n")


def read_metrics(path: Path) -> Metrics:
    """Read a ``metrics.json``; :class:`DataError` if it is not one."""
    try:
        return Metrics.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise DataError(
            f"{path} is not a metrics.json that this version reads: evaluate the model again."
        ) from error

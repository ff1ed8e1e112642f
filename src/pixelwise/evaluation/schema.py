"""The schema of ``metrics.json``: what an evaluation says, in one typed place.

The file is documented in ``docs/metrics.md``. Numbers that are undefined (a class absent from truth and prediction) are
``null`` in the file and NaN in Python. Scores are 0–1; distances are in pixels or mm.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from pixelwise import files
from pixelwise.errors import DataError

SCHEMA: Literal["pixelwise.metrics/1"] = "pixelwise.metrics/1"

Number = Annotated[
    float,
    BeforeValidator(lambda value: math.nan if value is None else value),
    PlainSerializer(lambda value: None if math.isnan(value) else value, return_type=float | None),
]
Interval = tuple[Number, Number]
OUT_OF_FOLD = "out_of_fold"
"""In the place of a split: each image scored by the model of several that never saw it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Score(_Strict):
    """One score over a set of images."""

    mean: Number = Field(description="Mean of the per-image scores, over the images where it is defined.")
    ci95: Interval = Field(description="95 % bootstrap-t interval of `mean`, resampling images.")
    median: Number = Field(description="Median of the per-image scores.")
    p5: Number = Field(
        description="5th percentile of the per-image scores: the bad end where higher is better."
    )
    p95: Number = Field(
        default=math.nan,
        description="95th percentile of the per-image scores: the bad end where lower is better.",
    )
    worst: Number = Field(
        description="Score of the worst image: the lowest, or the highest where lower is better."
    )
    pooled: Number = Field(
        description="Score of all pixels of all images counted together; null where there is no such thing."
    )
    pooled_ci95: Interval = Field(description="95 % bootstrap-t interval of `pooled`.")
    n_undefined: int = Field(description="Images without a score: there is nothing that it could be of.")
    unit: Literal["", "px", "mm"] = Field(default="", description="Unit; empty for shares.")
    lower_is_better: bool = Field(default=False, description="True of distances and errors.")

    @property
    def bad_end(self) -> float:
        """What one image in twenty is worse than."""
        return self.p95 if self.lower_is_better else self.p5


class Group(_Strict):
    """The images that share one value of a tag."""

    n_images: int
    scores: dict[str, Score]


class ClassScores(_Strict):
    """One class over all images."""

    name: str
    scores: dict[str, Number] = Field(description="Pooled score by metric name.")
    support: int = Field(description="Pixels of this class in the truth.")
    over_images: dict[str, Score] = Field(default={}, description="Of this class alone, by metric name.")


class ImageRow(_Strict):
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


class BaselineScores(_Strict):
    """The best method that needs no training, on images that the model is scored on."""

    method: str = Field(description="What `pixelwise baseline --method` calls it.")
    title: str = Field(description="What people call it.")
    choice: dict[str, str | float] = Field(description="Its parameters, and which side is the object.")
    chosen_on: tuple[str, ...] = Field(
        description="Names of the images that method and parameters were chosen on."
    )
    n_images: int
    images: tuple[str, ...] | None = Field(
        description="Names of the images that it was scored on; null where these are all."
    )
    scores: dict[str, Score] = Field(description="By metric name.")


class Metrics(_Strict):
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
        description="By task: decision settings, such as a threshold."
    )
    baseline: BaselineScores | None = Field(
        default=None, description="The best method without training; absent where none was compared."
    )
    test: Metrics | None = Field(
        default=None, description="Beside out-of-fold scores: those of all models as one on the test split."
    )
    notes: tuple[str, ...] = Field(default=(), description="What a reader must know to judge the scores.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def to_json(self) -> str:
        """The text of ``metrics.json``: UTF-8, indented, NaN as null."""
        values = self.model_dump(mode="json", by_alias=True)
        for part in (values, values["test"] or {}):
            for name in ("baseline", "test"):
                if part.get(name, 0) is None:
                    del part[name]
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

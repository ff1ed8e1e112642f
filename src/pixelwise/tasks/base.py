"""What a task promises, so that one loop, one Predictor and one server serve them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.geometry import Frame
from pixelwise.labels import Labels
from pixelwise.metrics import Ratio
from pixelwise.types import Field, Image, Json, Label, LabelBatch, Pixels, Settings, Size, Spacing, Window

Result = TypeVar("Result")
Row = TypeVar("Row")

FieldValues = Mapping[str, NDArray[np.float32]]
"""By field name: (C, H, W) values after the field's activation; of fields that are read for points (C, h, w)."""
WholeScores = tuple[tuple[str, ...], Callable[[NDArray[np.float64]], tuple[float, ...]]]
"""Names of metrics, and their scores of all N images together by how often each counts (N,)."""
Targets = Mapping[str, tuple[Tensor, Tensor]]
"""By field name: target (N, C, H, W) and weight (N, 1 or C, H, W), both float; weight 0 is not labelled."""


class Task(Protocol[Result, Row]):
    """Fields, and how they become a result that can be scored, drawn and written.

    Geometry (flips, resizing, tiles) is never a task's affair: it follows from the fields.
    """

    @property
    def labels(self) -> Labels:
        """What the ids in labels and results mean."""
        ...

    @property
    def headline(self) -> str:
        """The metric by which candidates are selected: its mean over images."""
        ...

    def fields(self) -> tuple[Field, ...]:
        """The fields that the network predicts for this task."""
        ...

    def targets(self, labels: LabelBatch) -> Targets:
        """What the fields should be, from augmented labels."""
        ...

    def loss(self, logits: Mapping[str, Tensor], targets: Targets) -> dict[str, Tensor]:
        """Weighted parts of the loss by name, scalars; logits by field name at the targets' size."""
        ...

    def default_settings(self) -> dict[str, float]:
        """Decision settings before tuning."""
        ...

    def decode(self, values: FieldValues, settings: Settings) -> Result:
        """The result for one window, at its size."""
        ...

    def placed(self, result: Result, frame: Frame) -> Result:
        """A result in pixels of fields over ``frame``, in the image's own, where fields are read for points."""
        ...

    def stitch(self, parts: Sequence[tuple[Result, Window]], size: Size) -> Result:
        """Results of windows put together into one of ``size``."""
        ...

    def tune(self, pairs: Iterable[tuple[FieldValues, Label]]) -> dict[str, float]:
        """Decision settings that score best on these pairs; give it validation data only."""
        ...

    def row(self, result: Result, label: Label) -> Row:
        """Sufficient statistics of one image, counted fast enough for training: the headline derives from them."""
        ...

    def full_row(self, result: Result, label: Label, spacing: Spacing | None) -> Row:
        """Sufficient statistics of one image for all scores: what takes longer is for evaluation alone.

        Args:
            spacing: mm of the image's pixels, where known.
        """
        ...

    def row_json(self, row: Row) -> Json:
        """A row as plain JSON values."""
        ...

    def headline_score(self, row: Row) -> float:
        """The headline of one image; NaN where undefined."""
        ...

    def image_scores(self, row: Row) -> dict[str, float]:
        """Scores of one image by metric name, as many as the row holds; NaN where undefined."""
        ...

    def ratios(self, rows: Sequence[Row]) -> dict[str, Ratio]:
        """Scores of images by metric name, (N, K) by image and scored class: what resampling adds up.

        K is 1 where a score is of all classes at once.
        """
        ...

    def class_ratios(self, rows: Sequence[Row]) -> dict[str, Ratio]:
        """Those scores that every scored class has for itself, (N, K) by image and class."""
        ...

    def whole_scores(self, rows: Sequence[Row]) -> WholeScores:
        """Scores that only all images together have, such as average precision; none as a rule."""
        ...

    def summary(self, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
        """Scores over images: by metric name, then by statistic (mean, pooled, …); a function of the rows alone."""
        ...

    def class_scores(self, rows: Sequence[Row]) -> list[tuple[str, dict[str, float], int]]:
        """Of each scored class: name, pooled scores by metric name, pixels in the truth."""
        ...

    def class_resamples(
        self, rows: Sequence[Row], draws: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Of resamples, scores (R, K) of each scored class that only all images together have; none as a rule.

        Args:
            draws: (R, N) how often each image counts.

        Returns:
            By metric name; NaN where a class has no score, and of one that fewer than two images show: resampling says
            nothing of it.
        """
        ...

    def draw(self, image: Image, result: Result, truth: Label | None = None) -> Image:
        """The image with the result, and the truth where given, drawn on it."""
        ...

    def file_names(self, stem: str) -> list[str]:
        """Names of the files that :meth:`write` makes."""
        ...

    def write(
        self, result: Result, folder: Path, stem: str, image: Pixels | None = None, name: str | None = None
    ) -> list[Path]:
        """Write the result as files that other tools read; returns their paths.

        Args:
            stem: what the files' names begin with.
            name: of the image file, for what files say of it; ``stem`` if not given.
            image: (H, W, C) what it is of, in the values of its file, for what is measured in it.
        """
        ...

    def lowest_score(self, result: Result) -> float | None:
        """That of what was found, 0–1, by which a human should look at results; NaN where nothing was found.

        None of a task whose results tell it by the uncertainty of pixels.
        """
        ...

    def describe(self, result: Result) -> Json:
        """The result in numbers, as plain JSON values."""
        ...

"""Objects told apart, alone or with stuff beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.errors import RecipeError
from pixelwise.geometry import Frame
from pixelwise.labels import Labels
from pixelwise.metrics import Ratio, summarise
from pixelwise.metrics.average_precision import NAMES
from pixelwise.recipe import PanopticTask as PanopticRecipe
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks.base import FieldValues, Targets, WholeScores
from pixelwise.tasks.panoptic import tuning
from pixelwise.tasks.panoptic.decoding import CENTRES, OFFSETS, decode
from pixelwise.tasks.panoptic.drawing import draw_objects
from pixelwise.tasks.panoptic.loss import OUTSIDE_SHARE, centre_loss, offset_loss
from pixelwise.tasks.panoptic.result import PanopticResult
from pixelwise.tasks.panoptic.rows import (
    PanopticRow,
    class_precision_of,
    count_row,
    precision_of,
    row_ratios,
)
from pixelwise.tasks.panoptic.stitching import stitch
from pixelwise.tasks.panoptic.targets import object_targets
from pixelwise.tasks.panoptic.writing import describe, file_names, write
from pixelwise.tasks.semantic import SemanticTask
from pixelwise.types import (
    CROWD,
    IGNORE_INDEX,
    INSTANCES,
    Field,
    Image,
    Json,
    Label,
    LabelBatch,
    Pixels,
    Settings,
    Size,
    Spacing,
    Window,
)

BY_CLASS = ("pq", "sq", "rq", "mean_iou", "f1_50")
"""Scores of a class beside its average precision."""


class PanopticTask:
    """Implements :class:`~pixelwise.tasks.base.Task` for objects and stuff, after Panoptic-DeepLab (Cheng 2020).

    Instance segmentation is the same with all that is no thing as one background.

    Args:
        labels: the classes, of which some are things.
        recipe: weights of the losses.

    Raises:
        RecipeError: no class is a thing.
    """

    headline = "pq"

    def __init__(self, labels: Labels, recipe: PanopticRecipe) -> None:
        if not labels.things:
            raise RecipeError(
                f"the data has no things ({', '.join(labels.classes)} are not told apart); use --task semantic, or "
                "number the objects in pictures in a folder 'instances'."
            )
        if recipe.kind == "instance" and labels.stuff:
            stuff = labels.classes[labels.stuff[0]]
            raise RecipeError(
                f"the data has stuff beside things, such as {stuff}, and instance finds things alone; use --task "
                "panoptic, which finds both."
            )
        self.labels, self.recipe = labels, recipe
        shares = SemanticRecipe(
            cross_entropy=recipe.cross_entropy,
            dice=recipe.dice,
            border=recipe.border,
            border_width=recipe.border_width,
        )
        self.classes = SemanticTask(labels, shares)

    def fields(self) -> tuple[Field, ...]:
        """Classes, a heat map of centres, and the way to the centre."""
        offsets = Field(OFFSETS, 2, "none", vectors=((0, 1),), in_pixels=True)
        return (*self.classes.fields(), Field(CENTRES, 1, "sigmoid"), offsets)

    def targets(self, labels: LabelBatch) -> Targets:
        """As the fields are; nothing is said of centres where nobody labelled, or told objects of a crowd apart."""
        objects = object_targets(labels.maps[INSTANCES])
        known = (labels.class_maps != IGNORE_INDEX)[:, None].float()
        if CROWD in labels.maps:
            known = known * (labels.maps[CROWD] == 0)[:, None]
        far = known * (objects.inside + OUTSIDE_SHARE * (1 - objects.inside))
        return {
            **self.classes.targets(labels),
            CENTRES: (objects.centres, far),
            OFFSETS: (objects.offsets, known * objects.inside / objects.sizes),
        }

    def loss(self, logits: Mapping[str, Tensor], targets: Targets) -> dict[str, Tensor]:
        """The losses of classes, centres and offsets, each times its weight."""
        centres = centre_loss(logits[CENTRES].float(), *targets[CENTRES])
        offsets = offset_loss(logits[OFFSETS].float(), *targets[OFFSETS])
        return {
            **self.classes.loss(logits, targets),
            "centre": self.recipe.centre * centres,
            "offset": self.recipe.offset * offsets,
        }

    def default_settings(self) -> dict[str, float]:
        """Thresholds and weights of scores before tuning."""
        return tuning.default_settings(self.labels)

    def decode(self, values: FieldValues, settings: Settings) -> PanopticResult:
        """Objects and stuff of one window."""
        return decode(values, settings, self.labels)

    def stitch(self, parts: Sequence[tuple[PanopticResult, Window]], size: Size) -> PanopticResult:
        """Windows put together; an object that several of them show becomes one."""
        return stitch(parts, size, self.labels)

    def tune(self, pairs: Iterable[tuple[FieldValues, Label]]) -> dict[str, float]:
        """Thresholds of the best mean PQ, and weights by which scores are the overlaps to be expected."""
        return tuning.tune(pairs, self.labels)

    def row(self, result: PanopticResult, label: Label) -> PanopticRow:
        """The match record of objects, and pixels by class."""
        return count_row(result, label, self.labels)

    def full_row(self, result: PanopticResult, label: Label, spacing: Spacing | None) -> PanopticRow:
        """The same: it holds all."""
        return self.row(result, label)

    def row_json(self, row: PanopticRow) -> Json:
        """The counts as plain JSON values."""
        return row.to_json()

    def headline_score(self, row: PanopticRow) -> float:
        """PQ of one image, the mean over classes in truth or prediction."""
        return float(row_ratios([row], self.labels)[self.headline].by_image()[0])

    def image_scores(self, row: PanopticRow) -> dict[str, float]:
        """Each the mean over the classes that have it; average precision by the ranking within the image."""
        names, scored = self.whole_scores([row])
        return {
            **{metric: float(ratio.by_image()[0]) for metric, ratio in self.ratios([row]).items()},
            **dict(zip(names, scored(np.ones(1)), strict=True)),
        }

    def ratios(self, rows: Sequence[PanopticRow]) -> dict[str, Ratio]:
        """Scores of segments, objects and classes."""
        return row_ratios(rows, self.labels)

    def class_ratios(self, rows: Sequence[PanopticRow]) -> dict[str, Ratio]:
        """Those that are counted by class."""
        scored = len(self.labels.scored)
        return {name: one for name, one in self.ratios(rows).items() if one.part.shape[-1] == scored}

    def placed(self, result: PanopticResult, frame: Frame) -> PanopticResult:
        """The same: maps are at the image's size."""
        return result

    def whole_scores(self, rows: Sequence[PanopticRow]) -> WholeScores:
        """Average precision and recall of things."""
        return NAMES, precision_of(rows, self.labels.things)

    def summary(self, rows: Sequence[PanopticRow]) -> dict[str, dict[str, float]]:
        """Scores over images, and of all their objects together."""
        return {metric: summarise(metric, ratio) for metric, ratio in self.ratios(rows).items()}

    def class_scores(self, rows: Sequence[PanopticRow]) -> list[tuple[str, dict[str, float], int]]:
        """Scores of each class over all images, and its pixels in the truth; AP of things."""
        ratios, things = self.ratios(rows), self.labels.things
        support = np.sum([row.overlap for row in rows], axis=0).sum(axis=1)
        [precision] = class_precision_of(rows, things).by_class(np.ones((1, len(rows))))
        ap = dict(zip(things, precision.tolist(), strict=True))
        found = []
        for at, index in enumerate(self.labels.scored):
            scores = {name: ratios[name].one_class(at).pooled() for name in BY_CLASS}
            scores["ap"] = ap.get(index, math.nan)
            found.append((self.labels.classes[index], scores, int(support[index])))
        return found

    def class_resamples(
        self, rows: Sequence[PanopticRow], draws: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Average precision of things."""
        scored, things = self.labels.scored, self.labels.things
        precision = class_precision_of(rows, things)
        ap = np.full((len(draws), len(scored)), np.nan)
        ap[:, [scored.index(thing) for thing in things]] = np.where(
            precision.n_images > 1, precision.by_class(draws), np.nan
        )
        return {"ap": ap}

    def draw(self, image: Image, result: PanopticResult, truth: Label | None = None) -> Image:
        """Objects in colours of their own; with a truth, what was missed and what is false is hatched."""
        return draw_objects(image, result, self.labels, truth)

    def file_names(self, stem: str) -> list[str]:
        """Picture of numbers, panoptic picture and JSON, COCO JSON, and a table of objects."""
        return file_names(stem)

    def write(
        self,
        result: PanopticResult,
        folder: Path,
        stem: str,
        image: Pixels | None = None,
        name: str | None = None,
    ) -> list[Path]:
        """Files that other tools read, see docs/instances.md."""
        return write(result, folder, stem, self.labels, image, name or stem)

    def lowest_score(self, result: PanopticResult) -> float | None:
        """None: pixels tell how sure they are."""
        return None

    def describe(self, result: PanopticResult) -> Json:
        """Number of objects by class, and each object's class, score and area."""
        return describe(result, self.labels)

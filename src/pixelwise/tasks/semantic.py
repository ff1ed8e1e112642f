"""Semantic segmentation: each pixel gets the class whose field is highest, or a tuned threshold decides between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise import files, losses
from pixelwise.errors import RecipeError
from pixelwise.geometry import Frame
from pixelwise.labels import Labels
from pixelwise.metrics import (
    METRICS,
    ClassCounts,
    Ratio,
    SurfaceCounts,
    overlap_matrix,
    overlap_ratios,
    summarise,
    surface_counts,
    surface_ratios,
)
from pixelwise.metrics.ratio import mean_of_defined
from pixelwise.recipe import LossName
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks import drawing
from pixelwise.tasks.base import FieldValues, Targets, WholeScores
from pixelwise.types import (
    CLASSES,
    IGNORE_INDEX,
    INSTANCES,
    Field,
    Image,
    Json,
    Label,
    LabelBatch,
    LabelMap,
    Pixels,
    Probs,
    Settings,
    Size,
    Spacing,
    Window,
)

THRESHOLD = "threshold"
CANDIDATE_THRESHOLDS = np.linspace(0.2, 0.8, 61)


@dataclass(frozen=True)
class SemanticResult:
    """What a semantic model says of an image.

    Attributes:
        label_map: (H, W) uint8 class ids.
        probs: (C, H, W) float32 in 0–1 by class, summing to 1.
    """

    label_map: LabelMap
    probs: Probs


@dataclass(frozen=True)
class SemanticRow:
    """Sufficient statistics of one image.

    Attributes:
        overlap: (C, C) int64 pixels by true and predicted class.
        surface: of the outlines of scored classes; None where only what training asks for was counted.
    """

    overlap: NDArray[np.int64]
    surface: SurfaceCounts | None = None


class SemanticTask:
    """Implements :class:`~pixelwise.tasks.base.Task` for class maps.

    Args:
        labels: the classes.
        recipe: weights of the losses.

    Raises:
        RecipeError: not as many class weights as classes.
    """

    headline = "dice"

    def __init__(self, labels: Labels, recipe: SemanticRecipe) -> None:
        weights = recipe.class_weights
        if weights is not None and len(weights) != labels.num_classes:
            raise RecipeError(
                f"the recipe's class_weights are {len(weights)}, but there are {labels.num_classes} classes "
                f"({', '.join(labels.classes)}); give one for each."
            )
        self.labels = labels
        self.recipe = recipe

    def fields(self) -> tuple[Field, ...]:
        """One field of class logits; two classes need a single channel."""
        if self.labels.is_binary:
            return (Field(CLASSES, 1, "sigmoid"),)
        return (Field(CLASSES, self.labels.num_classes, "softmax"),)

    def targets(self, labels: LabelBatch) -> Targets:
        """Foreground (N, 1, H, W) for two classes, else one-hot (N, C, H, W); weight 0 at ``IGNORE_INDEX``.

        What is labelled has the weight 1, and more near contours where the recipe says so; classes are parted by them,
        and objects where the labels tell them apart.
        """
        ids = labels.class_maps
        weight = self._weights(labels)
        if self.labels.is_binary:
            return {CLASSES: ((ids == 1)[:, None].float(), weight)}
        classes = torch.arange(self.labels.num_classes, dtype=ids.dtype, device=ids.device)
        return {CLASSES: ((ids[:, None] == classes[:, None, None]).float(), weight)}

    def _weights(self, labels: LabelBatch) -> Tensor:
        """(N, 1, H, W) float."""
        labelled = labels.class_maps != IGNORE_INDEX
        if not self.recipe.border:
            return labelled[:, None].float()
        ids = [labels.maps[name] for name in (CLASSES, INSTANCES) if name in labels.maps]
        return losses.border_weights(ids, labelled, self.recipe.border, self.recipe.border_width)

    def loss(self, logits: Mapping[str, Tensor], targets: Targets) -> dict[str, Tensor]:
        """The losses of the recipe, each times its weight."""
        target, weight = targets[CLASSES]
        classes = logits[CLASSES].float()
        probs = classes.sigmoid() if self.labels.is_binary else classes.softmax(dim=1)
        heavy = weight if self.recipe.class_weights is None else weight * self._by_class(target)
        labelled = (weight > 0).to(weight.dtype)
        return {
            name: share * self._loss(name, classes, probs, target, labelled, heavy)
            for name, share in self.recipe.losses.items()
        }

    def _loss(
        self, name: LossName, logits: Tensor, probs: Tensor, target: Tensor, weight: Tensor, heavy: Tensor
    ) -> Tensor:
        """One loss; ``heavy`` is the weight (N, 1, H, W) with those of classes and borders in it, ``weight`` 0 or 1."""
        is_binary = self.labels.is_binary
        match name:
            case "cross_entropy":
                entropy = losses.binary_cross_entropy if is_binary else losses.cross_entropy
                return entropy(logits, target, heavy)
            case "focal":
                focal = losses.binary_focal if is_binary else losses.focal
                return focal(logits, target, heavy, self.recipe.focal_gamma)
            case "squared_error":
                return losses.mean_squared_error(probs, target, heavy)
            case "dice":
                return losses.soft_dice(probs, target, weight)
            case "tversky":
                return losses.tversky(
                    probs, target, weight, self.recipe.tversky_alpha, self.recipe.tversky_beta
                )
            case "lovasz":
                return losses.lovasz(probs, target, weight)
            case "boundary":
                return losses.boundary(probs, target, weight)

    def _by_class(self, target: Tensor) -> Tensor:
        """(N, 1, H, W): the weight of every pixel's class."""
        weights = torch.tensor(self.recipe.class_weights, dtype=target.dtype, device=target.device)
        one_hot = torch.cat([1 - target, target], dim=1) if self.labels.is_binary else target
        return (one_hot * weights[:, None, None]).sum(dim=1, keepdim=True)

    def default_settings(self) -> dict[str, float]:
        """A threshold of one half where two classes are told apart."""
        return {THRESHOLD: 0.5} if self.labels.is_binary else {}

    def decode(self, values: FieldValues, settings: Settings) -> SemanticResult:
        """Probabilities (C, H, W) to class ids (H, W)."""
        probs = values[CLASSES]
        if self.labels.is_binary:
            label_map = (probs[0] >= settings[THRESHOLD]).astype(np.uint8)
            return SemanticResult(label_map, np.concatenate([1 - probs, probs]))
        return SemanticResult(probs.argmax(axis=0).astype(np.uint8), probs)

    def stitch(self, parts: Sequence[tuple[SemanticResult, Window]], size: Size) -> SemanticResult:
        """Paste windows in order; where they overlap the later one counts."""
        label_map = np.zeros(size, np.uint8)
        probs = np.zeros((self.labels.num_classes, *size), np.float32)
        for result, window in parts:
            rows, columns = slice(window.y0, window.y1), slice(window.x0, window.x1)
            label_map[rows, columns] = result.label_map
            probs[:, rows, columns] = result.probs
        return SemanticResult(label_map, probs)

    def placed(self, result: SemanticResult, frame: Frame) -> SemanticResult:
        """The same: maps of classes are at the image's size."""
        return result

    def tune(self, pairs: Iterable[tuple[FieldValues, Label]]) -> dict[str, float]:
        """The threshold nearest to one half whose mean Dice over images is the highest, or no worse beyond chance."""
        if not self.labels.is_binary:
            return {}
        curves = [dice_by_threshold(values[CLASSES][0], label.class_map) for values, label in pairs]
        return self.tuned(curves) or self.default_settings()

    def tuned(self, curves: Sequence[NDArray[np.float64]]) -> dict[str, float]:
        """The same from :func:`dice_by_threshold` of each image; nothing where no image tells."""
        defined = [curve for curve in curves if not np.isnan(curve).any()]
        return {THRESHOLD: _cautious_threshold(np.stack(defined))} if defined else {}

    def row(self, result: SemanticResult, label: Label) -> SemanticRow:
        """Pixels by true and predicted class."""
        return SemanticRow(overlap_matrix(label.class_map, result.label_map, self.labels.num_classes))

    def full_row(self, result: SemanticResult, label: Label, spacing: Spacing | None) -> SemanticRow:
        """The same with the outlines of scored classes."""
        truth = label.class_map
        surface = surface_counts(truth, result.label_map, self.labels.scored, spacing)
        return SemanticRow(self.row(result, label).overlap, surface)

    def row_json(self, row: SemanticRow) -> Json:
        """The overlap matrix as nested lists, ``overlap[true][predicted]``, and counts of outlines by scored class."""
        overlap = {"overlap": row.overlap.tolist()}
        return overlap if row.surface is None else {**overlap, "surface": row.surface.to_json()}

    def headline_score(self, row: SemanticRow) -> float:
        """Dice, the mean over scored classes present in truth or prediction."""
        dice = ClassCounts.of(row.overlap).dice()[list(self.labels.scored)]
        return float(mean_of_defined(dice))

    def image_scores(self, row: SemanticRow) -> dict[str, float]:
        """Each the mean over the scored classes that have it."""
        return {metric: float(ratio.by_image()[0]) for metric, ratio in self.ratios([row]).items()}

    def ratios(self, rows: Sequence[SemanticRow]) -> dict[str, Ratio]:
        """Scores of overlap and, where all rows hold them, of outlines."""
        overlap = overlap_ratios(np.stack([row.overlap for row in rows]), self.labels.scored)
        surfaces = [row.surface for row in rows if row.surface is not None]
        return overlap if len(surfaces) < len(rows) else overlap | surface_ratios(surfaces)

    def class_ratios(self, rows: Sequence[SemanticRow]) -> dict[str, Ratio]:
        """All of these but accuracy, which is of all classes at once; that too where only one is scored."""
        scored = len(self.labels.scored)
        return {name: one for name, one in self.ratios(rows).items() if one.part.shape[-1] == scored}

    def whole_scores(self, rows: Sequence[SemanticRow]) -> WholeScores:
        """None: images can be scored one by one."""
        return (), lambda counts: ()

    def summary(self, rows: Sequence[SemanticRow]) -> dict[str, dict[str, float]]:
        """Scores over images, and pooled over all their pixels."""
        return {metric: summarise(metric, ratio) for metric, ratio in self.ratios(rows).items()}

    def class_scores(self, rows: Sequence[SemanticRow]) -> list[tuple[str, dict[str, float], int]]:
        """Pooled scores of each scored class, and its pixels in the truth; accuracy where there is only one."""
        scored = self.labels.scored
        pooled = [
            (metric, ratio) for metric, ratio in self.class_ratios(rows).items() if METRICS[metric].pooled
        ]
        support = np.sum([row.overlap for row in rows], axis=0).sum(axis=1)
        return [
            (
                self.labels.classes[index],
                {metric: ratio.one_class(at).pooled() for metric, ratio in pooled},
                int(support[index]),
            )
            for at, index in enumerate(scored)
        ]

    def class_resamples(
        self, rows: Sequence[SemanticRow], draws: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """None: classes are counted image by image."""
        return {}

    def draw(self, image: Image, result: SemanticResult, truth: Label | None = None) -> Image:
        """Classes as a tint with an outline; the truth as a white outline."""
        outlined = truth.class_map if truth else None
        return drawing.draw_label_map(image, result.label_map, outlined, self.labels.background)

    def file_names(self, stem: str) -> list[str]:
        """``<stem>_mask.png``."""
        return [f"{stem}_mask.png"]

    def write(
        self,
        result: SemanticResult,
        folder: Path,
        stem: str,
        image: Pixels | None = None,
        name: str | None = None,
    ) -> list[Path]:
        """``<stem>_mask.png``, 8-bit: 0 and 255 for two classes, class ids otherwise."""
        [path] = [folder / name for name in self.file_names(stem)]
        values = result.label_map * 255 if self.labels.is_binary else result.label_map
        with files.replacing(path) as temporary:
            PIL.Image.fromarray(values).save(temporary, format="PNG")
        return [path]

    def lowest_score(self, result: SemanticResult) -> float | None:
        """None: pixels tell how sure they are."""
        return None

    def describe(self, result: SemanticResult) -> Json:
        """Pixels of each class and their share of the image."""
        pixels = np.bincount(result.label_map.ravel(), minlength=self.labels.num_classes)
        return {
            "classes": [
                {"name": name, "pixels": int(count), "share": round(float(count / result.label_map.size), 6)}
                for name, count in zip(self.labels.classes, pixels, strict=True)
            ]
        }


def dice_by_threshold(probs: NDArray[np.float32], truth: LabelMap) -> NDArray[np.float64]:
    """Dice at each of ``CANDIDATE_THRESHOLDS`` from one histogram; NaN where truth and prediction are both empty."""
    labelled = truth != IGNORE_INDEX
    edges = np.concatenate([[-np.inf], CANDIDATE_THRESHOLDS.astype(np.float32), [np.inf]])
    inside, _ = np.histogram(probs[labelled & (truth == 1)], edges)
    outside, _ = np.histogram(probs[labelled & (truth == 0)], edges)
    tp = inside[::-1].cumsum()[::-1][1:]  # pixels at or above each threshold
    fp = outside[::-1].cumsum()[::-1][1:]
    return ClassCounts(tp, fp, inside.sum() - tp).dice()


def _cautious_threshold(curves: NDArray[np.float64]) -> float:
    """From Dice (images, thresholds): the threshold nearest to 0.5 that the best one does not beat beyond chance.

    Beyond chance: by more than the standard error of the mean difference over images (Breiman 1984 selects trees so).
    On few images the highest point of a flat curve is luck, and the middle is the safer bet.
    """
    behind = curves[:, [curves.mean(axis=0).argmax()]] - curves
    count = len(curves)
    error = behind.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else 0.0
    acceptable = CANDIDATE_THRESHOLDS[behind.mean(axis=0) <= error + 1e-12]
    return round(float(min(acceptable, key=lambda threshold: abs(threshold - 0.5))), 4)

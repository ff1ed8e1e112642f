"""The pose task: fields, targets, decoding and scores of people's joints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.errors import DataError, RecipeError
from pixelwise.geometry import Frame
from pixelwise.labels import Labels
from pixelwise.metrics import Ratio, summarise
from pixelwise.metrics.keypoints import (
    OKS_SCORES,
    JointCounts,
    OksCurve,
    OksRow,
    object_keypoint_similarity,
)
from pixelwise.recipe import PoseTask as PoseRecipe
from pixelwise.skeleton import Skeleton
from pixelwise.tasks.base import FieldValues, Targets, WholeScores
from pixelwise.tasks.pose import drawing, writing
from pixelwise.tasks.pose.assembly import assemble
from pixelwise.tasks.pose.loss import misplaced, unexplained
from pixelwise.tasks.pose.peaks import Peaks, find_peaks, warmest
from pixelwise.tasks.pose.result import PoseResult
from pixelwise.tasks.pose.stitching import stitch
from pixelwise.tasks.pose.targets import pose_targets
from pixelwise.types import (
    IGNORE_INDEX,
    JOINTS,
    Field,
    Image,
    Json,
    Label,
    LabelBatch,
    People,
    Pixels,
    Settings,
    Size,
    Spacing,
    Window,
)

HEAT, LIMBS = "heat", "limbs"
THRESHOLD, FEWEST = "threshold", "fewest_joints"
SINGLE = "single"
NO_PEAKS = Peaks(np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0))


@dataclass(frozen=True)
class PoseRow:
    """Sufficient statistics of one image.

    Attributes:
        oks: predicted against true people.
        joints: by joint.
    """

    oks: OksRow
    joints: JointCounts


class PoseTask:
    """Implements :class:`~pixelwise.tasks.base.Task` for people's joints.

    Args:
        labels: background and person.
        recipe: losses and skeleton.

    Raises:
        RecipeError: a recipe without a skeleton.
    """

    def __init__(self, labels: Labels, recipe: PoseRecipe) -> None:
        if recipe.skeleton is None:
            raise RecipeError(
                "the recipe's pose task has no skeleton, which data with joints would give it; train on such data, or "
                "write tasks.pose.skeleton into the recipe."
            )
        self.labels, self.recipe = labels, recipe
        self.skeleton: Skeleton = recipe.skeleton
        self.headline = "oks" if self.skeleton.torso() is None else "pck"

    def fields(self) -> tuple[Field, ...]:
        """Heat of K joints, and the directions of L limbs; a mirror exchanges those of left and right."""
        skeleton = self.skeleton
        turn = self.recipe.turn
        heat = Field(HEAT, len(skeleton.joints), "none", hflip=skeleton.partners, points=True, turn=turn)
        if not skeleton.limbs:
            return (heat,)
        count = len(skeleton.limbs)
        order = tuple(2 * other + axis for other, _ in skeleton.mirrored_limbs for axis in (0, 1))
        vectors = tuple((2 * place, 2 * place + 1) for place in range(count))
        back = tuple(
            2 * place + axis
            for place, (_, is_reversed) in enumerate(skeleton.mirrored_limbs)
            if is_reversed
            for axis in (0, 1)
        )
        limbs = Field(
            LIMBS, 2 * count, "none", vectors=vectors, hflip=order, negated=back, points=True, turn=turn
        )
        return heat, limbs

    def targets(self, labels: LabelBatch) -> Targets:
        """Heat (N, K, h, w) and directions (N, 2 L, h, w) at the recipe's stride, weights of the same shapes."""
        assert labels.people is not None
        heat, limbs = pose_targets(
            labels.people,
            labels.maps[JOINTS] == IGNORE_INDEX,
            self.skeleton.limbs,
            self.recipe.width,
            self.recipe.stride,
        )
        return {HEAT: heat, LIMBS: limbs} if self.skeleton.limbs else {HEAT: heat}

    def loss(self, logits: Mapping[str, Tensor], targets: Targets) -> dict[str, Tensor]:
        """What of the fields is left unexplained, and how far heat is misplaced, times the recipe's weights."""
        weights = {HEAT: self.recipe.heat, LIMBS: self.recipe.affinity}
        found = {
            name: weights[name] * unexplained(logits[name].float(), *pair)
            for name, pair in targets.items()
            if weights[name]
        }
        if self.recipe.place:
            found["place"] = self.recipe.place * misplaced(logits[HEAT].float(), *targets[HEAT])
        return found

    def default_settings(self) -> dict[str, float]:
        """Least heat of a joint; fewest joints of a person; whether there is one person a picture."""
        fewest = min(3, len(self.skeleton.joints))
        return {THRESHOLD: 0.1, FEWEST: float(fewest), SINGLE: float(self.recipe.single)}

    def decode(self, values: FieldValues, settings: Settings) -> PoseResult:
        """People from the fields (K, h, w) and (2 L, h, w), in pixels of the fields."""
        heat = values[HEAT]
        size = heat.shape[1], heat.shape[2]
        joints = len(self.skeleton.joints)
        if settings[SINGLE] or not self.skeleton.limbs:
            peaks, places = warmest(heat), np.arange(joints)[None]
            enough = peaks.heat.mean(keepdims=True) >= settings[THRESHOLD] / 2
        else:
            peaks = find_peaks(heat, settings[THRESHOLD])
            places = assemble(peaks, values[LIMBS], self.skeleton.limbs, joints)
            enough = (places >= 0).sum(axis=1) >= settings[FEWEST]
        return _result(peaks, places[enough], size)

    def stitch(self, parts: Sequence[tuple[PoseResult, Window]], size: Size) -> PoseResult:
        """All windows' people in one; who is seen in two windows is there once."""
        return stitch(parts, self.skeleton.sigmas, size)

    def placed(self, result: PoseResult, frame: Frame) -> PoseResult:
        """A result in pixels of fields over ``frame``, in the image's own."""
        return result.placed(frame)

    def tune(self, pairs: Iterable[tuple[FieldValues, Label]]) -> dict[str, float]:
        """The default settings: average precision hardly depends on them, since people are ranked by their scores."""
        return self.default_settings()

    def row(self, result: PoseResult, label: Label) -> PoseRow:
        """Predicted against true people, and joints that are where they should be."""
        people, skeleton = self._people(label), self.skeleton
        if (label.maps[JOINTS] == IGNORE_INDEX).all():  # nobody said where people are: nothing can be wrong
            result = _result(NO_PEAKS, np.zeros((0, len(skeleton.joints)), np.int64), result.size)
        # COCO looks at every joint: of one that was not found results hold pixel 0, and so it is scored.
        keypoints = result.with_unfound_at(writing.PIXEL)
        similarity = object_keypoint_similarity(keypoints, people, skeleton.sigmas)
        return PoseRow(
            OksRow.of(similarity, result.scores.astype(np.float64), people),
            JointCounts.of(
                keypoints, result.found, people, skeleton.sigmas, skeleton.torso(), skeleton.head()
            ),
        )

    def full_row(self, result: PoseResult, label: Label, spacing: Spacing | None) -> PoseRow:
        """The same: nothing takes longer."""
        return self.row(result, label)

    def _people(self, label: Label) -> People:
        people = label.people
        if people is None or people.keypoints.shape[1] != len(self.skeleton.joints):
            found = "none" if people is None else str(people.keypoints.shape[1])
            raise DataError(
                f"the model knows {len(self.skeleton.joints)} joints but the data has {found}; use data that is "
                "labelled like its training data."
            )
        return people

    def row_json(self, row: PoseRow) -> Json:
        """Matches of predicted people, and counts by joint."""
        return {"oks": row.oks.to_json(), "joints": row.joints.to_json()}

    def headline_score(self, row: PoseRow) -> float:
        """PCK; mean OKS where the skeleton has no torso."""
        return self.image_scores(row)[self.headline]

    def image_scores(self, row: PoseRow) -> dict[str, float]:
        """Of joints the share of those that are labelled, of all people together."""
        return {metric: float(ratio.by_image()[0]) for metric, ratio in self.ratios([row]).items()}

    def ratios(self, rows: Sequence[PoseRow]) -> dict[str, Ratio]:
        """PCK, PCKh, OKS, and joints given to another person, (N, 1) each; what no joint could have is left out.

        Every joint counts the same, of whatever name, person and image it is.
        """
        counts = [row.joints for row in rows]
        found = {name: ratio.together() for name, ratio in self.class_ratios(rows).items()}
        found["oks"] = Ratio.of([[one.similarity] for one in counts], [[one.people] for one in counts])
        if self.skeleton.torso() is not None:
            found["given_away"] = _by_joint(counts, "given_away", "given").together()
        return found

    def class_ratios(self, rows: Sequence[PoseRow]) -> dict[str, Ratio]:
        """PCK and PCKh by joint, (N, K)."""
        counts = [row.joints for row in rows]
        found = {}
        if self.skeleton.torso() is not None:
            found["pck"] = _by_joint(counts, "right", "labelled")
        if self.skeleton.head() is not None:
            found["pckh"] = _by_joint(counts, "right_of_head", "labelled_of_head")
        return found

    def whole_scores(self, rows: Sequence[PoseRow]) -> WholeScores:
        """Average precision and recall by OKS, by how often each image counts."""
        curve = OksCurve([row.oks for row in rows])
        return OKS_SCORES, lambda counts: tuple(curve.scores(counts).values())

    def summary(self, rows: Sequence[PoseRow]) -> dict[str, dict[str, float]]:
        """Scores over images, and pooled."""
        return {metric: summarise(metric, ratio) for metric, ratio in self.ratios(rows).items()}

    def class_scores(self, rows: Sequence[PoseRow]) -> list[tuple[str, dict[str, float], int]]:
        """Of each joint: name, PCK and PCKh of all people together, labelled joints in the truth."""
        joints = self.skeleton.joints
        by_joint = self.class_ratios(rows)
        support = np.sum([row.joints.marked for row in rows], axis=0)
        return [
            (
                name,
                {metric: ratio.one_class(at).pooled() for metric, ratio in by_joint.items()},
                int(support[at]),
            )
            for at, name in enumerate(joints)
        ]

    def class_resamples(
        self, rows: Sequence[PoseRow], draws: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """None: joints are counted image by image."""
        return {}

    def draw(self, image: Image, result: PoseResult, truth: Label | None = None) -> Image:
        """Skeletons, a colour each; the truth thin and white."""
        return drawing.draw_people(image, result, self.skeleton, None if truth is None else truth.people)

    def file_names(self, stem: str) -> list[str]:
        """``<stem>_keypoints.json``, as OpenPose calls it, and ``<stem>_coco.json``."""
        return [f"{stem}_keypoints.json", f"{stem}_coco.json"]

    def write(
        self,
        result: PoseResult,
        folder: Path,
        stem: str,
        image: Pixels | None = None,
        name: str | None = None,
    ) -> list[Path]:
        """OpenPose's JSON (BODY_25) and COCO's list of results."""
        openpose, coco = (folder / one for one in self.file_names(stem))
        writing.write_json(openpose, writing.openpose(result, self.skeleton))
        writing.write_json(coco, writing.coco(result, writing.ids_of(stem if name is None else name)))
        return [openpose, coco]

    def lowest_score(self, result: PoseResult) -> float | None:
        """That of the person who is the least sure."""
        return float(result.scores.min()) if len(result) else math.nan

    def describe(self, result: PoseResult) -> Json:
        """Of each person score, box, joints by name with confidence, and angles."""
        return {"people": writing.described(result, self.skeleton)}


def _by_joint(counts: Sequence[JointCounts], part: str, whole: str) -> Ratio:
    """(N, K) of images, from two of their counts."""
    return Ratio.of(*(np.stack([getattr(one, name) for one in counts]) for name in (part, whole)))


def _result(peaks: Peaks, places: NDArray[np.int64], size: Size) -> PoseResult:
    """People (M, K) of peaks, surest first."""
    found = places >= 0
    if not len(peaks.joints):
        points, heat = np.zeros((*places.shape, 2)), np.zeros(places.shape)
    else:
        points = np.where(found[..., None], peaks.points[places], 0.0)
        heat = np.where(found, peaks.heat[places], 0.0)
    scores = heat.mean(axis=1)
    order = np.argsort(-scores, kind="stable")
    return PoseResult(
        points[order].astype(np.float32),
        heat[order].astype(np.float32),
        scores[order].astype(np.float32),
        size,
    )

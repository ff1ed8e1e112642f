"""Scores of poses: OKS and the average precision by it, as pycocotools counts it; PCK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.types import People

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""OKS from which on a person counts as found: the score is the mean over them."""
RECALLS = np.linspace(0, 1, 101)
MOST_PEOPLE = 20
"""Predicted people of an image that COCO looks at, the surest first."""
CLOSE = 0.2
"""PCK: a joint is right within that share of the torso's length (Yang and Ramanan 2013, on LSP)."""
CLOSE_OF_HEAD = 0.5
"""PCKh: within that share of the head's length (Andriluka 2014)."""
_TINY = np.spacing(1)
_PIXEL = 0.5  # COCO counts pixels from 0, where a pixel's centre is at +0.5 here


def object_keypoint_similarity(keypoints: Values, people: People, sigmas: Sequence[float]) -> Values:
    """(M, N) OKS in 0–1 of M predicted people with N true ones (cocodataset.org, keypoint evaluation).

    The mean over labelled joints of exp(-d² / (2 s² k²)), where d is the distance, s² the true person's area and k
    twice the joint's sigma. Of a true person without labelled joints, d is how far a joint is outside the box, enlarged
    by its own size on each side, so that what was predicted there can be left out.

    Args:
        keypoints: (M, K, 2) in pixels.
        people: the truth.
        sigmas: of the K joints.
    """
    offsets = keypoints[:, None] - people.keypoints[None].astype(np.float64)
    labelled: Flags = people.visibility > 0
    boxes = people.boxes.astype(np.float64)
    sizes = boxes[:, 2:] - boxes[:, :2]
    places = keypoints[:, None] - _PIXEL
    before = np.maximum(0, (boxes[:, :2] - sizes)[None, :, None] - places)
    after = np.maximum(0, places - (boxes[:, 2:] + sizes)[None, :, None])
    nobody = ~people.is_marked
    offsets = np.where(nobody[None, :, None, None], before + after, offsets)
    counts = labelled | nobody[:, None]
    spread = (2 * np.asarray(sigmas, np.float64)) ** 2
    error = (offsets**2).sum(axis=-1) / spread / (people.areas.astype(np.float64) + _TINY)[None, :, None] / 2
    similar: Values = (np.exp(-error) * counts).sum(axis=-1) / np.maximum(counts.sum(axis=-1), 1)
    return similar


@dataclass(frozen=True)
class OksRow:
    """One image's predicted people against its true ones, at T thresholds.

    Attributes:
        scores: (M,) of predicted people, surest first, at most ``MOST_PEOPLE``.
        matched: (T, M) whether each found a true person.
        ignored: (T, M) whether each found one that is not counted: a crowd, or a person without labelled joints.
        truths: true people that count.
    """

    scores: Values
    matched: Flags
    ignored: Flags
    truths: int

    @classmethod
    def of(cls, similarity: Values, scores: Values, people: People) -> OksRow:
        """Each predicted person, surest first, takes the likest true one that is free; those that count come first.

        Args:
            similarity: (M, N) of :func:`object_keypoint_similarity`.
            scores: (M,).
        """
        best = np.argsort(-scores, kind="mergesort")[:MOST_PEOPLE]
        similarity, scores = similarity[best], scores[best]
        aside = people.is_crowd | ~people.is_marked
        order = np.argsort(aside, kind="mergesort")
        matched, ignored = (np.zeros((len(THRESHOLDS), len(scores)), np.bool_) for _ in range(2))
        for at, threshold in enumerate(THRESHOLDS):
            taken = np.zeros(len(aside), np.bool_)
            for person in range(len(scores)):
                truth = _likest(similarity[person], float(threshold), order, aside, taken & ~people.is_crowd)
                if truth is not None:
                    taken[truth] = True
                    matched[at, person], ignored[at, person] = True, aside[truth]
        return cls(scores, matched, ignored, int((~aside).sum()))

    def to_json(self) -> dict[str, object]:
        """Plain values: scores, and of each predicted person the number of thresholds at which it was matched."""
        return {
            "scores": [round(float(score), 6) for score in self.scores],
            "matched": self.matched.sum(axis=0).tolist(),
            "ignored": self.ignored.sum(axis=0).tolist(),
            "truths": self.truths,
        }


def _likest(
    similarity: Values, threshold: float, order: NDArray[np.int64], aside: Flags, taken: Flags
) -> int | None:
    """The true person for a predicted one; one that counts is never given up for one that does not."""
    least, found = min(threshold, 1 - 1e-10), None
    for truth in order.tolist():
        if taken[truth]:
            continue
        if found is not None and not aside[found] and aside[truth]:
            break
        if similarity[truth] >= least:
            least, found = similarity[truth], truth
    return found


@dataclass(frozen=True)
class OksCurve:
    """All images' rows together: scores by how often each image counts.

    Args:
        rows: of N images.
    """

    rows: Sequence[OksRow]

    def scores(self, counts: Values | None = None) -> dict[str, float]:
        """AP, AP50, AP75 and AR, as COCO has them; NaN without a true person.

        Args:
            counts: (N,) how often each image counts; once each if not given.
        """
        counts = np.ones(len(self.rows)) if counts is None else counts
        truths = float(counts @ np.array([row.truths for row in self.rows], np.float64))
        if not truths:
            return dict.fromkeys(OKS_SCORES, float("nan"))
        lengths = [len(row.scores) for row in self.rows]
        scores = np.concatenate([row.scores for row in self.rows])
        order = np.argsort(-scores, kind="mergesort")
        weight = np.repeat(counts, lengths)[order]
        matched = np.concatenate([row.matched for row in self.rows], axis=1)[:, order]
        ignored = np.concatenate([row.ignored for row in self.rows], axis=1)[:, order]
        precision, recall = np.zeros((len(THRESHOLDS), len(RECALLS))), np.zeros(len(THRESHOLDS))
        for at in range(len(THRESHOLDS)):
            right = np.cumsum(weight * (matched[at] & ~ignored[at]))
            wrong = np.cumsum(weight * (~matched[at] & ~ignored[at]))
            if not len(right):
                continue
            reached = right / truths
            share = right / (right + wrong + _TINY)
            share = np.maximum.accumulate(share[::-1])[::-1]
            places = np.searchsorted(reached, RECALLS, side="left")
            precision[at] = np.where(places < len(share), share[places.clip(max=len(share) - 1)], 0)
            recall[at] = reached[-1]
        return {
            "oks_ap": float(precision.mean()),
            "oks_ap50": float(precision[0].mean()),
            "oks_ap75": float(precision[5].mean()),
            "oks_ar": float(recall.mean()),
        }


OKS_SCORES = ("oks_ap", "oks_ap50", "oks_ap75", "oks_ar")


@dataclass(frozen=True)
class JointCounts:
    """Joints of true people, by joint: how many count, and how many were found.

    Attributes:
        right: (K,) of them within ``CLOSE`` of the torso.
        labelled: (K,) labelled joints of people whose torso is labelled.
        right_of_head, labelled_of_head: the same within ``CLOSE_OF_HEAD`` of the head.
        likeness: (P,) OKS of true people with labelled joints, in the truth's order, with the person that was predicted
            for each; 0 where none was.
        given_away: (K,) predicted joints that are another person's: near the same joint of another, not of their own.
        given: (K,) predicted joints of people that stand for a true one.
        marked: (K,) labelled joints of all people.
    """

    right: Values
    labelled: Values
    right_of_head: Values
    labelled_of_head: Values
    likeness: Values
    given_away: Values
    given: Values
    marked: Values

    @property
    def similarity(self) -> float:
        """The sum of ``likeness``."""
        return float(self.likeness.sum())

    @property
    def people(self) -> float:
        """True people with labelled joints."""
        return float(len(self.likeness))

    @classmethod
    def of(
        cls,
        keypoints: Values,
        found: Flags,
        people: People,
        sigmas: Sequence[float],
        torso: tuple[int, int] | None,
        head: tuple[int, int] | None,
    ) -> JointCounts:
        """Count one image: predicted and true people are paired by greatest OKS, each once.

        Args:
            keypoints: (M, K, 2) in pixels.
            found: (M, K) the joints that were predicted; others are wrong wherever they are.
            people: the truth; crowds are left out.
            torso, head: pairs of joints whose distance is the measure; None where there are none.
        """
        keep = scored_people(people)
        truth = people.keypoints[keep].astype(np.float64)
        labelled = people.visibility[keep] > 0
        similarity = object_keypoint_similarity(keypoints, people, sigmas)[:, keep]
        pairs = paired(similarity)
        joints = len(sigmas)
        distance = np.full((len(truth), joints), np.inf)
        likeness = np.zeros(len(truth))
        for predicted, true in pairs:
            likeness[true] = similarity[predicted, true]
            apart = np.hypot(*(keypoints[predicted] - truth[true]).T)
            distance[true] = np.where(found[predicted], apart, np.inf)
        right, counted = _within(distance, truth, labelled, torso, CLOSE)
        right_of_head, counted_of_head = _within(distance, truth, labelled, head, CLOSE_OF_HEAD)
        away, given = _given_away(keypoints, found, truth, labelled, pairs, torso)
        return cls(
            right,
            counted,
            right_of_head,
            counted_of_head,
            likeness,
            away,
            given,
            labelled.sum(axis=0).astype(np.float64),
        )

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "right": self.right.tolist(),
            "labelled": self.labelled.tolist(),
            "right_of_head": self.right_of_head.tolist(),
            "labelled_of_head": self.labelled_of_head.tolist(),
            "oks": round(self.similarity, 6),
            "people": self.people,
            "oks_by_person": [round(float(one), 6) for one in self.likeness],
            "given_away": self.given_away.tolist(),
            "given": self.given.tolist(),
            "marked": self.marked.tolist(),
        }


def scored_people(people: People) -> Flags:
    """(M,) the people who are scored one by one: with labelled joints, and no crowd."""
    return ~people.is_crowd & people.is_marked


def paired(similarity: Values) -> list[tuple[int, int]]:
    """Pairs of rows and columns by greatest similarity above 0, each once."""
    left = similarity.copy()
    found = []
    while left.size and left.max() > 0:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        found.append((int(row), int(column)))
        left[row], left[:, column] = 0, 0
    return found


def _within(
    distance: Values, truth: Values, labelled: Flags, ends: tuple[int, int] | None, share: float
) -> tuple[Values, Values]:
    """(K,) joints within a share of the distance between two joints, and (K,) all that are measured so."""
    if ends is None:
        return np.zeros(distance.shape[1]), np.zeros(distance.shape[1])
    one, other = ends
    length = np.hypot(*(truth[:, one] - truth[:, other]).T) if len(truth) else np.zeros(0)
    measured = labelled & (labelled[:, [one]] & labelled[:, [other]] & (length > 0)[:, None])
    right = measured & (distance <= share * length[:, None])
    return right.sum(axis=0).astype(np.float64), measured.sum(axis=0).astype(np.float64)


def _given_away(
    keypoints: Values,
    found: Flags,
    truth: Values,
    labelled: Flags,
    pairs: Sequence[tuple[int, int]],
    torso: tuple[int, int] | None,
) -> tuple[Values, Values]:
    """(K,) predicted joints within ``CLOSE`` of another's same joint but not of their own, and (K,) all predicted."""
    joints = keypoints.shape[1] if keypoints.ndim == 3 else found.shape[1]
    away, given = np.zeros(joints), np.zeros(joints)
    if torso is None:
        return away, given
    length = np.hypot(*(truth[:, torso[0]] - truth[:, torso[1]]).T)
    for predicted, own in pairs:
        apart = np.hypot(*np.moveaxis(keypoints[predicted][None] - truth, -1, 0))
        near = labelled & (apart <= CLOSE * length[:, None])
        others = np.delete(near, own, axis=0).any(axis=0)
        counts = found[predicted] & labelled[own]
        given += counts
        away += counts & others & ~near[own]
    return away, given

"""Poses as other tools read them: OpenPose's JSON, COCO's results, and plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pixelwise import files
from pixelwise.data.naming import number_of, stem_of
from pixelwise.skeleton import Skeleton
from pixelwise.tasks.pose.result import PoseResult
from pixelwise.types import CocoIds, Json, Window

BODY_25 = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow"),
    *("left_wrist", "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee"),
    *("left_ankle", "right_eye", "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe"),
    *("left_heel", "right_big_toe", "right_small_toe", "right_heel"),
)
"""OpenPose's order of joints (its documentation of outputs, BODY_25)."""
BETWEEN = {"neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip")}
"""Joints that OpenPose has in the middle of two others."""
PERSON = 1
"""COCO's category of people, where no data set says another."""
_REST = ("face", "hand_left", "hand_right")
PIXEL = 0.5
"""Both formats count pixels from 0; here a pixel's centre is at +0.5."""


def openpose(result: PoseResult, skeleton: Skeleton) -> Json:
    """OpenPose's output for one picture: of each person x, y and confidence of 25 joints in its order.

    Joints are found by the words of their names. What the skeleton lacks has the confidence 0; neck and middle of the
    hips are made of shoulders and hips.
    """
    places = skeleton.places_of(BODY_25)
    return {"version": 1.3, "people": [_openpose_person(result, places, i) for i in range(len(result))]}


def _openpose_person(result: PoseResult, places: Mapping[str, int], person: int) -> Json:
    points, sure = result.keypoints[person].astype(np.float64), result.confidences[person].astype(np.float64)
    found = {
        name: (float(points[at, 0]), float(points[at, 1]), float(sure[at]))
        for name, at in places.items()
        if sure[at] > 0
    }
    for name, ends in BETWEEN.items():
        if name not in found and all(end in found for end in ends):
            (x0, y0, c0), (x1, y1, c1) = (found[end] for end in ends)
            found[name] = ((x0 + x1) / 2, (y0 + y1) / 2, min(c0, c1))
    numbers: list[float] = []
    for name in BODY_25:
        x, y, confidence = found.get(name, (PIXEL, PIXEL, 0.0))
        numbers += [round(x - PIXEL, 3), round(y - PIXEL, 3), round(confidence, 6)]
    flat: Json = {f"{part}_keypoints_2d": [] for part in _REST}
    solid: Json = {f"{part}_keypoints_3d": [] for part in ("pose", *_REST)}
    return {"person_id": [-1], "pose_keypoints_2d": numbers, **flat, **solid}


def coco(result: PoseResult, ids: CocoIds, window: Window | None = None) -> list[Json]:
    """COCO's list of keypoint results for one picture.

    A joint that was not found has the confidence 0 and the place 0, 0, as it is scored.

    Args:
        ids: of the picture and of its people.
        window: the part of the picture that the result is of; None for all of it.
    """
    origin = np.zeros(2) if window is None else np.array([window.x0, window.y0], np.float64)
    points = result.with_unfound_at(PIXEL) - PIXEL + origin
    triples = np.concatenate([points, result.confidences[..., None]], axis=-1)
    return [
        {
            "image_id": ids.image,
            "category_id": ids.category,
            "keypoints": [round(float(number), 6) for number in person.ravel()],
            "score": float(score),
        }
        for person, score in zip(triples, result.scores, strict=True)
    ]


def ids_of(name: str) -> CocoIds:
    """Ids of the picture in a file of this name: the number that names it, else the name without an image's suffix."""
    number = number_of(name)
    return CocoIds(stem_of(PurePosixPath(name)) if number is None else number, PERSON)


def described(result: PoseResult, skeleton: Skeleton) -> list[Json]:
    """Of each person score, box, joints by name with confidence, and angles in degrees; a pixel's centre is at +0.5."""
    people = []
    for person, (box, angles) in enumerate(zip(result.boxes(), result.angles(skeleton), strict=True)):
        joints = {
            name: {
                "x": round(float(result.keypoints[person, at, 0]), 2),
                "y": round(float(result.keypoints[person, at, 1]), 2),
                "confidence": round(float(result.confidences[person, at]), 4),
            }
            for at, name in enumerate(skeleton.joints)
            if result.confidences[person, at] > 0
        }
        people.append(
            {
                "score": round(float(result.scores[person]), 4),
                "box": [round(float(edge), 2) for edge in box],
                "joints": joints,
                "angles": {name: round(value, 1) for name, value in angles.items()},
            }
        )
    return people


def write_json(path: Path, values: Any) -> None:
    """Write plain values, whole or not at all."""
    files.write_text(path, json.dumps(values, ensure_ascii=False) + "\n")

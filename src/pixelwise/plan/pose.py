"""How poses are learned: the frame, how wide joints are, and whether people are cut out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pixelwise.geometry import usual_frame
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.scale import EPOCHS, epochs_in
from pixelwise.recipe import Augment, PoseTask, Scale
from pixelwise.skeleton import Skeleton

CROP = 0.2
"""Margin around the only person of a picture, of the box's longer side: hands and feet reach beyond their joints."""
SINGLE_SIDE = 256
"""Root of the area of a frame that holds one person."""
SEVERAL_SIDES = (320, 384, 448, 512)
"""Likewise of several; the larger, the smaller people are."""
SMALLEST_PERSON = 64
"""Pixels of the frame that the root of the usual person's area should have, among several."""


@dataclass(frozen=True)
class PoseFacts:
    """What is known of the people in a data set.

    Attributes:
        skeleton: their joints.
        single: no picture shows more than one.
        share: root of the usual person's area, as a share of the root of the picture's.
    """

    skeleton: Skeleton
    single: bool
    share: float


@dataclass(frozen=True)
class PosePlan:
    """Frame, changes and task, and why."""

    scale: Scale
    augment: Augment
    task: PoseTask
    reasons: dict[str, str]


def plan_pose(known: Fingerprint, facts: PoseFacts) -> PosePlan:
    """One person fills a small frame; several need a larger one.

    Args:
        known: sizes are those of pictures cut by ``CROP`` where there is one person each.
    """
    side = SINGLE_SIDE if facts.single else _side(known, facts.share)
    size = usual_frame(known.sizes, side**2)
    joints = f"{len(facts.skeleton.joints)} joints, {len(facts.skeleton.limbs)} limbs"
    shown = (
        "one person a picture, cut out by the box"
        if facts.single
        else f"several people a picture, the usual one {facts.share:.0%} of its side".replace("%", " %")
    )
    return PosePlan(
        Scale(size=size, crop=CROP if facts.single else 0.0),
        # A mirror exchanges left and right, so it costs nothing; people bend any way, so turns teach.
        Augment(rotate=30.0, scale=1.3, shear=0.1, shift=0.08),
        PoseTask(skeleton=facts.skeleton, single=facts.single),
        {
            "scale": f"{size[1]}×{size[0]} (width × height): {shown}",
            "augment": "mirrored with left and right exchanged, turned by up to 30°",
            "tasks.pose": joints,
        },
    )


def _side(known: Fingerprint, share: float) -> int:
    """The smallest side in which the usual person is large enough and time is left for ``EPOCHS``."""
    chosen = SEVERAL_SIDES[0]
    for side in SEVERAL_SIDES[1:]:
        if chosen * share >= SMALLEST_PERSON or epochs_in(known, (side, side)) < EPOCHS:
            break
        chosen = side
    return chosen


def share_of(areas: list[float], pictures: list[float]) -> float:
    """Median root of people's share of their pictures; 0.3 where there are no people."""
    if not areas:
        return 0.3
    return float(np.median(np.sqrt(np.array(areas) / np.array(pictures))))

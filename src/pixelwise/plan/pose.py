"""How poses are learned: the frame, how wide joints are, and whether people are cut out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pixelwise.geometry import usual_frame
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.planning import NEAR_DECODERS, Asked, learning_rate
from pixelwise.plan.reasons import network_text
from pixelwise.plan.scale import EPOCHS, ScalePlan, as_asked, epochs_in
from pixelwise.recipe import Augment, DecoderName, Model, PoseTask, Scale
from pixelwise.skeleton import Skeleton
from pixelwise.types import People

CROP = 0.2
"""Margin around the only person of a picture, of the box's longer side: hands and feet reach beyond their joints."""
SINGLE_SIDES = (192, 256)
"""Root of the area of a frame that holds one person; the larger where pictures show more than the smaller holds."""
SEVERAL_SIDES = (320, 384, 448, 512)
"""Likewise of several; the larger, the smaller people are."""
SMALLEST_PERSON = 64
"""Pixels of the frame that the root of the usual person's area should have, among several."""
UPRIGHT = 45.0
"""Degrees that most people lean at most, where people stand …"""
TURNS = (30.0, 60.0)
"""… and by how much they are turned at random there, and elsewhere."""
TURNED_VIEW = 0.5
"""Of the degrees that training turns a picture of one person by: how far prediction turns it for further views."""
MOST = 0.75
"""Of people, that are most of them."""
COARSE: Mapping[DecoderName, Literal[4]] = {"fpn": 4, "deeplabv3plus": 4}
"""Strides of decoders whose fields are coarser than the task's default."""
NEAR_OF_POSE: tuple[DecoderName, ...] = (*NEAR_DECODERS, "fpn")
"""Decoders that bear a higher learning rate where joints are learned."""
SINGLE_MODEL = Model(decoder="fpn")
"""For one person a picture, where no other network is wished for."""
PLACE = 1.0
"""Weight of the loss of places where each joint is where it is warmest, so that only the order of heat counts."""
PLACE_BESIDE = 0.25
"""The same beside masks, whose losses are a few times smaller."""
CHOSEN = "joints need no fine fields, and it learns them in fewer passes than unet-hypercolumn"


@dataclass(frozen=True)
class PoseFacts:
    """What is known of the people in a data set.

    Attributes:
        skeleton: their joints.
        single: no picture shows more than one.
        share: root of the usual person's area, as a share of the root of the picture's.
        lean: degrees from upright that most people lean at most, 0–180; 0 where that is not known.
        masked: some pictures that show people have masks too.
    """

    skeleton: Skeleton
    single: bool
    share: float
    lean: float = 0.0
    masked: bool = False

    def is_cut(self, *, alone: bool) -> bool:
        """Whether pictures are cut to their only person.

        Not where masks are learned from them too: of whole pictures, as people predict, they are scored otherwise.

        Args:
            alone: no masks are learned beside the joints.
        """
        return self.single and (alone or not self.masked)


@dataclass(frozen=True)
class PosePlan:
    """Frame, changes, task and learning rate, and why.

    Attributes:
        mirror: whether pictures are mirrored, in words.
    """

    scale: Scale
    augment: Augment
    task: PoseTask
    learning_rate: float
    reasons: dict[str, str]
    mirror: str


def plan_pose(
    known: Fingerprint,
    facts: PoseFacts,
    network: Model,
    *,
    alone: bool = True,
    rotate: float | None = None,
    asked: Asked = Asked(),  # noqa: B008 - it is frozen
) -> PosePlan:
    """One person fills a small frame; several need a larger one.

    Args:
        known: sizes are those of pictures cut by ``CROP`` where they are cut.
        network: that learns.
        alone: no masks are learned beside the joints.
        rotate: degrees by which training turns pictures at random, where that is decided elsewhere.
        asked: what else is wished for.
    """
    cut = facts.is_cut(alone=alone)
    side = _single_side(known) if cut else _side(known, facts.share)
    size = usual_frame(known.sizes, side**2)
    shown = (
        "one person a picture, cut out by the box"
        if cut
        else f"{'one person' if facts.single else 'several people'} a picture, the usual one {facts.share:.0%} of its "
        "side"
    )
    if facts.single and not cut:
        shown += ", not cut out, since masks are learned from the same pictures"
    turn = TURNS[facts.lean > UPRIGHT]
    view = TURNED_VIEW * (turn if rotate is None else rotate) if facts.single else 0.0
    bent = f", as a quarter of the people lean by more than {facts.lean:.0f}°" if turn > TURNS[0] else ""
    chosen = (
        {"model": f"{network_text(network)}: {CHOSEN}"} if facts.single and network == SINGLE_MODEL else {}
    )
    mirror = _mirror(facts.skeleton)
    rate = learning_rate(network, NEAR_OF_POSE)
    stride = COARSE.get(network.decoder, PoseTask.model_fields["stride"].default)
    task = PoseTask(
        skeleton=facts.skeleton,
        single=facts.single,
        stride=stride,
        place=(PLACE if alone else PLACE_BESIDE) if facts.single else 0.0,
        turn=view,
    )
    planned = ScalePlan(
        Scale(size=size, crop=CROP if cut else 0.0),
        f"{size[1]}×{size[0]} (width × height): {shown}",
    )
    scale = as_asked(planned, asked.scale)
    return PosePlan(
        scale.scale,
        # Where a mirror exchanges left and right it costs nothing; people bend any way, so turns teach.
        unmirrored(Augment(rotate=turn, scale=1.3, shear=0.1, shift=0.08), facts.skeleton),
        task,
        rate,
        {
            "scale": scale.reason,
            "augment": f"{mirror}; turned by up to {turn:.0f}°{bent}",
            "tasks.pose": _learned(task, facts.skeleton, alone=alone),
            **chosen,
        },
        mirror,
    )


def _learned(task: PoseTask, skeleton: Skeleton, *, alone: bool) -> str:
    """Joints, limbs and the weights of their losses, in words."""
    joints, limbs = len(skeleton.joints), len(skeleton.limbs)
    affinity = f", affinity {task.affinity:g}" if limbs else ""
    why = "each joint is where its heat is greatest" if task.single else "every peak of heat may be a joint"
    less = "" if alone or not task.single else ", and the losses of masks beside it are smaller"
    views = f"; read off the picture as it is and turned by {task.turn:.0f}° either way" if task.turn else ""
    return (
        f"{joints} joint{'s' * (joints != 1)}, {limbs} limb{'s' * (limbs != 1)}; "
        f"heat {task.heat:g}{affinity}, place {task.place:g}: {why}{less}{views}"
    )


def unmirrored(augment: Augment, skeleton: Skeleton) -> Augment:
    """The changes, without mirrors where nobody said which joints these exchange."""
    return augment.model_copy(update={"hflip": 0.0, "vflip": 0.0}) if skeleton.sides_untold else augment


def _mirror(skeleton: Skeleton) -> str:
    if skeleton.sides_untold:
        return (
            "not mirrored, as no names of joints tell left from right; where a mirror exchanges none, "
            "--set augment.hflip=0.5, and where it does, tell which in tasks.pose.skeleton.partners as well"
        )
    return "mirrored" if len(skeleton.joints) == 1 else "mirrored with left and right exchanged"


def _single_side(known: Fingerprint) -> int:
    """The smallest side that shows all that the usual picture does."""
    sides = np.repeat([float(np.sqrt(h * w)) for h, w in known.sizes], list(known.sizes.values()))
    usual = float(np.median(sides))
    return next((side for side in SINGLE_SIDES if side >= usual), SINGLE_SIDES[-1])


def _side(known: Fingerprint, share: float) -> int:
    """The smallest side in which the usual person is large enough and time is left for ``EPOCHS``."""
    chosen = SEVERAL_SIDES[0]
    for side in SEVERAL_SIDES[1:]:
        if chosen * share >= SMALLEST_PERSON or epochs_in(known, Scale(size=(side, side))) < EPOCHS:
            break
        chosen = side
    return chosen


def share_of(areas: list[float], pictures: list[float]) -> float:
    """Median root of people's share of their pictures; 0.3 where there are no people."""
    if not areas:
        return 0.3
    return float(np.median(np.sqrt(np.array(areas) / np.array(pictures))))


def lean_of(people: Sequence[People], skeleton: Skeleton) -> float:
    """Degrees from upright, 0–180, that ``MOST`` people lean at most, from hips to shoulders; 0 where none tells."""
    trunk = skeleton.trunk()
    if trunk is None or not people:
        return 0.0
    points = np.concatenate([one.keypoints for one in people]).astype(np.float64)
    labelled = np.concatenate([one.visibility for one in people]) > 0
    hips, shoulders = (list(pair) for pair in trunk)
    told = labelled[:, hips + shoulders].all(axis=1)
    if not told.any():
        return 0.0
    x, y = (points[told][:, shoulders].mean(axis=1) - points[told][:, hips].mean(axis=1)).T
    return float(np.percentile(np.degrees(np.abs(np.arctan2(x, -y))), 100 * MOST))

"""What is learned from a data set: what was asked for, or what it is labelled for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.errors import DataError, RecipeError
from pixelwise.plan import PoseFacts, lean_of, share_of
from pixelwise.recipe import KINDS, PanopticTask, PoseTask, SemanticTask, TaskRecipe
from pixelwise.skeleton import Skeleton

MOST = 200
"""Samples that tell how large people are."""


def parse_tasks(text: str | None) -> tuple[str, ...]:
    """Names of tasks from "semantic" or "semantic,pose"; none from None.

    Raises:
        RecipeError: there is no such task, or it is named twice.
    """
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        if name not in KINDS:
            raise RecipeError(
                f"there is no task '{name}'; choose one of {', '.join(KINDS)} or semantic,pose."
            )
        if names.count(name) > 1:
            raise RecipeError(f"'{text}' names a task twice; give each once.")
    if len(set(names) - {"pose"}) > 1:
        raise RecipeError(f"'{text}' names two ways to divide a picture; give one of them, or semantic,pose.")
    if len(names) > 1 and "semantic" not in names:
        raise RecipeError(
            f"'{text}' are not learned together: beside pose there can be semantic alone; give semantic,pose or one "
            "of them."
        )
    return tuple(sorted(names, key=KINDS.index))  # the first one's headline is the model's


def tasks_for(dataset: Dataset, wished: Sequence[str]) -> tuple[str, ...]:
    """Names of the tasks that are wished for, or else of what the data is labelled for.

    Raises:
        DataError: the data has no labels for one of them, or stuff that it would pass over.
    """
    joints, masks = dataset.skeleton is not None, dataset.skeleton is None or dataset.has_masks
    things, stuff = dataset.labels.things, dataset.labels.stuff
    areas = "semantic" if not things else "panoptic" if stuff else "instance"
    names = tuple(wished) or (*[areas] * masks, *["pose"] * joints)
    if "pose" in names and not joints:
        raise DataError(
            f"{dataset.root} has no joints to learn a pose from; give data with COCO keypoints, or another --task."
        )
    if set(names) - {"pose"} and not masks:
        raise DataError(f"{dataset.root} has joints but no masks; ask for --task pose.")
    if "instance" in names and stuff:
        raise DataError(
            f"{dataset.root} has stuff beside things, such as {dataset.labels.classes[stuff[0]]}, and --task instance "
            "finds things alone; use --task panoptic, which finds both."
        )
    return names


def tasks_named(names: Sequence[str], skeleton: Skeleton | None = None) -> dict[str, TaskRecipe]:
    """The tasks of these names, with their default losses; the pose is of ``skeleton``."""
    made: dict[str, TaskRecipe] = {
        "semantic": SemanticTask(),
        "instance": PanopticTask(kind="instance"),
        "panoptic": PanopticTask(kind="panoptic"),
        "pose": PoseTask(skeleton=skeleton),
    }
    return {name: made[name] for name in names}


def pose_facts(dataset: Dataset) -> PoseFacts:
    """What a plan has to know of the people of a data set, by its training samples."""
    assert dataset.skeleton is not None
    samples = dataset.split("train").samples
    several = any(sample.people is not None and len(sample.people) > 1 for sample in dataset.samples)
    nobody = any(sample.people is not None and not len(sample.people) for sample in dataset.samples)
    shown = [
        (float(area), float(np.prod(image_size(sample.image))))
        for sample in samples[:MOST]
        if sample.people is not None
        for area, crowd, seen in zip(
            sample.people.areas, sample.people.is_crowd, sample.people.is_marked, strict=True
        )
        if seen and not crowd and area > 0
    ]
    share = share_of([area for area, _ in shown], [picture for _, picture in shown])
    lean = lean_of([sample.people for sample in samples if sample.people is not None], dataset.skeleton)
    masked = any(sample.people is not None and "mask" in sample.labels for sample in dataset.samples)
    return PoseFacts(dataset.skeleton, not several and not nobody, share, lean, masked)

"""The best score that a scale allows: what is left of a label that went through its frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from pixelwise.geometry import Frame, resize
from pixelwise.recipe import Scale
from pixelwise.tasks import AnyTask
from pixelwise.tiling import Tiling
from pixelwise.types import Label, LabelBatch


def ceiling(task: AnyTask, labels: Sequence[Label], scale: Scale, stride: int = 2) -> float:
    """Mean headline score of labels made small, as a perfect network's fields would be, and large again; 0–1.

    NaN where no label has anything that is scored.

    Args:
        labels: of some images, at the images' own sizes.
        stride: the frame's sides over those of the network's result.
    """
    scores = [_score(task, label, Tiling.of(label.size, scale).canvas, stride) for label in labels]
    defined = [score for score in scores if not np.isnan(score)]
    return float(np.mean(defined)) if defined else float("nan")


def _score(task: AnyTask, label: Label, frame: Frame, stride: int) -> float:
    batch = LabelBatch({name: torch.from_numpy(np.array(ids))[None] for name, ids in label.maps.items()})
    values = {}
    for field, (target, _weight) in task.targets(batch).items():
        small = tuple(max(1, side // stride) for side in frame.content_size)
        through = resize(resize(target, frame.content_size), (small[0], small[1]))
        values[field] = resize(resize(through, frame.content_size), label.size)[0].numpy()
    row = task.row(task.decode(values, task.default_settings()), label)
    return task.headline_score(row)

"""Images of many discs and ellipses that touch, as labels and as fields that a perfect network gives."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.recipe import PanopticTask as Recipe
from pixelwise.tasks import PanopticTask
from pixelwise.types import CLASSES, INSTANCES, Label, LabelBatch

CELLS = Labels(classes=("background", "cell"), things=(1,))


def task(labels: Labels = CELLS) -> PanopticTask:
    return PanopticTask(labels, Recipe(kind="panoptic" if labels.stuff else "instance"))


def discs(size: int, count: int, seed: int = 0, radius: tuple[float, float] = (4, 12)) -> Label:
    """Discs that touch but leave of each other what lies on top, drawn within their boxes."""
    rng = np.random.default_rng(seed)
    instances = np.zeros((size, size), np.int32)
    for number in range(1, count + 1):
        r, (cy, cx) = rng.uniform(*radius), rng.uniform(0, size, 2)
        y0, x0 = max(0, int(cy - r) - 1), max(0, int(cx - r) - 1)
        y, x = np.mgrid[y0 : min(size, int(cy + r) + 2), x0 : min(size, int(cx + r) + 2)]
        part = instances[y0 : y0 + y.shape[0], x0 : x0 + x.shape[1]]
        part[(np.hypot(y - cy, x - cx) < r) & (part == 0)] = number
    return labelled(instances)


def labelled(instances: NDArray[np.int32]) -> Label:
    return Label({CLASSES: (instances > 0).astype(np.uint8), INSTANCES: instances})


def batch(*labels: Label) -> LabelBatch:
    names = labels[0].maps
    return LabelBatch(
        {name: torch.stack([torch.from_numpy(np.array(one.maps[name])) for one in labels]) for name in names}
    )


def fields(label: Label, labels: Labels = CELLS) -> dict[str, NDArray[np.float32]]:
    """What the fields should be, (C, H, W) each."""
    targets = task(labels).targets(batch(label))
    return {name: target[0].numpy().astype(np.float32) for name, (target, _) in targets.items()}

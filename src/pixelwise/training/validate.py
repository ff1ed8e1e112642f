"""Scoring a network on frames while it trains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pixelwise.data.frames import Frames
from pixelwise.geometry import Frame, resize
from pixelwise.metrics.ratio import mean_of_defined
from pixelwise.prediction import activate, normalise
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.candidates import ImageScores
from pixelwise.types import Field

MOST = 256
"""Enough to tell moments of a training apart."""


@torch.inference_mode()
def validate(
    network: nn.Module, tasks: Mapping[str, AnyTask], frames: Frames, recipe: Recipe, fabric: Fabric
) -> ImageScores:
    """Headline scores of frames, at the frame's size with default settings, 0–1; the mean over several tasks.

    Of more than ``MOST`` as many are taken, evenly spaced. It compares moments of one training; scores for
    people come from ``evaluate``, at each image's own size.
    """
    network.eval()
    whole = Frame.fit(recipe.scale.size, recipe.scale.size)
    scores: dict[str, list[float]] = {name: [] for name in tasks}
    for part in torch.split(torch.tensor(spread(len(frames))), recipe.train.batch_size):
        pixels, labels = frames.batch(part)
        images = normalise(fabric.to_device(pixels), recipe.values)
        with fabric.autocast():
            outputs = network(images.contiguous(memory_format=torch.channels_last))
        for name, task in tasks.items():
            values = {
                field.name: activate(_framed(outputs[name][field.name].float(), field, recipe), field, dim=1)
                for field in task.fields()
            }
            for index in range(len(part)):
                of_image = {field: value[index].cpu().numpy() for field, value in values.items()}
                result = task.placed(task.decode(of_image, task.default_settings()), whole)
                row = task.row(result, labels[index])
                scores[name].append(task.headline_score(row))
    # Where a set's images are labelled for one task or another, each counts by what it has.
    return mean_of_defined(np.array(list(scores.values()), np.float64).T)


def _framed(logits: Tensor, field: Field, recipe: Recipe) -> Tensor:
    return logits if field.points else resize(logits, recipe.scale.size)


def spread(count: int) -> list[int]:
    """Indices of what is scored: all, or ``MOST`` evenly spaced ones."""
    return list(range(count)) if count <= MOST else [index * count // MOST for index in range(MOST)]

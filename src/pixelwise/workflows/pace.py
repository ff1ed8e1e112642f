"""How fast this computer trains a network: measured, since a plan for a budget hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from lightning_fabric import Fabric

from pixelwise.data.dataset import Dataset
from pixelwise.memory import keep_freed_memory
from pixelwise.models import Outputs, build_model
from pixelwise.recipe import Model, TaskRecipe
from pixelwise.tasks import build_task
from pixelwise.training import Pace, measure_pace

BATCH, SIDE = 8, 224
"""Images of a step, and their sides, that are timed."""


def pace_of(model: Model, dataset: Dataset, tasks: Mapping[str, TaskRecipe]) -> Pace:
    """The faster arithmetic for a network, and the seconds of a step of ``BATCH`` images of ``SIDE`` × ``SIDE`` pixels.

    Takes two or three seconds with the default network on two cores.

    Args:
        model: encoder and decoder.
        dataset: says how many channels, classes and joints there are.
        tasks: by name; the network has their heads.
    """
    keep_freed_memory()
    channels = dataset.pixel_format.channels
    built = {name: build_task(task, dataset.labels) for name, task in tasks.items()}
    fields = {name: task.fields() for name, task in built.items()}
    network = build_model(model, fields, pretrained=False, channels=channels)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.zeros(BATCH, channels, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    return measure_pace(network, lambda model, fabric: _step(model, images, fabric))


def _step(model: torch.nn.Module, images: torch.Tensor, fabric: Fabric) -> None:
    """Forward and backward: nearly all of a step, whatever the loss."""
    outputs: Outputs = model(fabric.to_device(images))
    parts = [values.square().mean() for task in outputs.values() for values in task.values()]
    fabric.backward(torch.stack(parts).sum())

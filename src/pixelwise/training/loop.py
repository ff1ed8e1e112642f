"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor

from pixelwise.data.augment import augment
from pixelwise.data.frames import Frames
from pixelwise.errors import RecipeError
from pixelwise.geometry import resize
from pixelwise.models import Network
from pixelwise.prediction import normalise
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.candidates import Candidates
from pixelwise.training.length import Length
from pixelwise.training.optimiser import averaged, build_optimiser, set_rate
from pixelwise.training.recorder import Recorder
from pixelwise.types import LabelBatch, LogRow


@dataclass(frozen=True)
class Step:
    """What a progress bar shows after a batch.

    Attributes:
        progress: share of training done, 0–1.
        loss: of the last batch.
        row: the log row that was just completed, if one was.
    """

    progress: float
    loss: float
    row: LogRow | None


def fit(
    network: Network,
    tasks: Mapping[str, AnyTask],
    training: Frames,
    validation: Frames | None,
    recipe: Recipe,
    length: Length,
    fabric: Fabric,
    on_step: Callable[[Step], None],
    stopped: Callable[[], bool],
) -> Candidates:
    """Train ``network``; the candidates among which validation chooses.

    At least one batch is taken, and the last one always completes a log row.

    Args:
        training, validation: decoded frames; validation only selects.
        length: when training ends; the schedule follows it.
        on_step: called after every batch.
        stopped: asked after every batch; True ends training early.
    """
    optimiser = build_optimiser(network, recipe.train)
    model, optimiser = fabric.setup(network.train(), optimiser)
    average = averaged(network, recipe.train.averaging)
    recorder = Recorder(average.module, len(training), tasks, validation, recipe, fabric)
    generator = torch.Generator().manual_seed(recipe.seed)
    for step, indices in enumerate(batches(len(training), recipe.train.batch_size, recipe.seed), start=1):
        rate = set_rate(optimiser, recipe.train, length.progress(step - 1))
        loss = total_loss(model, tasks, training, indices, recipe, generator, fabric)
        fabric.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        average.update_parameters(network)
        recorder.add(value := finite(loss.item(), step))
        progress = length.progress(step)
        done = progress >= 1 or stopped()
        row = recorder.row(step, progress, rate) if done or recorder.is_due(progress) else None
        on_step(Step(progress, value, row))
        if done:
            break
    recorder.candidates.finish(average.module)
    return recorder.candidates


def total_loss(
    model: Callable[[Tensor], dict[str, dict[str, Tensor]]],
    tasks: Mapping[str, AnyTask],
    frames: Frames,
    indices: Tensor,
    recipe: Recipe,
    generator: Generator,
    fabric: Fabric,
) -> Tensor:
    """Sum of all tasks' losses on one augmented batch: a scalar."""
    pixels, labels = to_device(frames.batch(indices), fabric)
    images, labels = augment(
        normalise(pixels, recipe.values), labels, recipe.augment, recipe.values, generator
    )
    outputs = model(images.contiguous(memory_format=torch.channels_last))
    parts: list[Tensor] = []
    for name, task in tasks.items():
        logits = {field: resize(values, recipe.scale.size) for field, values in outputs[name].items()}
        parts += task.loss(logits, task.targets(labels)).values()
    return torch.stack(parts).sum()


def to_device(batch: tuple[Tensor, LabelBatch], fabric: Fabric) -> tuple[Tensor, LabelBatch]:
    """A batch where the network is."""
    images, labels = batch
    moved: tuple[Tensor, dict[str, Tensor]] = fabric.to_device((images, dict(labels.maps)))
    return moved[0], LabelBatch(moved[1])


def finite(loss: float, step: int) -> float:
    """The loss given; :class:`RecipeError` if it is infinite or no number, since nothing can be learned from there."""
    if not math.isfinite(loss):
        raise RecipeError(f"the loss is no number any more after {step} steps; lower train.learning_rate.")
    return loss


def batches(count: int, size: int, seed: int) -> Iterator[Tensor]:
    """Indices of batches without end: every image once per pass, in an order drawn anew for each pass."""
    generator = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, generator.permutation(count)])
        batch, waiting = waiting[:size], waiting[size:]
        yield torch.from_numpy(batch)

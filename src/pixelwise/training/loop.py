"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor

from pixelwise.data.augment import augment
from pixelwise.data.frames import Frames
from pixelwise.geometry import resize
from pixelwise.models import Network
from pixelwise.prediction import normalise
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.candidates import Candidates, ImageScores
from pixelwise.training.length import Length
from pixelwise.training.optimiser import averaged, build_optimiser, set_rate
from pixelwise.training.validate import validate
from pixelwise.types import LogRow

LOG_ROWS = 16
"""Rows in ``log.csv``, each with a validation, spread evenly over training."""


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

    Args:
        training, validation: decoded frames; validation only selects.
        length: when training ends; the schedule follows it.
        on_step: called after every batch.
        stopped: asked before every batch; True ends training early.
    """
    optimiser = build_optimiser(network, recipe.train)
    model, optimiser = fabric.setup(network.train(), optimiser)
    average = averaged(network, recipe.train.averaging)
    generator = torch.Generator().manual_seed(recipe.seed)
    candidates, losses, begin, step = Candidates(), [], time.monotonic(), 0
    for indices in batches(len(training), recipe.train.batch_size, recipe.seed):
        progress = length.progress(step)
        if progress >= 1 or stopped():
            break
        rate = set_rate(optimiser, recipe.train, progress)
        loss = total_loss(model, tasks, training, indices, recipe, generator, fabric)
        fabric.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        step, row = step + 1, None
        if int(length.progress(step) * LOG_ROWS) > int(progress * LOG_ROWS):
            scores = validate(average.module, tasks, validation, recipe, fabric) if validation else None
            epoch, score = step * recipe.train.batch_size // len(training), mean_defined(scores)
            row = LogRow(epoch, step, time.monotonic() - begin, float(np.mean(losses)), rate, score)
            candidates.offer(average.module, row, scores)
            losses = []
        on_step(Step(length.progress(step), losses[-1] if losses else float(loss.detach()), row))
    candidates.finish(average.module)
    return candidates


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
    pixels, ids = fabric.to_device((frames.images[indices], frames.ids[indices]))
    images, ids = augment(normalise(pixels, recipe.values), ids, recipe.augment, recipe.values, generator)
    outputs = model(images.contiguous(memory_format=torch.channels_last))
    parts: list[Tensor] = []
    for name, task in tasks.items():
        logits = {field: resize(values, recipe.scale.size) for field, values in outputs[name].items()}
        parts += task.loss(logits, task.targets(ids)).values()
    return torch.stack(parts).sum()


def mean_defined(scores: ImageScores | None) -> float | None:
    """Mean of the scores that are not NaN; None where there are none."""
    if scores is None or np.isnan(scores).all():
        return None
    return float(np.nanmean(scores))


def batches(count: int, size: int, seed: int) -> Iterator[Tensor]:
    """Indices of batches without end: every image once per pass, in an order drawn anew for each pass."""
    generator = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, generator.permutation(count)])
        batch, waiting = waiting[:size], waiting[size:]
        yield torch.from_numpy(batch)

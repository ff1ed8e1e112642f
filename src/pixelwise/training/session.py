"""A training under way: everything that changes from step to step, and how to keep it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Generator, Tensor

from pixelwise.data.augment import augment
from pixelwise.data.frames import Frames
from pixelwise.errors import RecipeError
from pixelwise.geometry import resize_logits
from pixelwise.models import Network
from pixelwise.prediction import normalise
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask
from pixelwise.training.checkpoint import Snapshot
from pixelwise.training.optimiser import averaged, build_optimiser, set_rate
from pixelwise.training.order import BatchOrder
from pixelwise.training.recorder import Recorder
from pixelwise.types import LabelBatch, LogRow


class Session:
    """Network, optimiser, averages, order of images, randomness, candidates and log.

    Args:
        network: frozen as the recipe says.
        training, validation: decoded frames; validation only selects.
        wanted: groups of training frames for ``train.oversample``.

    Attributes:
        step: batches so far.
    """

    def __init__(
        self,
        network: Network,
        tasks: Mapping[str, AnyTask],
        training: Frames,
        validation: Frames | None,
        recipe: Recipe,
        fabric: Fabric,
        wanted: Sequence[NDArray[np.int64]] = (),
    ) -> None:
        self.network, self.tasks, self.frames = network, tasks, training
        self.recipe, self.fabric, self.step, self.rate = recipe, fabric, 0, 0.0
        self._frozen = recipe.train.frozen
        self.optimiser = build_optimiser(network, recipe.train)
        self.model, self._stepping = fabric.setup(network.train(), self.optimiser)
        self.average = averaged(network, recipe.train.averaging)
        self.recorder = Recorder(self.average.module, len(training), tasks, validation, recipe, fabric)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.order = BatchOrder(
            len(training), recipe.train.batch_size, recipe.seed, wanted, recipe.train.oversample
        )

    def advance(self, progress: float) -> float:
        """Learn from the next batch, by the schedule's rate at ``progress``; returns its loss.

        Raises:
            RecipeError: the loss is infinite or no number.
        """
        self.rate = set_rate(self.optimiser, self.recipe.train, progress)
        self._freeze(progress)
        # A predictor made of the network, to measure what evaluating will take, has put it into evaluation.
        self.network.train()
        loss = total_loss(
            self.model, self.tasks, self.frames, next(self.order), self.recipe, self.generator, self.fabric
        )
        self.fabric.backward(loss)
        self._stepping.step()
        self._stepping.zero_grad()
        self.average.update_parameters(self.network)
        self.step += 1
        value = finite(loss.item(), self.step)
        self.recorder.add(value)
        return value

    def _freeze(self, progress: float) -> None:
        """Let one feature's layers more stay as they came, until the recipe has them learn too."""
        train = self.recipe.train
        features = train.frozen + (progress < train.thaw)
        if features != self._frozen:
            self.network.freeze(features)
            self._frozen = features

    def record(self, progress: float) -> LogRow:
        """A log row of all since the one before, with a validation of the averaged weights."""
        return self.recorder.row(self.step, progress, self.rate)

    def snapshot(self) -> Snapshot:
        """All of it, sharing memory with what goes on changing: write it before the next step."""
        recorder, numbers = self.recorder.state()
        tensors = {
            **_named("network", self.network.state_dict()),
            **_named("average", self.average.state_dict()),
            **_named("optimiser", self._moments()),
            **_named("recorder", recorder),
            "generator": self.generator.get_state(),
        }
        return Snapshot(
            tensors, {"step": self.step, "rate": self.rate, "order": self.order.state(), "recorder": numbers}
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Become what a :meth:`snapshot` holds: the steps that follow are the same to the bit."""
        self.network.load_state_dict(snapshot.under("network"))
        self.average.load_state_dict(snapshot.under("average"))
        self._set_moments(snapshot.under("optimiser"))
        self.generator.set_state(snapshot.tensors["generator"])
        self.step, self.rate = snapshot.numbers["step"], snapshot.numbers["rate"]
        self.order.restore(snapshot.numbers["order"])
        self.recorder.restore(snapshot.under("recorder"), snapshot.numbers["recorder"])

    def _parameters(self) -> list[Tensor]:
        return [one for group in self.optimiser.param_groups for one in group["params"]]

    def _moments(self) -> dict[str, Tensor]:
        """What AdamW keeps of every parameter, by the parameter's place."""
        return {
            f"{place}.{name}": value
            for place, parameter in enumerate(self._parameters())
            for name, value in self.optimiser.state[parameter].items()
        }

    def _set_moments(self, moments: Mapping[str, Tensor]) -> None:
        for place, parameter in enumerate(self._parameters()):
            prefix = f"{place}."
            for name, value in moments.items():
                if name.startswith(prefix):
                    # The fused kernel takes parameter and moments to lie alike in memory: channels last.
                    kept = torch.empty_like(parameter) if value.ndim else torch.empty_like(value)
                    kept = kept.detach().copy_(value)
                    self.optimiser.state[parameter][name.removeprefix(prefix)] = kept


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
        targets = task.targets(labels)
        # Most tasks learn at the frame's size, some at a stride of it.
        logits = {
            field: resize_logits(values, (targets[field][0].shape[-2], targets[field][0].shape[-1]))
            for field, values in outputs[name].items()
        }
        parts += task.loss(logits, targets).values()
    return torch.stack(parts).sum()


def to_device(batch: tuple[Tensor, LabelBatch], fabric: Fabric) -> tuple[Tensor, LabelBatch]:
    """A batch where the network is."""
    images, labels = batch
    moved: tuple[Tensor, dict[str, Tensor]] = fabric.to_device((images, dict(labels.maps)))
    return moved[0], LabelBatch(moved[1], labels.people)


def finite(loss: float, step: int) -> float:
    """The loss given; :class:`RecipeError` if it is infinite or no number, since nothing can be learned from there."""
    if not math.isfinite(loss):
        raise RecipeError(f"the loss is no number any more after {step} steps; lower train.learning_rate.")
    return loss


def _named(prefix: str, tensors: Mapping[str, Any]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": one for name, one in tensors.items()}

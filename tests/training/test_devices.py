"""A training step on another device than the one that holds the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from lightning_fabric import Fabric

from pixelwise.data.cache import Cache
from pixelwise.data.synthetic import write_lesions
from pixelwise.training import total_loss
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe
from pixelwise.workflows.wishes import Wishes


class Elsewhere:
    """Moves batches to PyTorch's device without memory, which refuses the CPU's tensors as a GPU does."""

    def to_device(self, batch: tuple[torch.Tensor, dict[str, torch.Tensor]]) -> Any:
        images, maps = batch
        return images.to("meta"), {name: one.to("meta") for name, one in maps.items()}


def test_nothing_of_a_step_stays_on_the_cpu(tmp_path: Path) -> None:
    data = open_data(write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128)))
    losses = ("cross_entropy", "dice", "focal", "tversky", "squared_error")
    wishes = Wishes(epochs=1, settings={f"tasks.semantic.{name}": 1.0 for name in losses})
    recipe = complete_recipe(wishes, data, Listener())
    session = prepare(data, recipe, Listener(), Cache(tmp_path / "cache")).session()
    network = session.network.to("meta")
    loss = total_loss(
        network,
        session.tasks,
        session.frames,
        next(session.order),
        session.recipe,
        session.generator,
        cast(Fabric, Elsewhere()),
    )
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.device.type == "meta"
    assert {one.grad.device.type for one in network.parameters() if one.grad is not None} == {"meta"}
    with pytest.raises(RuntimeError, match="device"):
        loss + torch.zeros(3)

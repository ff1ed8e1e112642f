"""Schedule, groups and averaging, in numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from tests.networks import tiny_predictor
from torch import nn

from pixelwise.recipe import Train
from pixelwise.training.optimiser import FINAL_RATE, averaged, build_optimiser, rate_at, set_rate


@pytest.mark.parametrize(
    ("progress", "rate"),
    [
        (0.0, FINAL_RATE),
        (0.05, 0.5),  # half of the warm-up
        (0.1, 1.0),
        (0.55, (1 + FINAL_RATE) / 2),  # half of the cosine
        (1.0, FINAL_RATE),
    ],
)
def test_warm_up_then_cosine(progress: float, rate: float) -> None:
    assert rate_at(progress, warmup=0.1) == pytest.approx(rate)


def test_no_warm_up() -> None:
    assert rate_at(0.0, warmup=0.0) == pytest.approx(1.0)


def test_every_parameter_is_in_one_group_and_norms_do_not_decay() -> None:
    network = tiny_predictor().network
    optimiser = build_optimiser(network, Train(epochs=1, weight_decay=0.1, encoder_rate=0.25))
    grouped = [id(p) for group in optimiser.param_groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in network.parameters())
    for group in optimiser.param_groups:
        assert {p.ndim > 1 for p in group["params"]} == {group["weight_decay"] > 0}
    set_rate(optimiser, Train(epochs=1, learning_rate=0.01, encoder_rate=0.25, warmup=0.0), 0.0)
    encoder = {id(p) for p in network.encoder.parameters()}
    for group in optimiser.param_groups:
        expected = 0.0025 if id(group["params"][0]) in encoder else 0.01
        assert group["lr"] == pytest.approx(expected)


def test_average_is_short_at_first_and_then_of_the_decay() -> None:
    network = nn.BatchNorm1d(1)
    average = averaged(network, decay=0.5)
    values = [1.0, 3.0, 5.0, 7.0]
    for value in values:
        nn.init.constant_(network.weight, value)
        network.running_mean.fill_(value)  # type: ignore[union-attr]
        network.num_batches_tracked.fill_(int(value))  # type: ignore[union-attr]
        average.update_parameters(network)
    # Decays: first copy, then min(0.5, (1 + n) / (10 + n)) for n = 1, 2, 3.
    expected = values[0]
    for count, value in zip((1, 2, 3), values[1:], strict=True):
        decay = min(0.5, (1 + count) / (10 + count))
        expected = decay * expected + (1 - decay) * value
    module = average.module
    assert isinstance(module, nn.BatchNorm1d)
    assert module.weight.item() == pytest.approx(expected)
    assert module.running_mean is not None
    assert module.running_mean.item() == pytest.approx(expected)
    assert module.num_batches_tracked is not None
    assert int(module.num_batches_tracked) == 7  # a counter has no average
    assert torch.equal(network.weight, torch.tensor([7.0]))

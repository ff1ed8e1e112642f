"""Which arithmetic is the faster, on a clock of the test's own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
import torch
from lightning_fabric import Fabric

from pixelwise.training.precision import ArithmeticName, Pace, measure_pace

Costs = dict[ArithmeticName, list[float]]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Costs], tuple[Pace, int]]:
    """What is chosen where steps take so long, the last value for ever; and how many steps are taken."""

    def choose(costs: Costs) -> tuple[Pace, int]:
        clock, steps = 0.0, 0
        waiting = {
            name: itertools.chain(values, itertools.repeat(values[-1])) for name, values in costs.items()
        }

        def step(model: torch.nn.Module, fabric: Fabric) -> None:
            nonlocal clock, steps
            half = fabric._precision.precision == "bf16-mixed"
            clock += next(waiting["bf16-mixed" if half else "32-true"])
            steps += 1

        monkeypatch.setattr(time, "perf_counter", lambda: clock)
        return measure_pace(torch.nn.Linear(1, 1), step), steps

    return choose


def test_the_first_step_does_not_count(chosen: Callable[[Costs], tuple[Pace, int]]) -> None:
    assert chosen({"bf16-mixed": [90.0, 1.0], "32-true": [5.0, 1.3]})[0] == Pace("bf16-mixed", 1.0)


def test_another_program_misleads_nobody(chosen: Callable[[Costs], tuple[Pace, int]]) -> None:
    assert chosen({"bf16-mixed": [1.0, 2.4, 2.3, 2.4, 1.0], "32-true": [1.5]})[0] == Pace("bf16-mixed", 1.0)
    assert chosen({"bf16-mixed": [1.5], "32-true": [1.0, 2.4, 1.0, 2.4]})[0] == Pace("32-true", 1.0)


def test_a_slow_network_takes_one_round(chosen: Callable[[Costs], tuple[Pace, int]]) -> None:
    assert chosen({"bf16-mixed": [6.0], "32-true": [5.0]}) == (Pace("32-true", 5.0), 4)


def test_what_is_clear_takes_one_round(chosen: Callable[[Costs], tuple[Pace, int]]) -> None:
    assert chosen({"bf16-mixed": [60.0], "32-true": [2.0]}) == (Pace("32-true", 2.0), 4)

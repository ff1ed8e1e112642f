"""Which arithmetic is fastest here, and how fast: found by taking a few steps, not by the processor's name."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from lightning_fabric import Fabric

ArithmeticName = Literal["bf16-mixed", "32-true"]
ROUNDS = 4
"""Steps that each is timed for; the fastest counts, since other programs only ever make a step slower."""
CLEAR = 2.0
"""One that is so many times as fast needs no further round."""
PATIENCE = 20.0
"""Seconds after which no further round begins: a large network's budget is better spent on training it."""

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we say ourselves which arithmetic is used


@dataclass(frozen=True)
class Pace:
    """The faster arithmetic, and what a step took with it.

    Attributes:
        precision: name of the arithmetic.
        seconds: of one step, at best.
    """

    precision: ArithmeticName
    seconds: float


def build_fabric(precision: ArithmeticName) -> Fabric:
    """One device – a CUDA GPU where there is one, else the CPU – and the precision given."""
    return Fabric(accelerator="cuda" if torch.cuda.is_available() else "cpu", devices=1, precision=precision)


def measure_pace(network: torch.nn.Module, step: Callable[[torch.nn.Module, Fabric], None]) -> Pace:
    """The faster of bfloat16 autocast and float32, measured on a copy of ``network``.

    Args:
        step: takes one training step with the network and the fabric that it is given.
    """
    trials = {name: _trial(name, network) for name in get_args(ArithmeticName)}
    best: dict[ArithmeticName, float] = dict.fromkeys(trials, float("inf"))
    begun = time.perf_counter()
    for turn in range(ROUNDS + 1):
        for name, (model, fabric) in trials.items():
            begin = time.perf_counter()
            step(model, fabric)
            _wait_for(fabric)
            if turn:  # the first step prepares kernels and memory
                best[name] = min(best[name], time.perf_counter() - begin)
        is_clear = max(best.values()) > CLEAR * min(best.values())
        if turn and (is_clear or time.perf_counter() - begun > PATIENCE):
            break
    precision = min(best, key=lambda name: best[name])
    return Pace(precision, best[precision])


def _trial(name: ArithmeticName, network: torch.nn.Module) -> tuple[torch.nn.Module, Fabric]:
    fabric = build_fabric(name)
    return fabric.setup_module(copy.deepcopy(network).train()), fabric


def _wait_for(fabric: Fabric) -> None:
    if fabric.device.type == "cuda":
        torch.cuda.synchronize()  # a GPU works on after the call returns

"""Which arithmetic is fastest here: found by taking a few steps, not by the processor's name."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from typing import Literal

import torch
from lightning_fabric import Fabric

ArithmeticName = Literal["bf16-mixed", "32-true"]

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we say ourselves which arithmetic is used


def build_fabric(precision: ArithmeticName) -> Fabric:
    """One device – a CUDA GPU where there is one, else the CPU – and the precision given."""
    return Fabric(accelerator="cuda" if torch.cuda.is_available() else "cpu", devices=1, precision=precision)


def choose_precision(
    network: torch.nn.Module, step: Callable[[torch.nn.Module, Fabric], None]
) -> ArithmeticName:
    """The faster of bfloat16 autocast and float32, measured on a copy of ``network``.

    Args:
        step: takes one training step with the network and the fabric that it is given.
    """
    times: dict[ArithmeticName, float] = {}
    for name in ("bf16-mixed", "32-true"):
        fabric, trial = build_fabric(name), copy.deepcopy(network).train()
        trial = fabric.setup_module(trial)
        step(trial, fabric)  # the first step prepares kernels and memory
        _wait_for(fabric)
        begin = time.perf_counter()
        step(trial, fabric)
        step(trial, fabric)
        _wait_for(fabric)
        times[name] = time.perf_counter() - begin
    return min(times, key=lambda name: times[name])


def _wait_for(fabric: Fabric) -> None:
    if fabric.device.type == "cuda":
        torch.cuda.synchronize()  # a GPU works on after the call returns

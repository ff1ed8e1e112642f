"""How long grouping takes beside the network, and how it grows with pixels and with objects.

    python benchmarks/grouping.py

Fields are those of a perfect network on discs; the network is the default one, mirrored image and all, as
``Predictor`` runs it. Times are medians of ``--times`` on the threads that PyTorch takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from pixelwise.labels import Labels
from pixelwise.models import build_model
from pixelwise.recipe import Model
from pixelwise.recipe import PanopticTask as Recipe
from pixelwise.tasks import PanopticTask
from pixelwise.types import CLASSES, INSTANCES, LabelBatch

CASES = ((512, 1), (512, 100), (512, 1000), (1024, 100), (1024, 1000), (2048, 1000))
"""Sides of the image and objects in it."""


def discs(size: int, count: int) -> torch.Tensor:
    """(size, size) int32 discs that cover about half of the image, whatever their number."""
    rng = np.random.default_rng(0)
    instances = np.zeros((size, size), np.int32)
    radius = size * np.sqrt(0.6 / np.pi / count)
    for number in range(1, count + 1):
        cy, cx = rng.uniform(0, size, 2) if count > 1 else (size / 2, size / 2)
        y0, x0 = max(0, int(cy - radius) - 1), max(0, int(cx - radius) - 1)
        y, x = np.mgrid[y0 : min(size, int(cy + radius) + 2), x0 : min(size, int(cx + radius) + 2)]
        here = np.hypot(y - cy, x - cx) < radius
        instances[y[here], x[here]] = number
    return torch.from_numpy(instances)


def median(work: Callable[[], object], times: int) -> float:
    """Seconds that it takes, as a rule."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    task = PanopticTask(Labels(classes=("background", "cell"), things=(1,)), Recipe())
    network = build_model(Model(), {"instance": task.fields()}, pretrained=False).eval()
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    print("side  objects  targets   network  grouping  share")
    for side, count in CASES:
        instances = discs(side, count)
        labels = LabelBatch({CLASSES: (instances > 0).to(torch.uint8)[None], INSTANCES: instances[None]})
        values = {name: target[0].numpy() for name, (target, _) in task.targets(labels).items()}
        images = torch.zeros(2, 3, side, side).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            network(images)
            of_network = median(partial(network, images), options.times)
        grouping = median(partial(task.decode, values, task.default_settings()), options.times)
        learning = median(partial(task.targets, labels), options.times)
        shown = f"{side:4}  {count:7}  {learning:6.3f} s  {of_network:6.3f} s  {grouping:6.3f} s"
        print(f"{shown}  {grouping / of_network:5.2f}", flush=True)


if __name__ == "__main__":
    main()

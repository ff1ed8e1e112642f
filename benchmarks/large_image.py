"""Objects of a large image: memory, time and PQ where windows are decoded one by one and put together.

    python benchmarks/large_image.py --side 8000 --objects 6000

The image is its own label: fields of each window are those of a perfect network, so that what is lost is lost at the
seams. A network's own memory, that of a tile, comes on top.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import torch
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.recipe import PanopticTask as Recipe
from pixelwise.tasks import PanopticResult, PanopticTask
from pixelwise.tiling import windows_of
from pixelwise.types import CLASSES, INSTANCES, Label, LabelBatch, Window


def discs(side: int, count: int) -> NDArray[np.int32]:
    """(side, side) discs of many sizes; those that touch hide each other."""
    rng, instances = np.random.default_rng(0), np.zeros((side, side), np.int32)
    for number in range(1, count + 1):
        radius, (cy, cx) = np.exp(rng.uniform(np.log(5), np.log(120))), rng.uniform(0, side, 2)
        y0, x0 = max(0, int(cy - radius) - 1), max(0, int(cx - radius) - 1)
        y, x = np.mgrid[y0 : min(side, int(cy + radius) + 2), x0 : min(side, int(cx + radius) + 2)]
        part = instances[y0 : y0 + y.shape[0], x0 : x0 + x.shape[1]]
        part[(np.hypot(y - cy, x - cx) < radius) & (part == 0)] = number
    return instances


def decoded(task: PanopticTask, instances: NDArray[np.int32], window: Window) -> PanopticResult:
    """A window as a perfect network would have it."""
    part = torch.from_numpy(instances[window.y0 : window.y1, window.x0 : window.x1].copy())[None]
    targets = task.targets(LabelBatch({CLASSES: (part > 0).to(torch.uint8), INSTANCES: part}))
    values = {name: target[0].numpy() for name, (target, _) in targets.items()}
    return task.decode(values, {**task.default_settings(), "smoothing": 1.0})


def main() -> None:
    """Print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=8000)
    parser.add_argument("--objects", type=int, default=6000)
    options = parser.parse_args()
    task = PanopticTask(Labels(classes=("background", "cell"), things=(1,)), Recipe())
    instances = discs(options.side, options.objects)
    size, begin = (options.side, options.side), time.monotonic()
    parts = [(decoded(task, instances, window), window) for window in windows_of(size)]
    whole = task.stitch(parts, size)
    seconds, memory = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(parts)} windows, {len(whole.classes)} objects, {seconds:.0f} s, {memory:.2f} GB at most")
    label = Label({CLASSES: (instances > 0).astype(np.uint8), INSTANCES: instances})
    print({name: round(ratio.pooled(), 4) for name, ratio in task.ratios([task.row(whole, label)]).items()})


if __name__ == "__main__":
    main()

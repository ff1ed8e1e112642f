"""How long it takes to find joints in fields and to put people together.

    python benchmarks/assembly.py

Ten people, and forty, at 512×512, in fields as the network gives them (stride 2), with noise, and those enlarged to
full size. Prints the median milliseconds of the processor for finding peaks and for assembly.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from pixelwise.geometry import resize
from pixelwise.skeleton import COCO_17
from pixelwise.tasks.pose.assembly import assemble
from pixelwise.tasks.pose.peaks import find_peaks
from pixelwise.tasks.pose.targets import pose_targets
from pixelwise.types import People

SIDE = 512
TURNS = 40
FIGURE = np.array(
    [
        *([[0.0, 0.0], [-0.05, -0.05], [0.05, -0.05], [-0.1, 0.0], [0.1, 0.0], [-0.2, 0.2], [0.2, 0.2]]),
        *([[-0.3, 0.45], [0.3, 0.45], [-0.35, 0.65], [0.35, 0.65], [-0.12, 0.7], [0.12, 0.7]]),
        *([[-0.14, 1.05], [0.14, 1.05], [-0.15, 1.4], [0.15, 1.4]]),
    ]
)


def crowd(count: int, height: float, generator: np.random.Generator) -> People:
    """People at random places, who overlap as it comes."""
    places = generator.uniform(height / 3, SIDE - height / 3, (count, 1, 2)) - [0, height / 3]
    points = places + (FIGURE + generator.normal(0, 0.03, (count, 17, 2))) * height / 1.45
    low, high = points.min(axis=1), points.max(axis=1)
    return People(
        points.astype(np.float32),
        np.full((count, 17), 2, np.uint8),
        np.concatenate([low, high], axis=1).astype(np.float32),
        (high - low).prod(axis=1).astype(np.float32),
        np.zeros(count, np.bool_),
        np.array(COCO_17.partners, np.int64),
    )


def fields(people: People, stride: int, generator: np.random.Generator) -> list[NDArray[np.float32]]:
    """Heat and limbs as a network might see them: true ones, weaker, with noise."""
    targets = pose_targets([people], torch.zeros(1, SIDE, SIDE, dtype=torch.bool), COCO_17.limbs, 0.06, 2)
    noisy = [field * 0.8 + torch.tensor(generator.normal(0, 0.02, field.shape)) for field, _ in targets]
    return [resize(field.float(), (SIDE // stride, SIDE // stride))[0].numpy() for field in noisy]


def main() -> None:
    """Time both steps."""
    generator = np.random.default_rng(0)
    for stride in (2, 1):
        for count, height in ((10, 200.0), (40, 110.0)):
            heat, limbs = fields(crowd(count, height, generator), stride, generator)
            times = []
            for _ in range(TURNS):
                begin = time.process_time()
                peaks = find_peaks(heat, 0.1)
                middle = time.process_time()
                people = assemble(peaks, limbs, COCO_17.limbs, len(COCO_17.joints))
                times.append((middle - begin, time.process_time() - middle))
            finding, assembling = (1e3 * float(value) for value in np.median(times, axis=0))
            print(
                f"fields {heat.shape[2]}×{heat.shape[1]}, {count} people: {len(peaks.joints)} peaks in "
                f"{finding:.1f} ms, {len(people)} people in {assembling:.1f} ms, together {finding + assembling:.1f} ms"
            )


if __name__ == "__main__":
    main()

"""What the distances between outlines cost an evaluation.

    python benchmarks/surface_distances.py

Draws pairs of masks, lobed discs of which the second is the first with other lobes and some specks, and counts the row
of each as evaluation does and as training does. Prints seconds for all pairs, by the clock and of one processor core;
these differ where other programs run.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks import SemanticResult, SemanticTask
from pixelwise.types import CLASSES, Label, LabelMap, Size, Spacing


def lobed(draw: np.random.Generator, size: Size, radius: float, grid: NDArray[np.int64]) -> LabelMap:
    """A disc about the middle whose radius wavers."""
    y, x = (values - side / 2 for values, side in zip(grid, size, strict=True))
    angle = np.arctan2(y, x)
    lobes = sum(draw.normal(0, 0.05) * np.cos(k * angle + draw.uniform(0, 6.3)) for k in range(2, 7))
    inside: LabelMap = (np.hypot(y, x) < radius * (1 + lobes)).astype(np.uint8)
    return inside


def pair(draw: np.random.Generator, size: Size, grid: NDArray[np.int64]) -> tuple[LabelMap, LabelMap]:
    """Truth and prediction."""
    radius = min(size) * draw.uniform(0.15, 0.45)
    truth, predicted = (lobed(draw, size, radius, grid) for _ in range(2))
    for _ in range(5):
        y, x = draw.integers(0, size[0]), draw.integers(0, size[1])
        predicted[y : y + 9, x : x + 9] = 1
    return truth, predicted


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--size", type=int, nargs=2, default=(560, 760), metavar=("HEIGHT", "WIDTH"))
    options = parser.parse_args()
    size = (options.size[0], options.size[1])
    draw, grid = np.random.default_rng(0), np.mgrid[: size[0], : size[1]]
    task = SemanticTask(Labels(classes=("background", "lesion")), SemanticRecipe())
    pairs = [pair(draw, size, grid) for _ in range(options.pairs)]
    probs = np.zeros((2, *size), np.float32)
    given = [(SemanticResult(predicted, probs), Label({CLASSES: truth})) for truth, predicted in pairs]
    task.full_row(*given[0], None)  # imports
    print(f"{options.pairs} pairs of {size[1]}×{size[0]}:")
    spacings: dict[str, Spacing | None] = {
        "as in evaluation": None,
        "the same, with mm of pixels that are not square": (0.5, 0.4),
    }
    for name, spacing in spacings.items():
        begin, used = time.perf_counter(), time.process_time()
        for result, label in given:
            task.full_row(result, label, spacing)
        print(f"  {name}: {time.perf_counter() - begin:.2f} s, of a core {time.process_time() - used:.2f} s")
    begin, used = time.perf_counter(), time.process_time()
    for result, label in given:
        task.row(result, label)
    print(
        f"  as in training: {time.perf_counter() - begin:.2f} s, of a core {time.process_time() - used:.2f} s"
    )


if __name__ == "__main__":
    main()

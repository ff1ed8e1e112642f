"""What settings of the recipe are worth: several trainings that differ in nothing else, on images of training.

    python benchmarks/settings.py DATA/lsp --epochs 12 "" "augment.rotate=60" "scale.size=[256,256]"
    python benchmarks/settings.py DATA/pennfudan --task instance --epochs 40 --folds 3 "" "augment.paste=0.5"

Each text holds the settings of one training, with spaces between them; the empty one is the plan. The given validation
and test images are left alone: a part of the training images is drawn to score on, the same for all, or with --folds
each image is scored by the model that never saw it. Prints the main scores with their intervals and the processor's
time for each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pixelwise
from pixelwise.recipe import parse_setting

SHOWN = ("dice", "mean_iou", "pq", "ap", "ap50", "ap75", "f1_50", "pck", "oks_ap")
"""Scores that are printed, of those that the task has."""


def main() -> None:
    """Train with every text's settings and print the scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("settings", nargs="+", metavar="SETTINGS")
    parser.add_argument("--task")
    parser.add_argument("--splits", type=Path)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int)
    length.add_argument("--budget")
    parser.add_argument("--folds", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = pixelwise.open_data(options.data, splits=options.splits, task=options.task).split("train")
    for text in options.settings:
        begin = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            run = pixelwise.train(
                data,
                Path(folder) / "run",
                task=options.task,
                epochs=options.epochs,
                budget=options.budget,
                folds=options.folds,
                seed=options.seed,
                settings=dict(parse_setting(one) for one in text.split()),
                compared=False,
            )
        spent = time.process_time() - begin
        print(f"{text or 'planned'}: {_shown(run.metrics)}; {spent:.0f} s of processor", flush=True)


def _shown(metrics: pixelwise.Metrics) -> str:
    """The scores with their intervals, in one line."""
    found = []
    for name in SHOWN:
        if name in metrics.scores:
            score = metrics.scores[name]
            low, high = score.ci95
            found.append(f"{name} {score.value:.3f} ({low:.3f}–{high:.3f})")
    return ", ".join(found)


if __name__ == "__main__":
    main()

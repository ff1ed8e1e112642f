"""Mask and joints over one encoder against a model for each: is either worse for it?

    python benchmarks/body_and_skeleton.py DATA --epochs 20

DATA is the folder of real data sets. Learns people's masks from CCP, joints from LSP, then both in one model from the
same images, for the same number of passes, and prints what each reaches on the validation images of each set.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pixelwise
from pixelwise.evaluation import Metrics
from pixelwise.prediction import Predictor

ALLOWED = 0.02
"""What one model for both may lose."""


def main() -> None:
    """Train three models and print their scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--network", help="decoder:encoder for all three; each plan's own without it.")
    options = parser.parse_args()
    masks, joints = options.data / "ccp", options.data / "lsp"
    splits = masks / "splits.csv"

    def trained(task: str, out: Path) -> Predictor:
        return pixelwise.train(
            joints if task == "pose" else pixelwise.open_data(masks, splits=splits),
            out,
            task=task,
            joints=joints if "," in task else None,
            epochs=options.epochs,
            seed=options.seed,
            network=options.network,
            allow_leaks=True,  # LSP's splits share an image, which every one of the models sees
            compared=False,
        ).predictor

    def scored(predictor: Predictor, task: str) -> Metrics:
        data = joints if task == "pose" else pixelwise.open_data(masks, splits=splits)
        return pixelwise.evaluate(predictor, data, split="val")

    with tempfile.TemporaryDirectory() as scratch:
        both = trained("semantic,pose", Path(scratch) / "both")
        for task in ("semantic", "pose"):
            alone = scored(trained(task, Path(scratch) / task), task)
            together = scored(both, task)
            one, other = (metrics.scores[metrics.headline].mean for metrics in (alone, together))
            held = "within" if other >= one - ALLOWED else "NOT within"
            print(
                f"{task}: {alone.headline} {one:.3f} alone, {other:.3f} with the other task; {held} {ALLOWED}",
                flush=True,
            )


if __name__ == "__main__":
    main()

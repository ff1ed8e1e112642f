"""What a setting of the pose recipe is worth: one thing changed at a time, on images carved out of training.

    python benchmarks/pose_recipes.py DATA/lsp --epochs 12 --only planned unet-hypercolumn

The given validation images are left alone: a part of the training images is drawn to score on, the same for all.
Prints PCK@0.2 with its interval and the processor's time for each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pixelwise

VARIANTS: dict[str, dict[str, object]] = {
    "planned": {},
    "unet-hypercolumn": {"model.decoder": "unet-hypercolumn", "tasks.pose.stride": 2},
    "no loss of places": {"tasks.pose.place": 0.0},
    "places a quarter": {"tasks.pose.place": 0.25},
    "no limbs": {"tasks.pose.affinity": 0.0},
    "turned by 30": {"augment.rotate": 30.0},
    "turned by 90": {"augment.rotate": 90.0},
    "turned by 180": {"augment.rotate": 180.0},
    "256": {"scale.size": [256, 256]},
    "half the rate": {"train.learning_rate": 2e-3},
    "slower encoder": {"train.encoder_rate": 0.2},
    "wider": {"tasks.pose.width": 0.09},
}
"""Settings beside the plan's, by what they change."""


def main() -> None:
    """Train every variant and print its score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    options = parser.parse_args()
    training = pixelwise.open_data(options.data, task="pose").split("train")
    for name in options.only:
        begin = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            run = pixelwise.train(
                training,
                Path(folder) / "run",
                task="pose",
                epochs=options.epochs,
                seed=options.seed,
                settings=VARIANTS[name],
            )
        pck = run.metrics.scores["pck"]
        low, high = pck.ci95
        spent = time.process_time() - begin
        print(f"{name}: PCK {pck.value:.3f} ({low:.3f}–{high:.3f}), {spent:.0f} s of processor", flush=True)


if __name__ == "__main__":
    main()

"""How well people who stand before each other are put together: drawn figures, a short training, drawings held out.

    python benchmarks/figures.py --count 1200 --budget 20m

Draws pictures of one to six figures, of which four fifths are learned from, and prints the scores on the rest, with the
share of figures that something is before.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import pixelwise
from pixelwise.data.figures import draw_figures, write_figures

SIZE = (256, 320)
COVERED = 0.05
"""Share of a figure that has to be covered to count as covered."""
DRAWN = 200
"""Pictures that tell how many are."""
SCORES = ("oks_ap", "oks_ap50", "oks_ap75", "oks_ar", "pck", "given_away")


def main() -> None:
    """Draw, train and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1200, help="Pictures.")
    parser.add_argument("--budget", help="Time for the training; without it --epochs.")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--seed", type=int, default=0, help="Of the training; the drawings are always the same."
    )
    parser.add_argument("--out", type=Path, help="Folder to keep drawings and run in.")
    options = parser.parse_args()
    covered = np.concatenate([draw_figures(seed, SIZE).covered for seed in range(DRAWN)])
    print(f"{len(covered)} figures: {(covered > COVERED).mean():.0%} have something before them")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        drawings = write_figures(folder / "drawings", options.count, size=SIZE)
        length = {"budget": options.budget} if options.budget else {"epochs": options.epochs}
        run = pixelwise.train(drawings, folder / "run", task="pose", seed=options.seed, **length)
    for name in SCORES:
        score = run.metrics.scores[name]
        low, high = score.ci95
        print(f"{name} {score.value:.3f} ({low:.3f}–{high:.3f})")


if __name__ == "__main__":
    main()

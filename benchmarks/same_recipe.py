"""How often `pixelwise compare --recipe` calls two groups of seeds of one recipe different.

    python benchmarks/same_recipe.py --simulate
    python benchmarks/same_recipe.py DATA --seeds 12 --epochs 3

The first prints the table of docs/compare.md: scores drawn at random, beside what a plain bootstrap of seeds and images
would claim. The second trains real seeds of one recipe on DATA (a folder that holds splits.csv), keeps their scores on
its test split, and compares 20 disjoint pairs of groups of 3, drawn from the seeds: at most 2 of 20 may be claimed to
differ. Pairs share seeds, so they are less than 20 independent trials; more seeds make them more.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import pixelwise
from pixelwise.evaluation.comparison import FEWEST_RUNS, difference
from pixelwise.evaluation.intervals import Values

PAIRS = 20
SIMULATED = 400
SETTINGS = ((25, 0.010, 0.010), (40, 0.004, 0.010), (40, 0.004, 0.030), (100, 0.004, 0.050))
"""Images; deviation between seeds of the mean score, and of the score of an image."""


def drawn(rng: np.random.Generator, images: Values, seed_sd: float, image_sd: float) -> Values:
    """(3, N) scores of three seeds."""
    shape = (FEWEST_RUNS, len(images))
    by_image = rng.normal(0, image_sd, shape) * rng.gamma(1, 1, len(images))
    return images + rng.normal(0, seed_sd, (FEWEST_RUNS, 1)) + by_image


def plain_claims(rng: np.random.Generator, one: Values, other: Values) -> bool:
    """Whether the percentile interval of a plain bootstrap of seeds and images leaves out 0."""
    weights = [
        rng.multinomial(len(side), [1 / len(side)] * len(side), 1000) / len(side) for side in (one, other)
    ]
    n = one.shape[1]
    images = rng.multinomial(n, [1 / n] * n, 1000) / n
    means = ((weights[0] @ one - weights[1] @ other) * images).sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return bool(low > 0 or high < 0)


def simulate() -> None:
    """Print how often each setting is claimed to differ."""
    rng = np.random.default_rng(0)
    for n_images, seed_sd, image_sd in SETTINGS:
        plain = ours = 0
        for _ in range(SIMULATED):
            images = 1 - 0.3 * rng.beta(1, 5, n_images)
            one, other = (drawn(rng, images, seed_sd, image_sd) for _ in range(2))
            plain += plain_claims(rng, one, other)
            ours += difference(one, other, over_runs=True).p_value < 0.05
        print(
            f"{n_images} images, {seed_sd:.3f} and {image_sd:.3f}: plain bootstrap {plain / SIMULATED:.1%}, "
            f"pixelwise {ours / SIMULATED:.1%}",
            flush=True,
        )


def train(folder: Path, seeds: int, epochs: int, network: str | None) -> Values:
    """(seeds, images) test scores of one recipe."""
    data = pixelwise.open_data(folder)
    scores = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as out:
            run = pixelwise.train(data, Path(out) / "run", epochs=epochs, network=network, seed=seed)
        headline = run.metrics.headline
        scores.append([row.scores[headline] for row in run.metrics.images])
        print(f"seed {seed}: {np.mean(scores[-1]):.4f}", flush=True)
    found = np.array(scores)
    return found[:, np.isfinite(found).all(axis=0)]


def main() -> None:
    """Simulate, or train and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--network", help="as of pixelwise train; planned from the data if not given")
    options = parser.parse_args()
    if options.simulate:
        simulate()
        return
    if options.data is None or options.seeds < 2 * FEWEST_RUNS:
        parser.error(f"give the folder of a data set, and {2 * FEWEST_RUNS} seeds or more")
    scores = train(options.data, options.seeds, options.epochs, options.network)
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(PAIRS):
        chosen = rng.permutation(len(scores))[: 2 * FEWEST_RUNS]
        one, other = scores[chosen[:FEWEST_RUNS]], scores[chosen[FEWEST_RUNS:]]
        claimed += difference(one, other, over_runs=True).p_value < 0.05
    print(f"{claimed} of {PAIRS} pairs of one recipe are claimed to differ; at most 2 may be")


if __name__ == "__main__":
    main()

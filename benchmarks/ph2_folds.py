"""PH² by cross-validation: every image of train and val is predicted by a model that never saw it.

    python benchmarks/ph2_folds.py DATA --budget 5m --seeds 3

DATA is the folder that holds PH2Dataset and splits.csv; its test split is left alone. Each fold is an ordinary
``pixelwise train`` in a process of its own, cold start included. Takes folds × seeds × budget.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Run all folds and print the scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0, help="to add seeds to a run already made")
    parser.add_argument("--only", type=int, help="run this fold alone, to look at one model")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/ph2_folds.json"))
    options = parser.parse_args()
    diagnosis = _cross_validated(options.data / "splits.csv")
    found: dict[int, dict[str, float]] = {}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        found[seed] = {}
        for fold in range(options.folds) if options.only is None else [options.only]:
            with Others() as others:
                scores, seconds = run_fold(options, diagnosis, seed, fold)
            found[seed].update(scores)
            mean = np.mean(list(scores.values()))
            shared = f"other programs used {others.share:.0%} of the processor"
            print(f"seed {seed} fold {fold}: mean Dice {mean:.4f} in {seconds:.0f} s; {shared}", flush=True)
    report(found, diagnosis)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1))


class Others:
    """Measures how much of the processor other programs take: a budget buys less training on a busy machine.

    Attributes:
        share: of all processor time, 0–1; NaN where the system does not tell.
    """

    share = math.nan

    def __enter__(self) -> Others:
        self._begin = time.monotonic(), _busy_seconds(), _children_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        clock, busy, ours = self._begin
        others = (_busy_seconds() - busy) - (_children_seconds() - ours)
        self.share = max(0.0, others / (time.monotonic() - clock) / (os.cpu_count() or 1))


def _busy_seconds() -> float:
    """Seconds that all cores have worked since start-up."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return math.nan
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, stat.read_text().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _children_seconds() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def run_fold(
    options: argparse.Namespace, diagnosis: dict[str, str], seed: int, fold: int
) -> tuple[dict[str, float], float]:
    """Dice of the images of one fold, and the seconds from process start to exit."""
    held_out = set(sorted(diagnosis, key=lambda name: (diagnosis[name], name))[fold :: options.folds])
    with tempfile.TemporaryDirectory() as folder:
        splits, run = Path(folder) / "splits.csv", Path(folder) / "run"
        lines = [f"{name},{'test' if name in held_out else 'train'}" for name in sorted(diagnosis)]
        splits.write_text("\n".join(["name,split", *lines]) + "\n")
        command = [
            sys.executable,
            "-m",
            "pixelwise",
            "train",
            str(options.data / "PH2Dataset"),
            "--splits",
            str(splits),
        ]
        command += ["--out", str(run), "--budget", options.budget, "--seed", str(seed)]
        begin = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.monotonic() - begin
        metrics = json.loads((run / "metrics.json").read_text())
    return {row["name"]: row["scores"]["dice"] for row in metrics["images"]}, seconds


def report(found: dict[int, dict[str, float]], diagnosis: dict[str, str]) -> None:
    """Print the mean of each seed, then over seeds and by diagnosis."""
    for seed, scores in found.items():
        values = np.array(list(scores.values()))
        print(
            f"seed {seed}: mean {values.mean():.4f}, 5th percentile {np.percentile(values, 5):.4f}, n {len(values)}"
        )
    means = [np.mean(list(scores.values())) for scores in found.values()]
    print(f"all seeds: mean {np.mean(means):.4f}, standard deviation between seeds {np.std(means):.4f}")
    for kind in sorted(set(diagnosis.values())):
        values = np.array(
            [s for scores in found.values() for name, s in scores.items() if diagnosis[name] == kind]
        )
        if values.size:
            print(f"diagnosis {kind}: mean {values.mean():.4f}")


def _cross_validated(path: Path) -> dict[str, str]:
    """Diagnosis by name of the images of train and val."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {
            row["name"]: row["diagnosis"] for row in csv.DictReader(lines) if row["split"] in {"train", "val"}
        }


if __name__ == "__main__":
    main()

"""Can a model's own word be believed? PH² by cross-validation, ISIC 2017 and photographs by the same models.

    python benchmarks/confidence.py DATA --epochs 25

DATA is the folder of real data sets: ``ph2``, ``isic2017``, ``ccp``. PH²'s test split is left alone. Of its other
images each fold is held out once; of the rest a fifth validates and the others train, by an ordinary ``pixelwise
train``. What is said of an image is always said by a model that never saw it. Figures of several models of the same
images are the mean over the models; so are the bounds of their intervals.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.confidence import auroc, contour_band, rank_correlation, raw_probs, reliability_of
from pixelwise.data.dataset import Dataset
from pixelwise.evaluation import Metrics, evaluate
from pixelwise.evaluation.confidence import LOW_SCORE, band_error, review_order, selection
from pixelwise.evaluation.intervals import interval, resamples
from pixelwise.metrics import Ratio
from pixelwise.prediction import Predictor, load
from pixelwise.workflows.data import open_data

Values = NDArray[np.float64]
PHOTOGRAPHS = 50
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Said:
    """What models said of images, (N,) each: true Dice, predicted Dice, unlikeness, mean uncertainty."""

    dice: Values
    predicted: Values
    unlikeness: Values
    uncertainty: Values

    @classmethod
    def of(cls, metrics: Metrics) -> Said:
        """From an evaluation."""
        rows = [(row.scores["dice"], row.confidence) for row in metrics.images]
        columns = [
            (dice, said.predicted, said.unlikeness, said.uncertainty)
            for dice, said in rows
            if said is not None
        ]
        return cls(*np.array(columns, np.float64).T)

    @classmethod
    def joined(cls, parts: Sequence[Said]) -> Said:
        """Of different images, one after another."""
        names = ("dice", "predicted", "unlikeness", "uncertainty")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def main() -> None:
    """Train the folds that are not there yet, then measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--first", type=int, help="train and measure that many of the folds alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/confidence"))
    options = parser.parse_args()
    runs = [train_fold(options, fold) for fold in range(options.first or options.folds)]
    print(json.dumps(measured(options.data, runs), indent=1))


def train_fold(options: argparse.Namespace, fold: int) -> Path:
    """The run of one fold; one that is there already is taken as it is."""
    run: Path = options.out / f"fold{fold}"
    if (run / "model.safetensors").exists():
        return run
    options.out.mkdir(parents=True, exist_ok=True)
    splits = options.out / f"splits{fold}.csv"
    write_splits(options.data / "ph2" / "splits.csv", splits, fold, options.folds)
    command = [sys.executable, "-m", "pixelwise", "train", str(options.data / "ph2" / "PH2Dataset")]
    command += ["--splits", str(splits), "--out", str(run), "--epochs", str(options.epochs), "--no-baseline"]
    subprocess.run([*command, "--seed", str(options.seed)], check=True, stdout=subprocess.DEVNULL)
    print(f"fold {fold} is trained", flush=True)
    return run


def write_splits(given: Path, path: Path, fold: int, folds: int) -> None:
    """The fold held out as test, a fifth of the rest to validate, every diagnosis with its share in each."""
    with given.open(newline="", encoding="utf-8") as lines:
        diagnosis = {row["name"]: row["diagnosis"] for row in csv.DictReader(lines) if row["split"] != "test"}
    order = sorted(diagnosis, key=lambda name: (diagnosis[name], name))
    held = set(order[fold::folds])
    validation = set([name for name in order if name not in held][fold::5])
    lines_out = ["name,split"]
    for name in sorted(diagnosis):
        lines_out.append(f"{name},{'test' if name in held else 'val' if name in validation else 'train'}")
    path.write_text("\n".join(lines_out) + "\n", encoding="utf-8")


def measured(data: Path, runs: Sequence[Path]) -> dict[str, object]:
    """All figures."""
    photographs = open_data(data / "ccp")
    isic = open_data(data / "isic2017")
    own, bins, others, unlike, photos = [], [], [], [], []
    for run in runs:
        predictor = load(run)
        dataset = open_data(data / "ph2" / "PH2Dataset", splits=run / "splits.csv").split("test")
        metrics = evaluate(predictor, dataset, "test")
        own.append(Said.of(metrics))
        bins.append(_bins(predictor, dataset))
        others.append(Said.of(evaluate(predictor, isic, "all")))
        unlike.append(np.array([auroc_of(own[-1].unlikeness, others[-1].unlikeness)]))
        far = _unlikeness(predictor, photographs, PHOTOGRAPHS)
        photos.append((auroc_of(own[-1].unlikeness, far), float((far > 1).mean())))
        print(f"{run} is measured", flush=True)
    all_own = Said.joined(own)
    return {
        "ph2": _of_scores(all_own)
        | {f"band_error_{when}": _error([of_run[when] for of_run in bins]) for when in (BEFORE, AFTER)}
        | {"flagged_unlike": float((all_own.unlikeness > 1).mean())},
        "isic2017": _mean([_of_scores(one) for one in others])
        | {"flagged_unlike": float(np.mean([(one.unlikeness > 1).mean() for one in others]))},
        "ph2 against isic2017": _rounded(np.mean(unlike, axis=(0, 1))),
        "ph2 against photographs": _rounded(np.mean([one for one, _ in photos], axis=0)),
        "photographs flagged": float(np.mean([share for _, share in photos])),
    }


def auroc_of(like: Values, unlike: Values) -> list[float]:
    """AUROC of unlikeness and the bounds of its interval."""
    found = auroc(np.concatenate([like, unlike]), np.arange(len(like) + len(unlike)) >= len(like))
    return [found.value, *found.ci95]


def _of_scores(said: Said) -> dict[str, list[float]]:
    order = review_order(said.predicted, said.unlikeness, said.uncertainty)
    found = selection(said.dice, order, np.arange(len(order)))
    assert found is not None
    known = ~np.isnan(said.predicted) & ~np.isnan(said.dice)
    ranks = rank_correlation(said.predicted[known], said.dice[known])
    low = auroc(-said.predicted[known], said.dice[known] < LOW_SCORE)
    ratio = Ratio.of(np.nan_to_num(said.dice)[:, None], ~np.isnan(said.dice)[:, None])
    return {
        "n": [float(len(said.dice))],
        "n_low": [float((said.dice < LOW_SCORE).sum())],
        "dice": _rounded([ratio.pooled(), *interval(ratio, resamples(len(said.dice)))]),
        "rank_correlation": _rounded([ranks.value, *ranks.ci95]),
        "auroc_low": _rounded([low.value, *low.ci95]),
        "dice_kept": _rounded([found.kept.value, *found.kept.ci95]),
        "gain": _rounded([found.gain.value, *found.gain.ci95]),
    }


def _bins(predictor: Predictor, dataset: Dataset) -> dict[str, Values]:
    """Sums (N, 3, BINS) by image near the contour, before calibration and after."""
    assert predictor.confidence is not None
    calibration = predictor.confidence.calibration["semantic"]
    found: dict[str, list[Values]] = {BEFORE: [], AFTER: []}
    for sample in dataset.samples:
        image, truth = dataset.read(sample)
        probs, band = predictor.predict(image)["semantic"].probs, contour_band(truth.class_map)
        found[AFTER].append(reliability_of(probs, truth.class_map, band).bins)
        found[BEFORE].append(reliability_of(raw_probs(probs, calibration), truth.class_map, band).bins)
    return {when: np.stack(bins) for when, bins in found.items()}


def _error(bins: Sequence[Values]) -> list[float]:
    joined = np.concatenate(bins)
    found = band_error(joined, resamples(len(joined)))
    return _rounded([found.value, *found.ci95])


def _unlikeness(predictor: Predictor, dataset: Dataset, most: int) -> Values:
    found = [predictor.predict(dataset.read(sample)[0]).unlikeness for sample in dataset.samples[:most]]
    return np.array(found, np.float64)


def _mean(parts: Sequence[dict[str, list[float]]]) -> dict[str, object]:
    return {name: _rounded(np.mean([part[name] for part in parts], axis=0)) for name in parts[0]}


def _rounded(values: Sequence[float] | Values) -> list[float]:
    return [round(float(value), 4) for value in values]


if __name__ == "__main__":
    main()

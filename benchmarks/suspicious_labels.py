"""Wrong masks planted among right ones: how many of the most suspicious labels are they?

    python benchmarks/suspicious_labels.py DATA/ph2 --epochs 5 --seeds 2

DATA/ph2 is the folder that holds PH2Dataset and splits.csv; its test split is left alone. The images of train and val
are copied into a folder with a tenth of the masks replaced by wrong ones, two of each of five kinds; they are trained
on in folds, and `check --with` ranks them. Passes are counted, so the figure does not depend on what else the computer
does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from scipy import ndimage

from pixelwise.checks import Looker
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import Run
from pixelwise.workflows.suspicious import Judge, Suspicion, suspect
from pixelwise.workflows.train import train

Mask = NDArray[np.bool_]
FORE = 255
SETTINGS = {"scale.size": [96, 128], "augment.rotate": 180.0, "augment.vflip": 0.5}
"""Small frames, so that it takes minutes; skin has no up and down, which a folder of copies does not tell."""


def main() -> None:
    """Plant, train, rank and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.1, help="of the masks that are made wrong")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep data and run there, to look at them")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/suspicious_labels.json"))
    options = parser.parse_args()
    results = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            results.append(run(options, options.keep or Path(temporary), seed))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1))


def ranking(
    root: Path, folder: Path, *, epochs: int, seed: int, folds: int = 5, share: float = 0.1
) -> tuple[dict[str, str], Suspicion, Run]:
    """Plant, train in folds and rank; what is planted by name, the ranking, and the run.

    Args:
        root: holds PH2Dataset and splits.csv.
        folder: where data, run and page of the check are written.
    """
    source = open_data(root / "PH2Dataset", splits=root / "splits.csv")
    source = source.where(lambda sample: sample.split in {"train", "val"})
    planted = plant(source, folder / "data", share, seed)
    trained = train(
        folder / "data",
        folder / "run",
        folds=folds,
        epochs=epochs,
        seed=seed,
        settings=SETTINGS,
        compared=False,
    )
    data = open_data(folder / "data")
    checked = check(data, run=trained, looker=Looker(Cache.at(None)))
    checked.write_page(folder / "check.html")
    return planted, suspect(checked.subject, Judge.of(trained.folder, data), Listener()), trained


def run(options: argparse.Namespace, folder: Path, seed: int) -> dict[str, object]:
    """The ranking for one drawing of wrong masks."""
    planted, ranked, trained = ranking(
        options.data, folder, epochs=options.epochs, seed=seed, folds=options.folds, share=options.share
    )
    order = [one.sample.name for one in ranked.judged]
    by_dice = sorted(ranked.judged, key=lambda one: one.disagreement.dice)
    count = len(planted)
    found = sum(name in planted for name in order[:count])
    plain = sum(one.sample.name in planted for one in by_dice[:count])
    listed = order[: ranked.count]
    of_listed = sum(name in planted for name in listed)
    print(
        f"seed {seed}: {found} of the first {count} are planted (by Dice alone: {plain}); "
        f"{len(listed)} are called suspicious, {of_listed} of them planted; "
        f"mean out-of-fold Dice {trained.metrics.scores['dice'].mean:.4f}"
    )
    for place, one in enumerate(ranked.judged[: 2 * count], start=1):
        name, of = one.sample.name, one.disagreement
        print(
            f"{place:4} {name} {of.excess:.3f} dice {of.dice:.3f} expected {of.expected:.3f} {planted.get(name, '')}"
        )
    missed = {name: kind for name, kind in planted.items() if name not in order[:count]}
    for name, kind in missed.items():
        print(f"missed: {name}, {kind}, is number {order.index(name) + 1}")
    return {
        "seed": seed,
        "first": found / count,
        "by Dice": plain / count,
        "suspicious": len(listed),
        "planted among them": of_listed,
        "missed": missed,
    }


def plant(source: Dataset, folder: Path, share: float, seed: int) -> dict[str, str]:
    """Copy images and masks into ``folder``, some of the masks wrong; which, and how, by name."""
    generator = np.random.default_rng(seed)
    count = round(share * len(source))
    chosen = generator.choice(len(source), count, replace=False)
    planted = {
        source.samples[index].name: list(FAULTS)[place % len(FAULTS)] for place, index in enumerate(chosen)
    }
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for place, sample in enumerate(source.samples):
        shutil.copy(sample.image, folder / "images" / f"{sample.name}{sample.image.suffix}")
        mask = mask_of(source, place)
        if sample.name in planted:
            other = mask_of(source, int((place + generator.integers(1, len(source))) % len(source)))
            mask = FAULTS[planted[sample.name]](mask, other, generator)
        path = folder / "masks" / f"{sample.name}.png"
        PIL.Image.fromarray(mask.astype(np.uint8) * FORE).save(path)
    lines = [f"{sample.name},train" for sample in source.samples]
    (folder / "splits.csv").write_text(os.linesep.join(["name,split", *lines]) + os.linesep)
    return planted


def mask_of(dataset: Dataset, place: int) -> Mask:
    """(H, W), true at the object."""
    return np.asarray(dataset.read(dataset.samples[place])[1].class_map == 1)


def anothers(mask: Mask, other: Mask, generator: np.random.Generator) -> Mask:
    """The mask of another image, at this one's size."""
    height, width = mask.shape
    scaled = PIL.Image.fromarray(other).resize((width, height), PIL.Image.Resampling.NEAREST)
    return np.asarray(scaled, bool)


def shifted(mask: Mask, other: Mask, generator: np.random.Generator) -> Mask:
    """Moved by 15 to 25% of the image's shorter side, in any direction."""
    distance = generator.uniform(0.15, 0.25) * min(mask.shape)
    angle = generator.uniform(0, 2 * np.pi)
    moved = ndimage.shift(
        mask.astype(np.uint8), (distance * np.sin(angle), distance * np.cos(angle)), order=0
    )
    return np.asarray(moved, bool)


def resized(mask: Mask, other: Mask, generator: np.random.Generator) -> Mask:
    """Grown or shrunk by a third of the radius of a disc of its area."""
    distance = np.sqrt(mask.sum() / np.pi) / 3
    if generator.random() < 0.5:
        return np.asarray(ndimage.distance_transform_edt(~mask) <= distance)
    return np.asarray(ndimage.distance_transform_edt(mask) > distance)


def inverted(mask: Mask, other: Mask, generator: np.random.Generator) -> Mask:
    """Object and background swapped in one quarter of the object's box."""
    rows, columns = np.nonzero(mask)
    middle = (rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2
    upper, left = generator.random(2) < 0.5
    part = (
        slice(rows.min(), middle[0]) if upper else slice(middle[0], rows.max() + 1),
        slice(columns.min(), middle[1]) if left else slice(middle[1], columns.max() + 1),
    )
    changed = mask.copy()
    changed[part] = ~changed[part]
    return changed


def halved(mask: Mask, other: Mask, generator: np.random.Generator) -> Mask:
    """Half of it cut off, along rows or columns."""
    axis = int(generator.integers(2))
    along = np.cumsum(mask.sum(axis=1 - axis))
    cut = int(np.searchsorted(along, along[-1] / 2))
    changed = mask.copy()
    side = slice(cut, None) if generator.random() < 0.5 else slice(None, cut)
    changed[(side, slice(None)) if axis == 0 else (slice(None), side)] = False
    return changed


FAULTS: dict[str, Callable[[Mask, Mask, np.random.Generator], Mask]] = {
    "another image's mask": anothers,
    "shifted": shifted,
    "grown or shrunk": resized,
    "inverted in part": inverted,
    "half cut off": halved,
}


if __name__ == "__main__":
    main()

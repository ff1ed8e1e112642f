"""What planning does for unusual data: small things in large images, few images, many classes.

    python benchmarks/planning.py --case small --budget 3m --set scale.policy=fit --set train.oversample=0

Draws the data of a case into a folder, trains by the plan, and trains again with the settings given by --set, to see
what the plan is worth. Prints what was planned, and of each training the mean Dice on the test images with its 95%
interval, and that of the worst.

- small: a lesion of 0.02% of an image of 2400×1600, among stains that are none.
- rare: a lesion of 0.1% of an image of 1200×800, among such stains.
- few: four images of lesions to learn from, and one to choose by.
- many: twenty classes, tiles of a mosaic told apart by colour and texture.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFilter
from numpy.typing import NDArray

from pixelwise.data.synthetic import draw_lesion

CLASSES = 20
Picture = NDArray[np.uint8]


def stained(number: int, size: tuple[int, int], share: float) -> tuple[Picture, Picture]:
    """A lesion of a share of the image, and twelve stains without structure."""
    rng = np.random.default_rng(number)
    height, width = size
    tone = np.array([215, 175, 150]) * rng.uniform(0.8, 1.1)
    light = rng.normal(0, 12, (height // 100, width // 100, 3))
    grain = rng.normal(0, 5, (height // 2, width // 2, 3))
    image = tone + _enlarged(light, size) + _enlarged(grain, size)
    mask = np.zeros(size, np.uint8)
    y, x = np.mgrid[:height, :width]
    usual = (share * height * width / np.pi) ** 0.5
    for _ in range(12):
        top, left, radius = rng.integers(0, height), rng.integers(0, width), usual * rng.uniform(0.6, 1.6)
        stain = np.exp(-((((y - top) ** 2 + (x - left) ** 2) / radius**2) ** 2))
        image -= stain[..., None] * rng.uniform(30, 90) * np.array([0.7, 1.0, 1.1])
    drawn = draw_lesion(number, (140, 140))
    side = max(24, round((share * height * width / drawn.mask.mean()) ** 0.5))
    patch = np.asarray(PIL.Image.fromarray(drawn.image).resize((side, side)), float)
    shape = PIL.Image.fromarray(drawn.mask.astype(np.uint8) * 255).resize((side, side))
    soft = np.asarray(shape.filter(PIL.ImageFilter.GaussianBlur(2)), float)[..., None] / 255
    top, left = rng.integers(0, height - side), rng.integers(0, width - side)
    part = slice(top, top + side), slice(left, left + side)
    image[part] = soft * patch + (1 - soft) * image[part]
    mask[part] = np.asarray(shape) > 127
    return image.clip(0, 255).astype(np.uint8), mask * np.uint8(255)


def small(number: int) -> tuple[Picture, Picture]:
    """What one frame would hardly show."""
    return stained(number, (1600, 2400), 0.0002)


def rare(number: int) -> tuple[Picture, Picture]:
    """Few pixels of very many."""
    return stained(number, (800, 1200), 0.001)


def few(number: int) -> tuple[Picture, Picture]:
    """A drawn lesion."""
    drawn = draw_lesion(number)
    return drawn.image, drawn.mask.astype(np.uint8) * np.uint8(255)


def many(number: int) -> tuple[Picture, Picture]:
    """A mosaic of cells, each of one of the classes: four hues in five textures."""
    rng = np.random.default_rng(number)
    height, width = 240, 320
    y, x = np.mgrid[:height, :width]
    seeds = rng.uniform(0, 1, (24, 2)) * [height, width]
    nearest = ((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2).argmin(-1)
    classes = rng.integers(0, CLASSES, 24)
    mask = classes[nearest].astype(np.uint8)
    hues = np.array([[200, 90, 80], [90, 170, 90], [80, 110, 200], [190, 180, 80]], float)
    textures = np.stack(
        [
            np.zeros((height, width)),
            np.sin(x / 2.5) * 40,
            np.sin(y / 2.5) * 40,
            np.sin((x + y) / 4) * 40,
            rng.normal(0, 30, (height, width)),
        ]
    )
    texture = np.take_along_axis(textures, (mask // 4)[None].astype(int), 0)[0]
    image = hues[mask % 4] + texture[..., None] + rng.normal(0, 12, (height, width, 3))
    return (image * rng.uniform(0.7, 1.2)).clip(0, 255).astype(np.uint8), mask


def _enlarged(planes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    whole = [
        np.asarray(PIL.Image.fromarray(planes[..., k].astype(np.float32)).resize(size[::-1]))
        for k in range(3)
    ]
    return np.stack(whole, -1).astype(float)


CASES = {
    "small": (small, (24, 6, 12)),
    "rare": (rare, (40, 10, 30)),
    "few": (few, (4, 1, 40)),
    "many": (many, (60, 10, 30)),
}
"""What draws an image, and how many there are for training, validation and test."""


def draw(case: str, folder: Path) -> None:
    """Images, masks and splits of a case."""
    drawing, counts = CASES[case]
    splits = [
        split for split, count in zip(("train", "val", "test"), counts, strict=True) for _ in range(count)
    ]
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(len(splits)):
        image, mask = drawing(number)
        PIL.Image.fromarray(image).save(folder / "images" / f"{number:03}.png")
        PIL.Image.fromarray(mask).save(folder / "masks" / f"{number:03}.png")
    with (folder / "splits.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "split"])
        writer.writerows((f"{number:03}", split) for number, split in enumerate(splits))


def train(folder: Path, name: str, budget: str, settings: list[str]) -> str:
    """Test Dice of a training, in words; prints what was planned."""
    out = folder.parent / name
    chosen = [word for setting in settings for word in ("--set", setting)]
    command = [sys.executable, "-m", "pixelwise", "train", folder, "--out", out, "--budget", budget, *chosen]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith(("Plan:", "Set:", "Weights:")):
            print(f"  {line}")
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    dice, (low, high) = metrics["scores"]["dice"], metrics["scores"]["dice"]["ci95"]
    return (
        f"Dice {dice['mean']:.3f} ({low:.3f}–{high:.3f}) on {metrics['n_images']} {metrics['split']} images, "
        f"worst {dice['worst']:.3f}"
    )


def main() -> None:
    """Draw, train twice, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        draw(options.case, folder)
        planned = train(folder, "planned", options.budget, [])
        print(f"{options.case}, {options.budget}, as planned: {planned}", flush=True)
        if options.settings:
            other = train(folder, "other", options.budget, options.settings)
            print(f"{options.case}, {options.budget}, {' '.join(options.settings)}: {other}")


if __name__ == "__main__":
    main()

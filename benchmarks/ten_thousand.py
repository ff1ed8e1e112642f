"""Time and memory of checking, and of training from, many images of a megapixel.

    python benchmarks/ten_thousand.py --images 10000 --folder many

Draws JPEGs of 1000 × 1000 pixels with PNG masks into the folder unless they are there already (3 GB for 10,000), runs
``pixelwise check`` on them, then trains, each in a process of its own; prints seconds and the largest memory so far.
The second check finds what the first one kept. All but 200 images are learned from, since evaluating has its own
price; the budget is to leave time for every frame to be decoded.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.data.synthetic import draw_lesion

SIDE = 1000


def draw(folder: Path, number: int) -> None:
    """One pair, by its number: a drawn lesion, enlarged, with a texture of its own."""
    drawing = draw_lesion(number, (250, 250))
    grain = np.random.default_rng(number).normal(0, 12, (SIDE // 4, SIDE // 4, 3))
    rough = np.asarray(
        PIL.Image.fromarray((grain + 128).clip(0, 255).astype(np.uint8)).resize((SIDE, SIDE)), np.int16
    )
    large = np.asarray(PIL.Image.fromarray(drawing.image).resize((SIDE, SIDE)), np.int16)
    picture = PIL.Image.fromarray((large + rough - 128).clip(0, 255).astype(np.uint8))
    picture.save(folder / "images" / f"{number:05}.jpg", quality=85)
    mask = PIL.Image.fromarray(drawing.mask.astype(np.uint8) * 255)
    mask.resize((SIDE, SIDE), PIL.Image.Resampling.NEAREST).save(folder / "masks" / f"{number:05}.png")


def main() -> None:
    """Draw, check, train, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--budget", default="8m", help="of the training")
    options = parser.parse_args()
    for name in ("images", "masks"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(options.images) if not (options.folder / "masks" / f"{n:05}.png").exists()]
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(draw, options.folder), missing, chunksize=50))
    run("check", options.folder, "--page", options.folder / "check.html")
    splits = options.folder / "splits.csv"
    splits.write_text(split_table(options.images))
    out = options.folder / f"run-{time.time():.0f}"
    run("train", options.folder, "--splits", splits, "--out", out, "--budget", options.budget)


def split_table(images: int) -> str:
    """The first 100 images for validation, the next 100 for testing, the rest to learn from."""
    splits = ["val"] * 100 + ["test"] * 100 + ["train"] * (images - 200)
    return "name,split\n" + "".join(f"{number:05},{split}\n" for number, split in enumerate(splits))


def run(*words: object) -> None:
    """Run a command of pixelwise in a process of its own and print what it took."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pixelwise", *map(str, words)], capture_output=True, text=True
    )
    seconds = time.monotonic() - begin
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{words[0]}: status {done.returncode}, {seconds:.0f} s, {memory:.2f} GB at most so far")
    print("\n".join((done.stdout + done.stderr).splitlines()[-12:]), flush=True)


if __name__ == "__main__":
    main()

"""Validation Dice against wall clock: Pixelwise, Pixelwise from scratch, and the plain recipe of a lesson.

    python benchmarks/time_to_dice.py ../shared/data/ph2 --ours 60 --scratch 600 --lesson 2400

Each runs in a process of its own for so many seconds, one after another on the same machine; the clock counts from the
process's first line, imports, check and decoding included, and stands still while a point of the curve is measured:
the mean Dice on validation images, at their own size, of the weights that would be kept.

- ours: as planned for a budget of that length.
- scratch: the same with the lesson's U-Net, which begins at random.
- lesson: that U-Net at 256×256, Adam at 1e-3, binary cross-entropy, batches of 32, 30 epochs, in float32, nothing
  changed at random; it ends after 30 epochs where the time allows.

Prints the time to a Dice of 0.90 and images per second, and writes the curves as CSV and as a picture.
"""

from __future__ import annotations

import time

STARTED = time.monotonic()

import argparse  # noqa: E402
import csv  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, cast  # noqa: E402

if TYPE_CHECKING:
    from pixelwise.models import Network
    from pixelwise.types import SplitName

WANTED = 0.90
KINDS = ("ours", "scratch", "lesson")
POINTS = 30
"""Of a curve."""
SIDE, BATCH, EPOCHS = 256, 32, 30  # of the lesson


class Clock:
    """Seconds since the process began, without those in which a score is measured."""

    def __init__(self) -> None:
        self.paused = 0.0

    def now(self) -> float:
        return time.monotonic() - STARTED - self.paused

    def measure(self, score: Callable[[], float]) -> float:
        begin = time.monotonic()
        value = score()
        self.paused += time.monotonic() - begin
        return value


def curve(kind: str, data: Path, seconds: float) -> Iterator[tuple[float, float, int]]:
    """Points of a curve: seconds, Dice, and images learned from so far."""
    clock = Clock()
    steps = lesson(data) if kind == "lesson" else ours(data, seconds, clock, from_scratch=kind == "scratch")
    due = 0.0
    for images, score in steps:
        now = clock.now()
        done = now >= seconds
        if now >= due or done:
            yield now, clock.measure(score), images
            due = now + (seconds - now) / POINTS if now < 60 else now + seconds / POINTS
        if done:
            return
    yield clock.now(), clock.measure(score), images


def ours(
    data: Path, seconds: float, clock: Clock, *, from_scratch: bool
) -> Iterator[tuple[int, Callable[[], float]]]:
    """Train as ``pixelwise train`` does; after each step the images so far and how to score the average."""
    import copy

    from pixelwise.checks import Looker
    from pixelwise.data.cache import Cache
    from pixelwise.prediction import Predictor
    from pixelwise.workflows.check import check, refuse_errors
    from pixelwise.workflows.data import open_data
    from pixelwise.workflows.job import prepare
    from pixelwise.workflows.listener import Listener
    from pixelwise.workflows.preparation import complete_recipe, with_splits
    from pixelwise.workflows.wishes import Wishes

    cache = Cache(Path(tempfile.mkdtemp()))
    looker, listener = Looker(cache), Listener()
    checked = check(
        open_data(data, splits=data / "splits.csv", strict=False, values_of=looker.values), looker=looker
    )
    refuse_errors(checked, allow_leaks=False)
    dataset = with_splits(checked.subject, 0, listener)
    wishes = Wishes(network="unet" if from_scratch else None, budget=seconds)
    job = prepare(dataset, complete_recipe(wishes, dataset, listener), listener, cache)
    session = job.session()
    validating = [dataset.read(sample) for sample in dataset.split("val").samples]
    settings = {name: task.default_settings() for name, task in job.tasks.items()}

    def score() -> float:
        network = cast("Network", copy.deepcopy(session.average.module))
        predictor = Predictor(network, job.tasks, job.recipe.preprocessing, settings)
        return mean_dice(
            (predictor(image)["semantic"].label_map == 1, label.class_map == 1) for image, label in validating
        )

    while True:
        session.advance(min(1.0, clock.now() / seconds))
        yield session.step * job.recipe.train.batch_size, score


def lesson(data: Path) -> Iterator[tuple[int, Callable[[], float]]]:
    """The lesson's recipe, step by step."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    from pixelwise.models import build_model, model_named
    from pixelwise.types import Field
    from pixelwise.workflows.data import open_data

    torch.manual_seed(0)
    dataset = open_data(data, splits=data / "splits.csv")
    fields = {"semantic": (Field("classes", 1, "sigmoid"),)}
    network = build_model(model_named("unet"), fields, pretrained=False)

    def framed(split: SplitName) -> tuple[torch.Tensor, torch.Tensor, list[np.ndarray]]:
        images, masks, whole = [], [], []
        for sample in dataset.split(split).samples:
            image, label = dataset.read(sample)
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
            mask = torch.from_numpy((label.class_map == 1).astype(np.float32))[None, None]
            images.append(F.interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True))
            masks.append(F.interpolate(mask, (SIDE, SIDE), mode="nearest"))
            whole.append(label.class_map == 1)
        return torch.cat(images), torch.cat(masks), whole

    images, masks, _ = framed("train")
    val_images, _, val_whole = framed("val")
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    @torch.inference_mode()
    def score() -> float:
        network.eval()
        logits = [network(image[None])["semantic"]["classes"] for image in val_images]
        found = (
            F.interpolate(one, truth.shape, mode="bilinear")[0, 0].numpy() > 0
            for one, truth in zip(logits, val_whole, strict=True)
        )
        value = mean_dice(zip(found, val_whole, strict=True))
        network.train()
        return value

    seen = 0
    for _epoch in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(images)), BATCH):
            logits = network(images[batch])["semantic"]["classes"]
            logits = F.interpolate(logits, (SIDE, SIDE), mode="bilinear")
            loss = F.binary_cross_entropy_with_logits(logits, masks[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            seen += len(batch)
            yield seen, score


def mean_dice(pairs: Iterator[tuple[object, object]]) -> float:
    """Mean Dice of pairs of boolean arrays."""
    import numpy as np

    scores = []
    for found, truth in pairs:
        one, other = np.asarray(found), np.asarray(truth)
        scores.append(2 * (one & other).sum() / max(1, one.sum() + other.sum()))
    return float(np.mean(scores))


def draw(curves: dict[str, list[tuple[float, float, int]]], path: Path) -> None:
    """Curves over a logarithmic clock, as SVG."""
    import math

    colours = {"ours": "#0a64b4", "scratch": "#d99a00", "lesson": "#888"}
    longest = max(points[-1][0] for points in curves.values())

    def place(seconds: float, score: float) -> str:
        return (
            f"{60 + 680 * math.log(max(seconds, 5) / 5) / math.log(longest / 5):.1f},{360 - 340 * score:.1f}"
        )

    lines = [
        f'<polyline fill="none" stroke="{colours[kind]}" stroke-width="2" '
        f'points="{" ".join(place(s, d) for s, d, _ in points)}"/>'
        for kind, points in curves.items()
    ]
    ticks = [tick for tick in (5, 10, 30, 60, 120, 300, 600, 1200, 2400, 4800) if tick <= longest]
    marks = [f'<text x="{place(t, 0).split(",")[0]}" y="380">{t} s</text>' for t in ticks]
    marks += [f'<text x="20" y="{360 - 340 * score:.0f}">{score}</text>' for score in (0, 0.5, 0.9, 1)]
    marks += [
        f'<text x="620" y="{280 + 20 * k}" fill="{colours[kind]}">{kind}</text>'
        for k, kind in enumerate(curves)
    ]
    body = "".join([*lines, *marks])
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 400" font-family="sans-serif" font-size="12">'
    path.write_text(f"{head}{body}</svg>", encoding="utf-8")


def main() -> None:
    """Run the contenders one after another, or the one that a child process is for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of a data set that holds splits.csv")
    parser.add_argument("--ours", type=float, default=60.0)
    parser.add_argument("--scratch", type=float, default=600.0)
    parser.add_argument("--lesson", type=float, default=2400.0)
    parser.add_argument("--only", choices=KINDS, help="run this one here and print its points")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    if options.only:
        for point in curve(options.only, options.data, getattr(options, options.only)):
            print(json.dumps(point), flush=True)
        return
    curves = {}
    for kind in KINDS:
        if getattr(options, kind) > 0:
            command = [sys.executable, __file__, str(options.data), "--only", kind]
            command += [f"--{kind}", str(getattr(options, kind))]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            curves[kind] = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
            reached = next((seconds for seconds, dice, _ in curves[kind] if dice >= WANTED), None)
            when = f"Dice {WANTED:.2f} after {reached:.0f} s" if reached else f"Dice {WANTED:.2f} never"
            (first, *_), (last, dice, images) = curves[kind][0], curves[kind][-1]
            print(
                f"{kind}: {when}; {dice:.3f} after {last:.0f} s; {images / (last - first):.1f} images a second"
            )
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "time_to_dice.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "seconds", "dice", "images"])
        writer.writerows([kind, *point] for kind, points in curves.items() for point in points)
    draw(curves, options.out / "time_to_dice.svg")


if __name__ == "__main__":
    main()

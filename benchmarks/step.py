"""Where the time of a training step goes.

    python benchmarks/step.py ../shared/data/ph2 --steps 40

Trains on the training images for some steps, part by part, and prints the network and its frame, the median
milliseconds of each part, its share of the step, images per second, arithmetic, threads and the largest memory of the
process. Any setting of the recipe may be changed by --set.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from pixelwise.data.augment import augment
from pixelwise.data.cache import Cache
from pixelwise.geometry import resize_logits
from pixelwise.prediction import normalise
from pixelwise.recipe import Recipe, parse_setting
from pixelwise.training.session import Session, to_device
from pixelwise.workflows.budget import parse_budget
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe
from pixelwise.workflows.wishes import Wishes

NETWORK = ("forward", "backward")
WARM_UP = 5


class Clock:
    """Adds up what parts of a step take."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what is done within it."""
        begin = time.perf_counter()
        yield
        self.times[name].append(time.perf_counter() - begin)


def step(session: Session, clock: Clock) -> None:
    """One step of :meth:`Session.advance`, part by part."""
    recipe = session.recipe
    with clock.part("frames"):
        pixels, labels = to_device(session.frames.batch(next(session.order)), session.fabric)
    with clock.part("augment"):
        images = normalise(pixels, recipe.values)
        images, labels = augment(images, labels, recipe.augment, recipe.values, session.generator)
        images = images.contiguous(memory_format=torch.channels_last)
    with clock.part("forward"):
        outputs = session.model(images)
    with clock.part("loss"):
        parts: list[torch.Tensor] = []
        for name, task in session.tasks.items():
            targets = task.targets(labels)
            sizes = {field: (target.shape[-2], target.shape[-1]) for field, (target, _) in targets.items()}
            logits = {field: resize_logits(values, sizes[field]) for field, values in outputs[name].items()}
            parts += task.loss(logits, targets).values()
        loss = torch.stack(parts).sum()
    with clock.part("backward"):
        session.fabric.backward(loss)
    with clock.part("optimiser"):
        session.optimiser.step()
        session.optimiser.zero_grad()
    with clock.part("average"):
        session.average.update_parameters(session.network)
    loss.item()


def main() -> None:
    """Train for some steps and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="with splits of its own")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument(
        "--budget", help="whose plan is measured, such as 5m; that of a number of epochs without it"
    )
    parser.add_argument("--network", help="decoder:encoder; planned without it")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    dataset = open_data(options.data)
    if not dataset.split("train").samples:
        parser.error(f"{options.data} has no training images; name data with splits of its own")
    settings = dict(parse_setting(text) for text in options.set)
    listener = Listener()
    length = {"budget": parse_budget(options.budget)} if options.budget else {"epochs": 1}
    wishes = Wishes(network=options.network, settings=settings, **length)
    recipe = complete_recipe(wishes, dataset, listener)
    with tempfile.TemporaryDirectory() as folder:
        job = prepare(dataset, recipe, listener, Cache(Path(folder)))
        session, clock = job.session(), Clock()
        for number in range(WARM_UP + options.steps):
            if number == WARM_UP:
                clock = Clock()
            with clock.part("step"):
                step(session, clock)
    report(clock, job.recipe, options.steps)


def report(clock: Clock, recipe: Recipe, steps: int) -> None:
    """Print medians and shares."""
    train, model, (height, width) = recipe.train, recipe.model, recipe.scale.size
    batch = train.batch_size
    print(
        f"{model.decoder} over {model.encoder}, {batch} frames of {width}×{height}, medians of {steps} steps"
    )
    medians = {name: statistics.median(times) for name, times in clock.times.items()}
    whole = medians.pop("step")
    for name, seconds in medians.items():
        print(f"{name:10} {1000 * seconds:7.1f} ms  {seconds / whole:6.1%}")
    network = sum(medians[name] for name in NETWORK)
    print(
        f"{'step':10} {1000 * whole:7.1f} ms  network {network / whole:.1%}  {batch / whole:.1f} images a second"
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{train.precision}, {train.threads} threads, {memory:.2f} GB at most")


if __name__ == "__main__":
    main()

"""How often a mask of another image, and an exchange of two masks, is found.

    python benchmarks/strangers.py ../shared/data/ph2 ../shared/data/ccp --plants 60

Takes the images and masks of each set as the check sees them, small, gives one image the mask of another that is taken
out, or exchanges two masks, and asks :func:`~pixelwise.checks.strangers.find_strangers`. Prints the shares found and
what is called strange in the set as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise.checks.fit import Plane
from pixelwise.checks.strangers import Strangers, find_strangers
from pixelwise.workflows.data import open_data

SIDE = 256
Pair = tuple[Plane, Plane]


def main() -> None:
    """Plant and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--plants", type=int, default=60)
    options = parser.parse_args()
    for folder in options.data:
        pairs = small_pairs(folder)
        random = np.random.default_rng(0)
        found = np.zeros(2, int)
        for _ in range(options.plants):
            one, other = random.choice(len(pairs), 2, replace=False).tolist()
            found += strange_is_found(pairs, one, other), exchange_is_found(pairs, one, other)
        shares = found / options.plants
        print(f"{folder.name}: {len(pairs)} pairs, as they are {looked_at(pairs)}")
        print(f"  of {options.plants}: another's mask {shares[0]:.1%}, exchanged {shares[1]:.1%}", flush=True)


def strange_is_found(pairs: list[Pair], one: int, other: int) -> bool:
    """One image has the mask of the other, which is not there."""
    planted = [
        (grey, laid(pairs[other][1], grey) if place == one else mask)
        for place, (grey, mask) in enumerate(pairs)
        if place != other
    ]
    return one - (other < one) in looked_at(planted).alone


def exchange_is_found(pairs: list[Pair], one: int, other: int) -> bool:
    """The two have each other's mask."""
    planted = list(pairs)
    for here, there in ((one, other), (other, one)):
        planted[here] = (pairs[here][0], laid(pairs[there][1], pairs[here][0]))
    return any({one, other} == set(swap) for swap in looked_at(planted).exchanged)


def looked_at(pairs: list[Pair]) -> Strangers:
    """As the check does, for sets so small that all pairs are compared."""
    return find_strangers(pairs, [0.0] * len(pairs))


def laid(mask: Plane, grey: Plane) -> Plane:
    """A mask scaled to another image's size."""
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(PIL.Image.fromarray(mask).resize(size, PIL.Image.Resampling.NEAREST))


def small_pairs(folder: Path) -> list[Pair]:
    """Brightness and classes of every pair, the longest side of ``SIDE`` pixels."""
    dataset = open_data(folder)
    pairs = []
    for sample in dataset.samples:
        pixels, label = dataset.read(sample)
        grey = PIL.Image.fromarray(np.asarray(pixels)).convert("L")
        grey.thumbnail((SIDE, SIDE))
        pairs.append((np.asarray(grey), laid(label.class_map, np.asarray(grey))))
    return pairs


if __name__ == "__main__":
    main()

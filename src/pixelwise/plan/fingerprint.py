"""What a plan has to know of data and computer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pixelwise.data.valuerange import BYTES, ValueRange
from pixelwise.recipe import Precision, Scale
from pixelwise.types import Size


def _everything(scale: Scale) -> float:
    return 1.0


@dataclass(frozen=True)
class Covered:
    """How much of the masks is of a class.

    Attributes:
        pixels: share of the pixels, 0–1.
        images: share of the images that show it, 0–1.
    """

    pixels: float
    images: float


@dataclass(frozen=True)
class Fingerprint:
    """Data, time and computer.

    Attributes:
        sizes: how many images have each (height, width).
        any_way_up: the pictures have no up and down.
        found: what the images hold.
        training: number of training images; 0 where it does not matter.
        seconds: for everything; None where the length is a number of epochs.
        rate: images of 224×224 that this computer trains on in a second, about.
        precision: the arithmetic that is so fast; auto where it was not measured.
        ceiling: the best score that a scale allows, 0–1.
        scored: number of images that the budget has to predict after training.
        classes: how much of some masks each class covers, by its name; background aside.
        objects_any_way: objects lie in every direction, as cells do.
    """

    sizes: Mapping[Size, int]
    any_way_up: bool
    found: ValueRange = BYTES
    training: int = 0
    seconds: float | None = None
    rate: float = 20.0
    precision: Precision = "auto"
    ceiling: Callable[[Scale], float] = _everything
    scored: int = 0
    classes: Mapping[str, Covered] = field(default_factory=dict)
    objects_any_way: bool = False

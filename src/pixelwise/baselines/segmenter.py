"""A method with its free parameters, as evaluation and prediction use it: in a trained model's place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pixelwise.baselines.base import Method, Value
from pixelwise.baselines.objectrule import ObjectRule
from pixelwise.baselines.picture import Mask, Picture, full_size, small_copy
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.prediction import Prediction, viewable
from pixelwise.recipe import Recipe, Values
from pixelwise.tasks import AnyTask, SemanticResult, build_tasks
from pixelwise.types import Image, Json, PixelFormat, Pixels

TASK = "semantic"


@dataclass(frozen=True)
class Choice:
    """What a method leaves free: its parameters, and what of its two sides is the object."""

    values: Mapping[str, Value]
    rule: ObjectRule = field(default_factory=ObjectRule)

    def as_json(self) -> Json:
        """As plain JSON values."""
        return {**self.values, "object": self.rule.side, "keep": self.rule.keep}


def segment(method: Method, choice: Choice, image: Image, seed: int = 0) -> Mask:
    """The object in an image (H, W, 3): (H, W) bool; nothing where the picture is blank or the method parts nothing.

    The method works on a copy whose longer side is at most ``WORKING_SIDE``.
    """
    copy, frame = small_copy(image)
    return full_size(segment_copy(method, choice, Picture(copy, seed)), frame)


def segment_copy(method: Method, choice: Choice, picture: Picture) -> Mask:
    """The object in a small picture: (h, w) bool."""
    if picture.is_blank:
        return np.zeros(picture.size, bool)
    return choice.rule.apply(method(picture, choice.values), picture)


class Baseline:
    """A method as a :class:`~pixelwise.prediction.Segmenter`.

    Args:
        labels: two classes, background and object.
        ranges: of each format of images that there may be, the range that becomes 0–255.

    Attributes:
        images: how many it has segmented.
        seconds: processor time that all of them took, reading aside.
    """

    def __init__(
        self,
        method: Method,
        choice: Choice,
        labels: Labels,
        ranges: Mapping[PixelFormat, Values],
        seed: int = 0,
    ) -> None:
        self.method, self.choice, self.ranges, self.seed = method, choice, dict(ranges), seed
        self.tasks: dict[str, AnyTask] = build_tasks(Recipe(), {TASK: labels})
        self.settings: dict[str, dict[str, float]] = {TASK: {}}
        self.images, self.seconds = 0, 0.0

    @property
    def tells_uncertainty(self) -> bool:
        """No: its probabilities are 0 and 1."""
        return False

    @property
    def orders_review(self) -> bool:
        """No: it says nothing of how good a prediction is."""
        return False

    def origin(self) -> Json:
        """The method and its choice, for the record."""
        return {"method": self.method.name, **self.choice.as_json()}

    def check_format(self, found: PixelFormat, about: object) -> None:
        """Raise :class:`DataError` for images of a format whose range is not known."""
        if found not in self.ranges:
            known = ", ".join(map(str, self.ranges))
            raise DataError(f"{about} is {found}, but the range of values is known of {known} alone.")

    def viewable(self, image: Pixels) -> Image:
        """(H, W, 3) uint8, by the range of the image's format."""
        return viewable(image, self.ranges[PixelFormat.of(image)])

    def predict(self, source: Pixels) -> Prediction:
        """The object in an image (H, W, C), at its own size; probabilities are 0 and 1."""
        begin = time.process_time()
        inside = segment(self.method, self.choice, self.viewable(source), self.seed)
        self.images, self.seconds = self.images + 1, self.seconds + time.process_time() - begin
        probs = np.stack([~inside, inside]).astype(np.float32)
        result = SemanticResult(inside.astype(np.uint8), probs)
        height, width = inside.shape
        return Prediction((height, width), {TASK: result})

"""What evaluation and prediction need of whatever turns images into results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pixelwise.prediction.look import Prediction
from pixelwise.tasks import AnyTask
from pixelwise.types import Image, Json, PixelFormat, Pixels


class Segmenter(Protocol):
    """A trained model's :class:`~pixelwise.prediction.Predictor`, or a method that needs no training."""

    @property
    def tasks(self) -> Mapping[str, AnyTask]:
        """What results mean, by name."""
        ...

    @property
    def settings(self) -> Mapping[str, Mapping[str, float]]:
        """Decision settings by task name."""
        ...

    @property
    def tells_uncertainty(self) -> bool:
        """Whether its predictions hold a map of uncertainty."""
        ...

    @property
    def orders_review(self) -> bool:
        """Whether its predictions tell which of them a human should look at first."""
        ...

    def origin(self) -> Json:
        """What made the results, beside the settings, for the record; plain JSON values."""
        ...

    def check_format(self, found: PixelFormat, about: object) -> None:
        """Raise :class:`~pixelwise.errors.DataError` for images that it is not made for."""
        ...

    def viewable(self, image: Pixels) -> Image:
        """(H, W, C) pixels as a picture (H, W, 3) uint8, as :func:`~pixelwise.prediction.viewable` makes it."""
        ...

    def predict(self, source: Pixels) -> Prediction:
        """Segment an image (H, W, C)."""
        ...

"""What a network says of an image, and what is made of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.confidence import Traits
from pixelwise.geometry import Frame
from pixelwise.types import Size

FieldsByTask = dict[str, dict[str, NDArray[np.float32]]]


@dataclass(frozen=True)
class Evidence:
    """What confidence in a prediction follows from.

    Attributes:
        traits: of the result.
        features: (T, D) float32, what the encoder makes of each tile.
    """

    traits: Traits
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """What the network says of an image.

    Attributes:
        values: the fields by task and name, (C, H, W) float32 after activation.
        canvas: how the image lies in what the network saw.
        logits: (C, H, W) of a semantic task's classes, calibrated; None where there is no such task.
        views: (C, H, W) of the image alone and of its mirror image alone, the logits, calibrated, of the field of
            classes that uncertainty is of; None where there is none.
        features: (T, D) float32, means of the encoder's features over each tile.
        members: what each of several models says, where this is their mean.
    """

    values: FieldsByTask
    canvas: Frame
    logits: Tensor | None
    views: tuple[Tensor, Tensor] | None
    features: NDArray[np.float32]
    members: tuple[Look, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        size: (height, width) of the image, and of every result.
        results: by task name; ``prediction["semantic"].label_map``, for one.
        uncertainty: (H, W) float32, 0 sure to 1 not known at all, see
            :func:`~pixelwise.confidence.entropy_of_views`; None of a method that knows no probabilities, and of
            a model that tells no classes apart.
        predicted_dice: the Dice that the result can be expected to reach, 0–1; NaN where nothing was found, None where
            the model holds nothing to tell it by.
        unlikeness: how far the image lies from those of training, in parts of the limit; None likewise.
        evidence: what the last two were worked out from, where there is a semantic task.
    """

    size: Size
    results: Mapping[str, Any]
    uncertainty: NDArray[np.float32] | None = None
    predicted_dice: float | None = None
    unlikeness: float | None = None
    evidence: Evidence | None = field_of(default=None, repr=False)

    @property
    def unlike(self) -> bool | None:
        """Whether the image is unlike those of training, so that nothing else said of it can be relied on."""
        return None if self.unlikeness is None else self.unlikeness > 1

    def __getitem__(self, task: str) -> Any:
        return self.results[task]

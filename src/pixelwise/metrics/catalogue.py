"""What the metrics are called, what they mean and which way is good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Unit = Literal["", "px", "mm"]


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        title: what people call it.
        meaning: a sentence for readers of scores.
        unit: of distances; a share has none.
        lower_is_better: 0 is perfect and there is no upper limit; else 1 is perfect and 0 the least.
        pooled: whether images can be counted together.
        of_people: of joints, not of pixels.
    """

    title: str
    meaning: str
    unit: Unit = ""
    lower_is_better: bool = False
    pooled: bool = True
    of_people: bool = False

    @property
    def highest(self) -> float:
        """The greatest value it can have."""
        return math.inf if self.lower_is_better else 1.0


_SURFACE = "Mean distance from the outline of either to the outline of the other"
_FARTHEST = (
    "95 % of either outline lie within this distance of the other outline; the greater of the two directions"
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "dice": Metric(
            "Dice", "Twice the area that truth and prediction share, divided by the sum of their two areas."
        ),
        "iou": Metric(
            "IoU",
            "The area they share, divided by the area that either covers; lower than Dice for the same outline, and "
            "it ranks images the same way.",
        ),
        "accuracy": Metric(
            "Accuracy", "Pixels that are called what they are; high wherever most is background."
        ),
        "sensitivity": Metric("Sensitivity", "Share of the truth that was found; also called recall."),
        "specificity": Metric("Specificity", "Share of what is not the object that was left alone."),
        "precision": Metric("Precision", "Share of the prediction that is right."),
        "area_error": Metric(
            "Area error",
            "How much the predicted area differs from the true one, more or less, in parts of the true one.",
            lower_is_better=True,
        ),
        "boundary_iou": Metric(
            "Boundary IoU", "IoU of the two inner borders alone, as wide as 2 % of the image's diagonal."
        ),
        "nsd": Metric(
            "Surface Dice",
            "Share of both outlines that lies no farther than 1 % of the image's diagonal from the other outline.",
        ),
        "assd": Metric("Surface distance", f"{_SURFACE}.", "px", lower_is_better=True),
        "hd95": Metric("HD95", f"{_FARTHEST}.", "px", lower_is_better=True, pooled=False),
        "assd_mm": Metric(
            "Surface distance, mm",
            f"{_SURFACE}, on images whose pixels are known in mm.",
            "mm",
            lower_is_better=True,
        ),
        "hd95_mm": Metric(
            "HD95, mm",
            f"{_FARTHEST}; on images whose pixels are known in mm.",
            "mm",
            lower_is_better=True,
            pooled=False,
        ),
        "pck": Metric(
            "PCK@0.2",
            "Share of the labelled joints that were found within a fifth of the torso's length, from the left shoulder "
            "to the right hip.",
            of_people=True,
        ),
        "pckh": Metric(
            "PCKh@0.5",
            "Share of the labelled joints that were found within half the head's length, from the neck to its top.",
            of_people=True,
        ),
        "oks": Metric(
            "OKS",
            "Object keypoint similarity of true people with the predicted person that is likest each; 0 for who was "
            "missed.",
            of_people=True,
        ),
        "given_away": Metric(
            "Given away",
            "Share of the predicted joints that lie where the same joint of another person is, and not near their own.",
            lower_is_better=True,
            of_people=True,
        ),
        "oks_ap": Metric(
            "OKS AP",
            "Average precision of predicted people, the mean over OKS from 0.50 to 0.95, as COCO has it; of all images "
            "together.",
            of_people=True,
        ),
        "oks_ap50": Metric(
            "OKS AP50", "Average precision of people, found with an OKS of at least 0.50.", of_people=True
        ),
        "oks_ap75": Metric(
            "OKS AP75", "Average precision of people, found with an OKS of at least 0.75.", of_people=True
        ),
        "oks_ar": Metric(
            "OKS AR",
            "Share of true people that were found, the mean over OKS from 0.50 to 0.95.",
            of_people=True,
        ),
    }
)

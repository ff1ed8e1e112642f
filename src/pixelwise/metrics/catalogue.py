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
        of_objects: objects, segments, joints or people are counted over all images together, and that is the score.
    """

    title: str
    meaning: str
    unit: Unit = ""
    lower_is_better: bool = False
    pooled: bool = True
    of_people: bool = False
    of_objects: bool = False

    @property
    def highest(self) -> float:
        """The greatest value it can have."""
        return math.inf if self.lower_is_better else 1.0


_SURFACE = "Mean distance from the outline of either to the outline of the other"
_FARTHEST = (
    "95% of either outline lie within this distance of the other outline; the greater of the two directions"
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
            "Boundary IoU", "IoU of the two inner borders alone, as wide as 2% of the image's diagonal."
        ),
        "nsd": Metric(
            "Surface Dice",
            "Share of both outlines that lies no farther than 1% of the image's diagonal from the other outline.",
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
        "pq": Metric(
            "PQ",
            "Panoptic quality: how many segments are found and how well, SQ × RQ in each class; a segment is found "
            "where more than half of the union with the true one is shared.",
            of_objects=True,
        ),
        "sq": Metric("SQ", "Mean IoU of the segments that are found.", of_objects=True),
        "rq": Metric(
            "RQ",
            "Found segments among true and predicted ones: the F1 score of finding them.",
            of_objects=True,
        ),
        "pq_things": Metric(
            "PQ of things", "Panoptic quality of classes whose objects are told apart.", of_objects=True
        ),
        "pq_stuff": Metric("PQ of stuff", "Panoptic quality of the other classes.", of_objects=True),
        "f1_50": Metric(
            "F1 at IoU 0.5",
            "Objects that are found, twice, among true and predicted ones together.",
            of_objects=True,
        ),
        "count_error": Metric(
            "Count error",
            "How far the number of predicted objects is from that of the true ones, in parts of the true ones: summed "
            "image by image, so that too many here and too few there do not cancel.",
            lower_is_better=True,
            of_objects=True,
        ),
        "score_error": Metric(
            "Score error",
            "How far the score of a predicted object, the IoU with a true one that it expects, is from the IoU that it "
            "has, on average over the objects.",
            lower_is_better=True,
            of_objects=True,
        ),
        "mean_iou": Metric(
            "Mean IoU",
            "IoU of class maps, objects not told apart: over all pixels, then over the classes.",
            of_objects=True,
        ),
        "ap": Metric(
            "AP",
            "COCO's average precision of masks: the mean over IoU from 0.50 to 0.95; it also asks that surer objects "
            "are better ones.",
            of_objects=True,
        ),
        "ap50": Metric(
            "AP50", "Average precision of objects, found with an IoU of at least 0.50.", of_objects=True
        ),
        "ap75": Metric(
            "AP75", "Average precision of objects, found with an IoU of at least 0.75.", of_objects=True
        ),
        "ap_small": Metric("AP, small", "Of objects of less than 32 × 32 pixels.", of_objects=True),
        "ap_medium": Metric("AP, medium", "Of objects between that and 96 × 96 pixels.", of_objects=True),
        "ap_large": Metric("AP, large", "Of objects beyond that.", of_objects=True),
        "ar": Metric(
            "AR",
            "Share of true objects that are found, the mean over IoU from 0.50 to 0.95.",
            of_objects=True,
        ),
        "pck": Metric(
            "PCK@0.2",
            "Share of the labelled joints that were found within a fifth of the torso's length, from the left shoulder "
            "to the right hip.",
            of_people=True,
            of_objects=True,
        ),
        "pckh": Metric(
            "PCKh@0.5",
            "Share of the labelled joints that were found within half the head's length, from the neck to its top.",
            of_people=True,
            of_objects=True,
        ),
        "oks": Metric(
            "OKS",
            "Object keypoint similarity of true people with the predicted person that is likest each; 0 for who was "
            "missed.",
            of_people=True,
            of_objects=True,
        ),
        "given_away": Metric(
            "Given away",
            "Share of the predicted joints that lie where the same joint of another person is, and not near their own.",
            lower_is_better=True,
            of_people=True,
            of_objects=True,
        ),
        "oks_ap": Metric(
            "OKS AP",
            "Average precision of predicted people, the mean over OKS from 0.50 to 0.95, as COCO has it; of all images "
            "together.",
            of_people=True,
            of_objects=True,
        ),
        "oks_ap50": Metric(
            "OKS AP50",
            "Average precision of people, found with an OKS of at least 0.50.",
            of_people=True,
            of_objects=True,
        ),
        "oks_ap75": Metric(
            "OKS AP75",
            "Average precision of people, found with an OKS of at least 0.75.",
            of_people=True,
            of_objects=True,
        ),
        "oks_ar": Metric(
            "OKS AR",
            "Share of true people that were found, the mean over OKS from 0.50 to 0.95.",
            of_people=True,
            of_objects=True,
        ),
    }
)

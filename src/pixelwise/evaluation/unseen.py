"""What must be known to judge scores: that images had a part in the model, or belong together."""

from __future__ import annotations

from pixelwise.evaluation.intervals import FEW
from pixelwise.evaluation.units import Units, count_of

CHOSE = (
    "There is no test split: these are scores on validation images, on which weights and settings were chosen, so they "
    "are somewhat too good."
)
CHOSE_NOTHING = (
    "There is no test split: these are scores on validation images. They chose no weights, since none of them had a "
    "score during training; the final ones were kept."
)
TAUGHT = (
    "There is neither test nor validation split: these are scores on the training images, which do not tell how the "
    "model does on new ones."
)
FITTED_HERE = (
    "What the model says of itself was fitted on these same images, so that its calibration looks somewhat too good; "
    "predicted scores are held against true ones each by a fit to the other images."
)
SPLIT_NOTES = frozenset({CHOSE, CHOSE_NOTHING, TAUGHT})


def group_note(group: str | None, units: Units) -> str | None:
    """What intervals are of where several images are of one patient, video or the like; None where none are."""
    count = count_of(units)
    if group is None or count == len(units):
        return None
    if count == 1:
        return f"All images share one value of “{group}”; without others no interval can be told."
    few = " Of so few they are themselves unsure." if count < FEW else ""
    return (
        f"The {len(units)} images are of {count} values of “{group}”, and 95% intervals resample these with all their "
        f"images, since images that share one tell less than as many of others.{few}"
    )


def split_note(split: str, *, validated: bool) -> str | None:
    """The one of ``SPLIT_NOTES`` that is true of scores on this split; None of a test split.

    Args:
        split: what the model of a run is scored on: test, val or train.
        validated: whether validation had a say in its weights.
    """
    if split == "val":
        return CHOSE if validated else CHOSE_NOTHING
    return TAUGHT if split == "train" else None

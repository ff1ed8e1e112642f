"""What must be known of a run's scores where there was no test split, on images that had a part in the model."""

from __future__ import annotations

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


def split_note(split: str, *, validated: bool) -> str | None:
    """The one of ``SPLIT_NOTES`` that is true of scores on this split; None of a test split.

    Args:
        split: what the model of a run is scored on: test, val or train.
        validated: whether validation had a say in its weights.
    """
    if split == "val":
        return CHOSE if validated else CHOSE_NOTHING
    return TAUGHT if split == "train" else None

"""What must be known to judge scores: that images had a part in the model, or belong together."""

from __future__ import annotations

from pixelwise.data.dataset import Dataset

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


def group_note(dataset: Dataset) -> str | None:
    """What intervals over images leave out where several images are of one patient, video or the like; None if none."""
    group = dataset.group
    values = [sample.tags[group] for sample in dataset.samples if group in sample.tags] if group else []
    if len(set(values)) == len(values):
        return None
    return (
        f"{len(values)} of the images share {len(set(values))} values of “{group}”: where images that share one are "
        "alike, the 95% intervals, which take each image for one of its own, are too narrow."
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

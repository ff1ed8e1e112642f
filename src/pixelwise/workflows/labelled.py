"""Which samples are labelled for which task: sets may hold masks for some pictures and joints for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.evaluation.unseen import split_note
from pixelwise.types import Sample, SplitName

_ORDER: tuple[SplitName, ...] = ("test", "val", "train")
_WORDS = {"test": "test", "val": "validation", "train": "training"}


def labelled_for(dataset: Dataset, task: str) -> Dataset:
    """The samples with a label for a task of this name."""
    return dataset.where(lambda sample: _is_labelled(dataset, sample, task))


def _is_labelled(dataset: Dataset, sample: Sample, task: str) -> bool:
    if task == "pose":
        return sample.people is not None
    return not dataset.mixed or "mask" in sample.labels


def refuse_untaught(dataset: Dataset, tasks: Sequence[str]) -> None:
    """Raise :class:`DataError` for a task that no training sample is labelled for."""
    training = dataset.split("train")
    for task in tasks:
        if not labelled_for(training, task).samples:
            label = "joints" if task == "pose" else "masks"
            others = ",".join(other for other in tasks if other != task)
            instead = f", or ask for --task {others}" if others else ""
            raise DataError(
                f"{dataset.root} has no training image with {label} to learn {task} from; assign some to 'train'"
                f"{instead}."
            )


def splits_scored(dataset: Dataset, tasks: Sequence[str]) -> dict[str, SplitName]:
    """The split that each task is scored on: the test split, or the best that has a sample labelled for it.

    Raises:
        DataError: no sample of any split is labelled for one of them.
    """
    found: dict[str, SplitName] = {}
    for task in tasks:
        labelled = {sample.split for sample in labelled_for(dataset, task).samples}
        split = next((name for name in _ORDER if name in labelled), None)
        if split is None:
            raise DataError(
                f"{dataset.root} has no image of any split that is labelled for {task}; add some."
            )
        found[task] = split
    return found


def scored_part(dataset: Dataset, tasks: Sequence[str]) -> tuple[Dataset, SplitName]:
    """What a run of these tasks is scored on, and the split that it is of, or that the first task's part is of.

    Where the split of one task holds no label for another, the other one's split is scored as well: its samples have
    their labels for the tasks that are scored there, and lack the rest.
    """
    splits = splits_scored(dataset, tasks)
    first = splits[tasks[0]]
    if set(splits.values()) == {first} and not dataset.mixed:
        return dataset.split(first), first
    kept = []
    for sample in dataset.samples:
        here = [
            task for task in tasks if splits[task] == sample.split and _is_labelled(dataset, sample, task)
        ]
        if here:
            labels = sample.labels if set(here) - {"pose"} else {}
            kept.append(replace(sample, labels=labels, people=sample.people if "pose" in here else None))
    return replace(dataset, samples=tuple(kept)), first


def scored_notes(dataset: Dataset, tasks: Sequence[str], *, validated: bool) -> list[str]:
    """What must be known to judge scores of :func:`scored_part`.

    Args:
        validated: whether validation had a say in the weights.
    """
    splits = splits_scored(dataset, tasks)
    notes = []
    for split in dict.fromkeys(splits.values()):
        note = split_note(split, validated=validated)
        if note is None:
            continue
        here = [task for task in tasks if splits[task] == split]
        if len(here) == len(tasks):
            return [note]
        notes.append(
            f"No {_WORDS['test']} image is labelled for {' and '.join(here)}, which is scored on {_WORDS[split]} images"
            " instead: these had a part in the model, so its scores are somewhat too good."
        )
    return notes


def sets_of(dataset: Dataset) -> list[Dataset]:
    """The sets that a data set was joined from, or itself: images of the one have no mark of people, nobody either."""
    if dataset.skeleton is None:
        return [dataset]
    parts = [
        dataset.where(lambda one: one.people is None),
        dataset.where(lambda one: one.people is not None),
    ]
    return [part for part in parts if part.samples]


def assigned(dataset: Dataset) -> Dataset:
    """The samples that are assigned to a split; of a set in which none is, all."""
    names = {
        sample.name
        for part in sets_of(dataset)
        for sample in part.samples
        if sample.split is not None or not part.has_splits()
    }
    return dataset.where(lambda sample: sample.name in names)

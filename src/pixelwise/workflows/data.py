"""Opening data as every command does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pixelwise.data.dataset import JOINTS_OF, Dataset, with_joints
from pixelwise.data.groups import grouped
from pixelwise.data.layouts import LAYOUTS, coco, cocokeypoints, cocopanoptic, labelme
from pixelwise.data.layouts.nesting import first_folder
from pixelwise.data.layouts.paired import is_half
from pixelwise.data.layouts.survey import survey
from pixelwise.data.layouts.table import is_table, names_pictures
from pixelwise.data.legend import Hints, read_legend, readable_values
from pixelwise.data.problems import STRICT, Noted, Problems
from pixelwise.data.splits import read_splits
from pixelwise.errors import DataError
from pixelwise.types import Sample

OBJECT_TASKS = frozenset({"instance", "panoptic"})
"""Tasks that need objects told apart."""
NESTED = 2
"""Levels below a folder that is not known, in which one that is known is looked for."""


def open_data(
    path: Path | str,
    *,
    splits: Path | str | None = None,
    layout: str | None = None,
    legend: Path | str | None = None,
    ignore: int | str | None = None,
    group_by: str | None = None,
    task: str | None = None,
    strict: bool = True,
    values_of: Callable[[Path], Sequence[int]] = readable_values,
) -> Dataset:
    """Open a folder of images and labels, or a CSV that lists them.

    Args:
        path: the folder or the CSV.
        splits: CSV with the columns ``name`` and ``split``; without it ``splits.csv`` in the folder is read if there.
        layout: name of the reader; without it the folder is recognised.
        legend: file that says what the values in masks mean, see :func:`~pixelwise.data.legend.read_legend`.
        ignore: stored value of masks that is not labelled: a number, or "#rrggbb" where the legend names colours.
        group_by: what belongs together: a tag, or a pattern of names, see :func:`~pixelwise.data.groups.grouped`.
        task: "instance" and "panoptic" read masks that leave it open as numbers of objects; "semantic", alone or with
            "pose", reads classes alone, also of sets that tell objects apart; "pose", alone or after a comma, takes
            the reader of joints where several understand a set, and "panoptic" that of COCO's panoptic format.
            Without it the layout decides.
        strict: refuse files that do not pair up; else they are kept as ``problems`` of the data set.
        values_of: where it is not strict, looks up the values in a mask, as a :class:`~pixelwise.checks.Looker` does
            which is to check the data next.

    Raises:
        DataError: no such folder, an unknown layout, no pairs, two images of one name, a legend, or splits that do not
            fit.
    """
    root = Path(path)
    if not root.is_dir() and not is_table(root):
        raise DataError(f"{root} is not a folder or a CSV file; give the folder that holds images and masks.")
    named = read_legend(Path(legend)) if legend is not None else None
    hints = Hints(named, ignore, values_of, objects=task in OBJECT_TASKS)
    problems = STRICT if strict else Noted()
    if layout is None and "pose" in (task or "").split(",") and cocokeypoints.detect(root):
        layout = cocokeypoints.NAME
    if layout is None and task == "panoptic" and cocopanoptic.detect(root):  # COCO's own folder has both
        layout = cocopanoptic.NAME
    dataset = _for_task(_named_apart(_read(root, layout, hints, problems), problems), task)
    if not any(sample.labels or sample.people is not None for sample in dataset.samples):
        if isinstance(problems, Noted) and problems.found:  # the reason is known
            raise DataError(problems.found[0].message)
        raise DataError(f"{root} holds no image with a mask; check that names of images and masks agree.")
    asked = {
        "--layout": layout,
        "--legend": legend,
        "--ignore": ignore,
        "--group-by": group_by,
        "--task": task,
    }
    options = (word for name, value in asked.items() if value is not None for word in (name, str(value)))
    dataset = replace(dataset, opened=(str(path), *options))
    listed = Path(splits) if splits is not None else dataset.root / "splits.csv"
    if splits is not None or listed.is_file():
        dataset = read_splits(listed, dataset, problems=problems)
    if isinstance(problems, Noted):
        dataset = replace(dataset, problems=tuple(problems.found))
    return grouped(dataset, group_by)  # after the splits, whose further columns are tags


def _named_apart(dataset: Dataset, problems: Problems) -> Dataset:
    """The data set without images of a name that another has: lists and scores know an image by its name alone."""
    found: dict[str, Sample] = {}
    for sample in dataset.samples:
        other = found.setdefault(sample.name, sample)
        if other is not sample:
            message = (
                f"{sample.image} and {other.image} would both be called '{sample.name}'; rename one of them."
            )
            problems.meet("pair-clash", message, sample.image, other.image)
    return dataset if len(found) == len(dataset) else replace(dataset, samples=tuple(found.values()))


def _for_task(dataset: Dataset, task: str | None) -> Dataset:
    if task in OBJECT_TASKS and not dataset.labels.things:
        raise DataError(
            f"{dataset.root} ({dataset.layout}) tells no objects apart, which {task} is about; use "
            "--task semantic, or number the objects in pictures in a folder 'instances'."
        )
    if "semantic" in (task or "").split(",") and dataset.labels.things:
        return replace(dataset, labels=dataset.labels.model_copy(update={"things": ()}))
    return dataset


def splits_of_run(model: Path, dataset: Dataset) -> Dataset | None:
    """``dataset`` with the splits that a model was trained with, from the ``splits.csv`` beside it.

    None where there is no such file or it names none of these images.
    """
    listed = (model if model.is_dir() else model.parent) / "splits.csv"
    if not listed.is_file():
        return None
    assigned = read_splits(listed, dataset, ignore_unknown=True)
    if dataset.skeleton is not None:  # the run may have learned these joints beside masks
        names = {f"{JOINTS_OF}{sample.name}": sample.name for sample in dataset.samples}
        joined = dataset.renamed({name: other for other, name in names.items()})
        beside = read_splits(listed, joined, ignore_unknown=True)
        # A set of joints alone may have a folder of that name: then more of its own names are known.
        if _known(beside) >= _known(assigned):
            assigned = beside.renamed(names)
    return assigned if assigned.has_splits() else None


def _known(dataset: Dataset) -> int:
    return sum(sample.split is not None for sample in dataset.samples)


def _read(root: Path, layout: str | None, hints: Hints, problems: Problems) -> Dataset:
    names = ", ".join(one.name for one in LAYOUTS)
    if layout is not None:
        for candidate in LAYOUTS:
            if candidate.name == layout:
                return candidate.read(root, hints, problems)
        raise DataError(f"there is no layout '{layout}'; choose one of {names}.")
    for candidate in LAYOUTS:
        if candidate.detect(root):
            return candidate.read(root, hints, problems)
    inside = first_folder(root, _is_known, NESTED)
    told = coco.without_segmentations(root) or labelme.without_images(root)
    if inside is None and told is not None:
        raise DataError(told)
    listing = next(iter(sorted(one for one in root.iterdir() if is_table(one) and names_pictures(one))), None)
    advice = (
        f"give the list itself: {listing}."
        if listing
        else f"give its folder {inside} instead."
        if inside
        else f"give the folder around it, {around}, instead."
        if (around := _around(root)) is not None
        else "put images into a folder 'images' and masks of the same names into 'masks' beside it, "
        "or list both in a CSV."
    )
    found = survey(root)
    raise DataError(f"{root} is not laid out in a way that is known ({names}): found {found}; {advice}")


def _around(folder: Path) -> Path | None:
    """The folder that holds images and masks, where a person gave one of the two folders in it."""
    whole = folder.resolve()
    return whole.parent if is_half(whole) else None


def open_joined(
    data: Dataset | Path | str,
    task: str | None,
    joints: Path | str | None,
    values_of: Callable[[Path], Sequence[int]],
) -> Dataset:
    """The data as it lies, faults and all, with the joints of another set beside its masks where asked for.

    Args:
        data: an opened data set, or a folder for :func:`open_data`.
        joints: folder of the other set.
        values_of: as :func:`open_data` has it.
    """
    if not isinstance(data, Dataset):
        data = open_data(data, task=task, strict=False, values_of=values_of)
    return data if joints is None else with_joints(data, open_data(joints, task="pose", strict=False))


def holds_labels(path: Path) -> bool:
    """Whether a path is a data set rather than pictures: a table, or a folder that a reader recognises."""
    return is_table(path) or (path.is_dir() and _is_known(path))


def _is_known(folder: Path) -> bool:
    try:
        return any(candidate.detect(folder) for candidate in LAYOUTS)
    except DataError:  # nearly: to name it is help enough, opening it will tell the rest
        return True


def words_for(words: Sequence[Path | str], *options: str) -> list[Path | str]:
    """The words that open data, of which the options that a command has: a path, then names and values in turn."""
    pairs = zip(words[1::2], words[2::2], strict=True)
    return [words[0], *(word for pair in pairs if pair[0] in options for word in pair)]

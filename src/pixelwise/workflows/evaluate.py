"""A model's scores on a data set."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.dataset import Dataset, SplitChoice, check_pairs
from pixelwise.errors import DataError
from pixelwise.evaluation import Metrics, Scored
from pixelwise.evaluation import evaluate as evaluate_predictor
from pixelwise.modelfile import read_model
from pixelwise.prediction import Predictor, load
from pixelwise.workflows.choosetasks import tasks_for
from pixelwise.workflows.cocoresults import CocoResults
from pixelwise.workflows.data import open_data, splits_of_run
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import counting


def task_of(model: Path) -> str:
    """What a model was trained for, by which data is opened: the kinds of its tasks, with a comma between.

    Raises:
        ModelFileError: the model cannot be read.
    """
    return ",".join(task.kind for task in read_model(model).header.recipe.tasks.values())


def evaluate(
    model: Predictor | Path | str,
    data: Dataset | Path | str,
    *,
    split: SplitChoice = "all",
    coco: Path | None = None,
    listener: Listener | None = None,
) -> Metrics:
    """Score a model on labelled images, at each image's own size.

    Args:
        model: a loaded model, its file or the folder of its run.
        data: an opened data set, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        split: which samples; ``all`` are also those that no split names. Data without splits takes those of the
            model's run.
        coco: file for the joints found, as COCO's list of results with the ids of the data.

    Raises:
        ModelFileError: the model cannot be read.
        DataError: nothing to evaluate, or a file that cannot be used; with ``coco``, no joints of a COCO set.
    """
    listener = listener or Listener()
    predictor = model if isinstance(model, Predictor) else load(model)
    opened = data if isinstance(data, Dataset) else open_data(data, task=",".join(predictor.tasks))
    if split != "all" and not opened.has_splits() and not isinstance(model, Predictor):
        opened = _trained_splits(Path(model), opened, listener)
    dataset = opened.split(split).cropped(predictor.preprocessing.scale.crop)
    if len(predictor.tasks) > 1 or "pose" in predictor.tasks or dataset.skeleton is not None:
        predictor = _labelled_part(predictor, dataset)
    check_pairs(dataset.samples)
    learned = [] if isinstance(model, Predictor) else _learned(Path(model), dataset)
    notes = _seen_in_training(len(learned), len(dataset))
    results = None if coco is None else CocoResults(predictor, dataset)
    count = counting(listener, len(dataset))

    def on_image(scored: Scored) -> None:
        if results is not None:
            results.add(scored)
        count(scored)

    fitted = learned.count("val") == len(dataset)
    metrics = evaluate_predictor(predictor, dataset, split, notes=notes, on_image=on_image, in_sample=fitted)
    if results is not None and coco is not None:
        results.write(coco)
    return metrics


def _labelled_part(predictor: Predictor, dataset: Dataset) -> Predictor:
    """The predictor for the tasks that the data is labelled for."""
    labelled = tasks_for(dataset, ())
    found = predictor.only(labelled)
    if not found.tasks:
        raise DataError(
            f"{dataset.root} is labelled for {', '.join(labelled)}, but the model was trained for "
            f"{', '.join(predictor.tasks)}; give data that is labelled for one of these."
        )
    return found


def _trained_splits(model: Path, dataset: Dataset, listener: Listener) -> Dataset:
    assigned = splits_of_run(model, dataset)
    if assigned is None:
        raise DataError(
            f"{dataset.root} has no splits; name a file with --splits, or score all images (--split all)."
        )
    listener.say("Splits: those that the model was trained with, from splits.csv beside it.")
    return assigned


def _learned(model: Path, dataset: Dataset) -> list[str]:
    """For each image that trained or tuned this model which it did, as the ``splits.csv`` beside it tells."""
    assigned = splits_of_run(model, dataset)
    splits = [sample.split for sample in assigned.samples] if assigned else []
    return [split for split in splits if split in {"train", "val"}]


def _seen_in_training(seen: int, count: int) -> list[str]:
    """A note if so many of the images trained or tuned the model."""
    if not seen:
        return []
    some = f"{seen} of these {count} images have names of images"
    if count == 1:
        some = "This image has the name of one"
    return [f"{some} that trained or tuned the model: if they are the same, the scores are too good."]

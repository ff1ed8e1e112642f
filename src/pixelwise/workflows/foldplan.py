"""What a run of folds is going to be: who is in which fold, and the recipe that all of its models share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.checks import Subject, kinds_of_masks
from pixelwise.data.dataset import Dataset
from pixelwise.data.folds import Folds, draw_folds, read_folds
from pixelwise.errors import DataError
from pixelwise.recipe import Recipe, read_recipe
from pixelwise.workflows import runfolder
from pixelwise.workflows.labelled import sets_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import choose_recipe, group_hint, seen_by
from pixelwise.workflows.resume import resumed_plan
from pixelwise.workflows.wishes import Wishes


def are_folds_wished(wishes: Wishes, begun: Path | None) -> bool:
    """Whether a run is one of folds: a new one by what is asked for, one that is gone on with by its recipe."""
    if begun is None:
        return wishes.number_of_folds is not None
    return read_recipe(begun / runfolder.RECIPE).train.folds is not None


def pooled(dataset: Dataset) -> Dataset:
    """The data set with validation images among those of training; all of a set are that where it has no splits."""
    bare = {one.name for part in sets_of(dataset) if not part.has_splits() for one in part.samples}
    samples = tuple(
        replace(one, split="train") if one.split == "val" or one.name in bare else one
        for one in dataset.samples
    )
    return replace(dataset, samples=samples)


@dataclass(frozen=True)
class CrossValidation:
    """What the trainings of a run of folds have in common.

    Attributes:
        dataset: the images of all folds as training, and those of the test split.
        recipe: complete but for what is measured.
        reasons: by setting, what it was set to and why.
    """

    dataset: Dataset
    folds: Folds
    recipe: Recipe
    reasons: Mapping[str, str]
    listener: Listener

    @property
    def hints(self) -> list[str]:
        """What to say where images that belong together may have come to different folds."""
        hint = group_hint(self.dataset)
        return [] if hint is None else [hint.replace("different splits", "different folds")]


def prepare_folds(
    subject: Subject, wishes: Wishes, begun: Path | None, listener: Listener
) -> CrossValidation:
    """Draw folds and complete the recipe; or take both from a run that has begun.

    Raises:
        DataError: nothing to learn from, or too little for so many folds.
        RecipeError: values that a recipe cannot have, or others than the run has begun with.
    """
    dataset = subject.dataset
    pool, tested = dataset.split("train"), len(dataset.split("test"))
    if not pool.samples:
        raise DataError(f"{dataset.root} has no training images; assign some to 'train' in the splits file.")
    if begun is not None:
        chosen = resumed_plan(wishes, dataset, begun, listener)
        folds = read_folds(begun / runfolder.FOLDS, dataset)
    else:
        count = wishes.number_of_folds
        assert count is not None
        folds = draw_folds(
            pool, count, wishes.drawn_by, together=subject.together, kinds=kinds_of_masks(subject)
        )
        chosen = choose_recipe(wishes, folds.dataset(0, dataset), listener)
    apart = f"; {tested} test images stay apart" if tested else ""
    listener.say(f"Data: {len(pool)} images ({dataset.layout}) in {len(folds)} folds{apart}.")
    dataset = seen_by(chosen.recipe, dataset)
    return CrossValidation(dataset, folds, chosen.recipe, chosen.reasons, listener)

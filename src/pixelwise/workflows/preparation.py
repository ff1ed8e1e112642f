"""What training needs to be told: splits and a recipe, given or found."""

from __future__ import annotations

from typing import Any

from pixelwise.checks import Subject, kinds_of_masks
from pixelwise.data.dataset import Dataset, image_sizes
from pixelwise.data.draw import carve_validation, draw_splits
from pixelwise.data.valuerange import find_value_range
from pixelwise.errors import DataError, RecipeError
from pixelwise.plan import plan
from pixelwise.recipe import Recipe, parse_recipe
from pixelwise.types import SPLITS, SplitName
from pixelwise.workflows.listener import Listener

DEFAULT_BUDGET = 300.0
"""Seconds, where neither a budget nor a number of epochs is asked for."""


def with_splits(subject: Subject, seed: int, listener: Listener) -> Dataset:
    """The samples that are assigned to a split; where none are, or no validation, they are drawn by ``seed``.

    Groups and near-duplicates are kept in one split, and every sort of mask has its share in each.

    Raises:
        DataError: nothing is assigned to training.
    """
    dataset, together, kinds = subject.dataset, subject.together, kinds_of_masks(subject)
    if not dataset.has_splits():
        dataset = draw_splits(dataset, seed, together=together, kinds=kinds)
        listener.say(
            "Splits: drawn at random, since none were given; they are written to splits.csv in the run."
        )
    elif not dataset.split("val").samples:
        dataset = carve_validation(dataset, seed, together=together, kinds=kinds)
        listener.say("Splits: part of the training images is kept for validation, since none were given.")
    used = dataset.where(lambda sample: sample.split is not None)
    if not used.split("train").samples:
        raise DataError(f"{dataset.root} has no training images; assign some to 'train' in the splits file.")
    counts = ", ".join(f"{len(used.split(split))} {split}" for split in SPLITS)
    listener.say(f"Data: {len(used)} images ({used.layout}): {counts}.")
    return used


def complete_recipe(
    recipe: Recipe | None,
    dataset: Dataset,
    budget: float | None,
    epochs: int | None,
    seed: int | None,
    listener: Listener,
) -> Recipe:
    """The recipe given, with what was asked for beside it; or one planned from the data.

    Raises:
        RecipeError: two lengths of training are asked for, values that a recipe cannot have, or a recipe for images
            of another format.
    """
    if budget is not None and epochs is not None:
        raise RecipeError("give either --budget or --epochs, not both.")
    if recipe is None:
        length: dict[str, Any] = {"budget_seconds": DEFAULT_BUDGET if budget is None else budget}
        length = length if epochs is None else {"epochs": epochs}
        found = find_value_range(dataset.split("train"))
        planned = plan(image_sizes(dataset), any_way_up=dataset.any_way_up, found=found)
        for setting, reason in planned.reasons.items():
            listener.say(f"Plan: {setting} = {reason}.")
        values = planned.recipe.model_dump(exclude_none=True)
    else:
        values = recipe.model_dump(exclude_none=True)
        length = (
            {"budget_seconds": budget}
            if budget is not None
            else {"epochs": epochs}
            if epochs is not None
            else {}
        )
    if length:
        fixed = {
            name: value for name, value in values["train"].items() if name not in {"budget_seconds", "epochs"}
        }
        values["train"] = {**fixed, **length}
    if seed is not None:
        values["seed"] = seed
    return _fitting(parse_recipe(values, "what was asked for"), dataset)


def _fitting(recipe: Recipe, dataset: Dataset) -> Recipe:
    found, wanted = dataset.pixel_format, recipe.values.pixel_format
    if found != wanted:
        raise RecipeError(
            f"{dataset.root} is {found}, but the recipe is for {wanted}; set values.channels = {found.channels} "
            f'and values.dtype = "{found.dtype}" in it, with their range, or train without it.'
        )
    return recipe


def scored_part(dataset: Dataset) -> tuple[Dataset, SplitName, list[str]]:
    """What a run is scored on: the test split, or the best that there is, with a note that says so."""
    notes: dict[SplitName, list[str]] = {
        "test": [],
        "val": [
            "There is no test split: these are scores on validation images, which also chose the weights."
        ],
        "train": ["There is neither test nor validation split: these are scores on the training images."],
    }
    split = next(name for name in notes if dataset.split(name).samples)
    return dataset.split(split), split, notes[split]

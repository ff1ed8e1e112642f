"""What is asked of a training beside its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pixelwise.errors import RecipeError
from pixelwise.models import model_named
from pixelwise.recipe import Recipe, check_settings
from pixelwise.workflows.choosetasks import parse_tasks

SEED, FOLDS = "seed", "train.folds"
EPOCHS, BUDGET = "train.epochs", "train.budget_seconds"


def check_words(network: str | None, settings: Mapping[str, Any], task: str | None = None) -> None:
    """Raise :class:`RecipeError` for the name of no network or task, or a setting that no recipe can have."""
    parse_tasks(task)
    if network is not None:
        model_named(network)
    check_settings(settings)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is asked of a training, beside its data; what is not is planned.

    Attributes:
        recipe: all choices.
        network: name of a network, for :func:`~pixelwise.models.model_named`.
        settings: of the recipe, to be used instead of what it says or is planned, by their dotted names.
        budget: seconds.
        epochs: passes over the training images instead of a budget.
        seed: of everything random.
        tasks: by name; what the data is labelled for if none is named.
        folds: so many models, each on all folds of the images but one.

    Raises:
        RecipeError: two lengths of training, a seed or folds given twice, a network or a setting that there is not.
    """

    recipe: Recipe | None = None
    network: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: float | None = None
    epochs: int | None = None
    seed: int | None = None
    tasks: tuple[str, ...] = ()
    folds: int | None = None

    def __post_init__(self) -> None:
        check_words(self.network, self.settings)
        if self.folds is not None:
            check_settings({FOLDS: self.folds})
        if self.budget is not None and self.epochs is not None:
            raise RecipeError("give either --budget or --epochs, not both.")
        twice = [f"--set {name}" for name in (EPOCHS, BUDGET) if name in self.settings]
        if twice and (self.budget is not None or self.epochs is not None):
            raise RecipeError(f"give the length once: {twice[0]} beside --budget or --epochs is two.")
        if len(twice) == 2:
            raise RecipeError(f"give the length once: {twice[0]} beside {twice[1]} is two.")
        for option, value, name in (("--seed", self.seed, SEED), ("--folds", self.folds, FOLDS)):
            if value is not None and name in self.settings:
                raise RecipeError(f"give {option} or --set {name}, not both.")

    @property
    def length(self) -> tuple[float | None, int | None]:
        """Seconds and epochs that are asked for, in whatever way; None where they are not."""
        budget, epochs = self.settings.get(BUDGET, self.budget), self.settings.get(EPOCHS, self.epochs)
        return None if budget is None else float(budget), None if epochs is None else int(epochs)

    @property
    def drawn_by(self) -> int:
        """The seed by which splits are drawn."""
        given = self.recipe.seed if self.recipe else 0
        return int(self.settings.get(SEED, given if self.seed is None else self.seed))

    @property
    def number_of_folds(self) -> int | None:
        """How many folds are asked for, in whatever way; None for one model."""
        if self.folds is not None:
            return self.folds
        given = self.recipe.train.folds if self.recipe else None
        asked = self.settings.get(FOLDS, given)
        return None if asked is None else int(asked)

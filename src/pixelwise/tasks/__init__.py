"""Tasks by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelwise.labels import Labels
from pixelwise.recipe import PanopticTask as PanopticRecipe
from pixelwise.recipe import Recipe
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks.base import FieldValues, Targets, Task
from pixelwise.tasks.panoptic import PanopticResult, PanopticTask
from pixelwise.tasks.semantic import SemanticResult, SemanticTask

AnyTask = Task[Any, Any]


def build_tasks(recipe: Recipe, labels: Mapping[str, Labels]) -> dict[str, AnyTask]:
    """The tasks of a recipe by their names; ``labels`` by the same names."""
    return {name: build_task(task, labels[name]) for name, task in recipe.tasks.items()}


def build_task(recipe: SemanticRecipe | PanopticRecipe, labels: Labels) -> AnyTask:
    """The task of the recipe's kind."""
    match recipe:
        case PanopticRecipe():
            return PanopticTask(labels, recipe)
        case SemanticRecipe():
            return SemanticTask(labels, recipe)


__all__ = [
    "AnyTask",
    "FieldValues",
    "PanopticResult",
    "PanopticTask",
    "SemanticResult",
    "SemanticTask",
    "Targets",
    "Task",
    "build_task",
    "build_tasks",
]

"""Tasks by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelwise.labels import Labels
from pixelwise.recipe import Recipe
from pixelwise.tasks.base import FieldValues, Targets, Task
from pixelwise.tasks.semantic import SemanticResult, SemanticTask

AnyTask = Task[Any, Any]
KINDS = {"semantic": SemanticTask}


def build_tasks(recipe: Recipe, labels: Mapping[str, Labels]) -> dict[str, AnyTask]:
    """The tasks of a recipe by their names; ``labels`` by the same names."""
    return {name: KINDS[task.kind](labels[name], task) for name, task in recipe.tasks.items()}


__all__ = [
    "KINDS",
    "AnyTask",
    "FieldValues",
    "SemanticResult",
    "SemanticTask",
    "Targets",
    "Task",
    "build_tasks",
]

"""Small networks for tests, built in an instant."""

from __future__ import annotations

import torch

from pixelwise.labels import Labels
from pixelwise.models import build_model
from pixelwise.prediction import Predictor
from pixelwise.recipe import Model, Recipe, Scale, Values
from pixelwise.tasks import build_tasks

BINARY = Labels(classes=("background", "lesion"))
TINY = Recipe(scale=Scale(size=(64, 96)), model=Model(encoder="plain-tiny", pretrained=False))


def tiny_predictor(
    size: tuple[int, int] = (64, 96),
    labels: Labels = BINARY,
    seed: int = 0,
    gain: float = 6.0,
    values: Values = Values(),  # noqa: B008 - it is frozen
) -> Predictor:
    """An untrained predictor whose logits vary enough to matter."""
    recipe = TINY.model_copy(update={"scale": Scale(size=size), "values": values})
    predictor = untrained(recipe, labels, seed)
    with torch.no_grad():
        for parameter in predictor.network.head("semantic", "classes").parameters():
            parameter.mul_(gain)
    return predictor


def untrained(recipe: Recipe, labels: Labels = BINARY, seed: int = 0) -> Predictor:
    """A predictor of any tasks, with random weights and default settings."""
    torch.manual_seed(seed)
    tasks = build_tasks(recipe, dict.fromkeys(recipe.tasks, labels))
    fields = {name: task.fields() for name, task in tasks.items()}
    network = build_model(recipe.model, fields, pretrained=False, channels=recipe.values.channels)
    settings = {name: task.default_settings() for name, task in tasks.items()}
    return Predictor(network, tasks, recipe.preprocessing, settings, device="cpu")

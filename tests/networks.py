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
    torch.manual_seed(seed)
    recipe = TINY.model_copy(update={"scale": Scale(size=size), "values": values})
    tasks = build_tasks(recipe, {"semantic": labels})
    fields = {name: task.fields() for name, task in tasks.items()}
    network = build_model(recipe.model, fields, pretrained=False, channels=values.channels)
    head = network.head("semantic", "classes")
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(gain)
    settings = {name: task.default_settings() for name, task in tasks.items()}
    return Predictor(network, tasks, recipe.preprocessing, settings, device="cpu")

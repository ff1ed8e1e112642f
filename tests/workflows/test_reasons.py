"""Which reasons a plan gives and prints, by task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.listening import Heard

import pixelwise
from pixelwise.data.figures import write_figures
from pixelwise.data.scenes import write_scenes
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import RecipeError
from pixelwise.plan.still import FROZEN, STILL, THAW
from pixelwise.workflows.preparation import Wishes, choose_recipe

USUAL = {"scale", "augment", "model", "model.encoder", "train.batch_size", "train.learning_rate"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn")
    write_lesions(root / "lesions", 6, seed=0, size=(64, 96))
    write_scenes(root / "scenes", 10, size=(64, 96))
    write_figures(root / "figures", 15, size=(64, 96), most=2)
    write_figures(root / "people", 15, size=(64, 96), most=1)
    return root


@pytest.mark.parametrize(
    ("name", "tasks", "own"),
    [
        ("lesions", (), {"tasks.semantic", "train.oversample"}),
        ("scenes", (), {"tasks.panoptic", "train.oversample"}),
        ("figures", ("pose",), {"tasks.pose"}),
        ("people", ("pose",), {"tasks.pose"}),
        ("figures", ("semantic", "pose"), {"tasks.semantic", "tasks.pose", "train.oversample"}),
    ],
)
def test_every_choice_has_one_printed_line(
    folder: Path, name: str, tasks: Sequence[str], own: set[str]
) -> None:
    heard, data = Heard(), pixelwise.open_data(folder / name, task=",".join(tasks) or None)
    chosen = choose_recipe(Wishes(epochs=1, tasks=tuple(tasks)), data, heard)
    assert chosen.reasons.keys() == USUAL | own
    assert heard.lines == [f"Plan: {setting} = {reason}." for setting, reason in chosen.reasons.items()]
    assert set(chosen.recipe.tasks) == {one.partition(".")[2] for one in own if one.startswith("tasks.")}
    count = len(data.split("train"))
    batch = chosen.reasons["train.batch_size"]
    assert (f"only {count} training image" if count < 8 else f"8 of {count} training images") in batch


def test_what_is_asked_for_is_said_to_be_asked_for(folder: Path) -> None:
    heard, data = Heard(), pixelwise.open_data(folder / "lesions")
    settings = {"train.batch_size": 3}
    wishes = Wishes(epochs=1, network="unet-hypercolumn:efficientnet-lite0", settings=settings)
    chosen = choose_recipe(wishes, data, heard)
    assert chosen.reasons["model"] == "unet-hypercolumn over efficientnet-lite0, pretrained, as asked"
    assert "model.encoder" not in chosen.reasons
    assert chosen.reasons["train.batch_size"] == "3, as asked"
    assert chosen.recipe.train.batch_size == 3
    assert heard.lines[-1] == "Set: train.batch_size = 3, as asked."


@pytest.mark.parametrize(("name", "task"), [("lesions", "semantic"), ("people", "pose")])
def test_a_short_budget_has_fewer_layers_learn(folder: Path, name: str, task: str) -> None:
    """Of a computer that is asked for so much that hardly a pass is left."""
    wishes = Wishes(budget=0.5, tasks=(task,))
    chosen = choose_recipe(wishes, pixelwise.open_data(folder / name, task=task), Heard())
    assert (chosen.recipe.train.frozen, chosen.recipe.train.thaw) == (FROZEN, THAW)
    assert set(STILL) <= chosen.reasons.keys()
    asked = Wishes(budget=0.5, tasks=(task,), settings={"model.pretrained": False})
    other = choose_recipe(asked, pixelwise.open_data(folder / name, task=task), Heard())
    assert other.recipe.train.frozen == other.recipe.train.thaw == 0
    assert not set(STILL) & other.reasons.keys()


def test_what_is_asked_of_the_network_is_planned_for(folder: Path) -> None:
    wishes = Wishes(epochs=1, settings={"model.encoder": "plain-tiny"})
    chosen = choose_recipe(wishes, pixelwise.open_data(folder / "lesions"), Heard())
    assert chosen.recipe.train.learning_rate == 2e-3
    assert "plain-tiny, from scratch" in chosen.reasons["model"]


@pytest.mark.parametrize("length", [{"epochs": 1}, {"budget": 60.0}])
def test_what_is_to_stay_and_has_nothing_to_stay_as_is_refused(folder: Path, length: dict[str, Any]) -> None:
    wishes = Wishes(network="unet", settings={"train.frozen": 2}, **length)
    with pytest.raises(RecipeError, match=r"pretrained encoder .*; set both to 0"):
        choose_recipe(wishes, pixelwise.open_data(folder / "lesions"), Heard())

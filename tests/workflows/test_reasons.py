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
from pixelwise.workflows.preparation import choose_recipe
from pixelwise.workflows.wishes import Wishes

USUAL = {
    "scale",
    "augment",
    "model",
    "model.encoder",
    "train.batch_size",
    "train.learning_rate",
    "train.encoder_rate",
}


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


@pytest.mark.parametrize(("name", "task"), [("lesions", "semantic"), ("people", "pose")])
def test_who_says_what_stays_says_all_of_it(folder: Path, name: str, task: str) -> None:
    for features in (0, 2):
        heard, settings = Heard(), {"train.frozen": features}
        wishes = Wishes(budget=0.5, tasks=(task,), settings=settings)
        chosen = choose_recipe(wishes, pixelwise.open_data(folder / name, task=task), heard)
        assert (chosen.recipe.train.frozen, chosen.recipe.train.thaw) == (features, 0.0)
        assert not any(line.startswith("Plan: train.thaw") for line in heard.lines)


@pytest.mark.parametrize("tasks", [("semantic",), ("semantic", "pose"), ("pose",)])
def test_layers_stay_by_the_passes_over_the_frame_that_is_used(folder: Path, tasks: tuple[str, ...]) -> None:
    """A frame of so many pixels leaves no pass in a time that is plenty for the planned one."""
    data = pixelwise.open_data(folder / "people", task=",".join(tasks))
    settings: dict[str, Any] = {"scale.size": [4096, 4096]}
    planned, large = (
        choose_recipe(Wishes(budget=120.0, tasks=tasks, settings=asked), data, Heard())
        for asked in ({}, settings)
    )
    assert (planned.recipe.train.frozen, large.recipe.train.frozen) == (0, FROZEN)
    assert large.recipe.scale.size == (4096, 4096)
    assert large.reasons["scale"] == "4096×4096 (width × height), as asked"


def test_a_length_may_be_a_setting(folder: Path) -> None:
    data = pixelwise.open_data(folder / "lesions")
    counted = choose_recipe(Wishes(settings={"train.epochs": 3}), data, Heard()).recipe
    assert (counted.train.epochs, counted.train.budget_seconds, counted.train.frozen) == (3, None, 0)
    assert choose_recipe(Wishes(epochs=3), data, Heard()).recipe == counted
    short = choose_recipe(Wishes(settings={"train.budget_seconds": 0.5}), data, Heard()).recipe
    assert (short.train.budget_seconds, short.train.frozen) == (0.5, FROZEN)
    other = choose_recipe(Wishes(recipe=short, settings={"train.epochs": 3}), data, Heard()).recipe
    assert (other.train.epochs, other.train.budget_seconds) == (3, None)
    with pytest.raises(RecipeError, match="give the length once"):
        Wishes(settings={"train.epochs": 3, "train.budget_seconds": 60})


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

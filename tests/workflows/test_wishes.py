"""What is asked for in two ways is the same, and is asked for once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.networks import TINY

from pixelwise.errors import RecipeError
from pixelwise.workflows.wishes import Wishes


def test_a_seed_that_is_set_draws_splits_as_one_that_is_asked_for() -> None:
    recipe = TINY.model_copy(update={"seed": 3})
    assert Wishes(recipe=recipe).drawn_by == 3
    assert Wishes(recipe=recipe, seed=5).drawn_by == Wishes(recipe=recipe, settings={"seed": 5}).drawn_by == 5
    assert Wishes(settings={"seed": 7}).drawn_by == 7
    assert Wishes(folds=4).number_of_folds == Wishes(settings={"train.folds": 4}).number_of_folds == 4


@pytest.mark.parametrize(
    ("option", "wished"),
    [
        ("--seed or --set seed", {"seed": 1, "settings": {"seed": 2}}),
        ("--seed or --set seed", {"seed": 0, "settings": {"seed": 0}}),
        ("--folds or --set train.folds", {"folds": 3, "settings": {"train.folds": 5}}),
    ],
)
def test_what_is_given_twice_is_refused(option: str, wished: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=f"give {re.escape(option)}, not both"):
        Wishes(**wished)

"""The recipe of one training, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field, model_validator

from pixelwise import files
from pixelwise.recipe.base import Strict
from pixelwise.recipe.network import LITE, Model
from pixelwise.recipe.preprocessing import Preprocessing, Scale, Values
from pixelwise.recipe.tasks import KINDS, SemanticTask, TaskRecipe
from pixelwise.recipe.training import Augment, Train

FORMAT: Literal[1] = 1
TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Recipe(Strict):
    """All choices of one training run."""

    format: Literal[1] = FORMAT
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    scale: Scale = Scale()
    values: Values = Values()
    model: Model = Model()
    tasks: dict[TaskName, TaskRecipe] = Field(default={"semantic": SemanticTask()}, min_length=1)
    augment: Augment = Augment()
    train: Train = Train(epochs=30)

    @model_validator(mode="after")
    def _frozen_as_known(self) -> Recipe:
        stays = self.train.frozen or self.train.thaw
        if stays and not (self.model.pretrained and self.model.encoder.startswith(LITE)):
            raise ValueError(
                f"train.frozen and train.thaw above 0 need a pretrained encoder {LITE}0, 1 or 2; set both to 0"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _kinds(cls, values: Any) -> Any:
        """A task without a kind is of the kind that it is called by, else semantic."""
        tasks = values.get("tasks") if isinstance(values, dict) else None
        if not isinstance(tasks, dict):
            return values
        named = {
            name: {"kind": name if name in KINDS else "semantic", **task} if isinstance(task, dict) else task
            for name, task in tasks.items()
        }
        return {**values, "tasks": named}

    @property
    def preprocessing(self) -> Preprocessing:
        """What turns images into network input."""
        return Preprocessing(scale=self.scale, values=self.values)

    def to_toml(self) -> str:
        """The text of ``recipe.toml``; reading it gives an equal recipe."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def write(self, path: Path) -> None:
        """Write the recipe as TOML, whole or not at all."""
        files.write_text(path, self.to_toml())

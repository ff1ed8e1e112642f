"""The schema of ``baselines.json``: how far methods get that need no training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pixelwise import files
from pixelwise.evaluation import Metrics

SCHEMA: Literal["pixelwise.baselines/1"] = "pixelwise.baselines/1"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MethodScores(_Strict):
    """One method."""

    name: str
    title: str
    how: str = Field(description="One sentence on how it works.")
    source: str = Field(description="The paper that it comes from.")
    choice: dict[str, str | float] = Field(
        description="Its parameters, and what of its two sides is the object."
    )
    seconds: float = Field(description="Processor time for one image, reading aside.")
    metrics: Metrics = Field(description="All scores, as in a `metrics.json`.")


class Comparison(_Strict):
    """All of ``baselines.json``."""

    schema_: Literal["pixelwise.baselines/1"] = Field(default=SCHEMA, alias="schema")
    pixelwise: str = Field(description="Version that wrote the file.")
    data: str = Field(description="Name of the folder of data.")
    split: str = Field(description="Which split the scores are on.")
    n_images: int
    chosen_on: tuple[str, ...] = Field(description="Names of the images that the choices were made on.")
    working_side: int = Field(description="Longer side, in pixels, of the copies that methods work on.")
    methods: tuple[MethodScores, ...] = Field(description="The one with the highest mean Dice first.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def to_json(self) -> str:
        """The text of ``baselines.json``: UTF-8, indented, NaN as null."""
        values = self.model_dump(mode="json", by_alias=True, exclude={"methods": True})
        methods = [
            {**one.model_dump(mode="json", exclude={"metrics"}), "metrics": json.loads(one.metrics.to_json())}
            for one in self.methods
        ]
        return json.dumps({**values, "methods": methods}, indent=1, ensure_ascii=False, allow_nan=False)

    def write(self, path: Path) -> None:
        """Write ``baselines.json`` whole or not at all."""
        files.write_text(path, self.to_json() + "\n")

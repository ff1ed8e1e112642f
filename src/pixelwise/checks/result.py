"""What a check says as a whole, as JSON too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pixelwise import files
from pixelwise.checks.finding import SEVERITIES, Finding, Severity

MOST_NAMED = 12
"""Classes whose names are told in a sentence."""
SCHEMA: Literal["pixelwise.check/1"] = "pixelwise.check/1"


class Check(BaseModel):
    """All findings in a data set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["pixelwise.check/1"] = Field(default=SCHEMA, alias="schema")
    pixelwise: str = Field(description="Version of Pixelwise that looked.")
    data: str = Field(description="The folder's name.")
    layout: str = Field(description="How the folder is laid out.")
    classes: tuple[str, ...] = Field(description="Names, by class id.")
    inferred: bool = Field(description="Nothing names the classes: they were told from the masks' values.")
    n_images: int
    n_masks: int
    n_objects: int = Field(default=0, description="Objects told apart, crowds and stuff aside.")
    judged: str = Field(
        default="", description="With `--with`: which labels were held against predictions, in sentences."
    )
    findings: tuple[Finding, ...] = Field(description="Errors first; one for each kind of fault.")

    def count(self, severity: Severity) -> int:
        """Number of findings of this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def read_as(self) -> str:
        """What the masks were read as, in a sentence."""
        shown = ", ".join(self.classes[:MOST_NAMED])
        if len(self.classes) > MOST_NAMED:
            shown += f", … ({len(self.classes)} in all)"
        return f"Classes: {shown}{', as the values in the masks tell' if self.inferred else ''}."

    @property
    def looked_at(self) -> str:
        """How many images and labels, in words: "1 image, 2 masks, 4,759 objects"."""
        counts = [(self.n_images, "image")]
        counts += [(one, what) for one, what in ((self.n_masks, "mask"), (self.n_objects, "object")) if one]
        return ", ".join(f"{count:,} {what}{'s' * (count != 1)}" for count, what in counts)

    @property
    def summary(self) -> str:
        """How many findings of each severity, in a sentence."""
        counts = [(self.count(severity), severity) for severity in SEVERITIES]
        said = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
        return f"{', '.join(said)}." if said else "Nothing to complain of."

    def write(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False)
        files.write_text(path, text + "\n")

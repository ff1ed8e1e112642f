"""What a page of a run is made of: the frame's own facts, and what each task adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from pixelwise.checks import Check

Place = Literal["failures", "evidence"]
"""Where on the page a section stands: with what fails, or with what the scores rest on."""


@dataclass(frozen=True)
class Section:
    """A part of the page that only one task can make.

    Attributes:
        id: of its element, unique on the page.
        title: its heading, a word or two, for the list of contents too.
        body: its markup, without the heading.
    """

    id: str
    title: str
    place: Place
    body: Markup


@dataclass(frozen=True)
class TaskPart:
    """What one task adds to the page.

    Attributes:
        asked: what the model does, a clause that goes on from "a model that …".
        gives: what it answers with, for the model card.
        sections: in their order.
        findings: sentences on what the scores mean.
        limits: sentences on what the scores do not tell, from facts of the images.
        shown: by name of an image, the id of its picture on the page.
    """

    asked: str
    gives: str
    sections: Sequence[Section] = ()
    findings: Sequence[str] = ()
    limits: Sequence[str] = ()
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Making:
    """How a model came about; all of it empty where only scores are known.

    Attributes:
        recipe: its TOML text.
        takes: what images the model takes ("RGB of 8 bits").
        reasons: by setting, what it was set to and why.
        check: what was found in the data.
        facts: a small table: versions, machine, duration, parameters, which weights validation chose.
        counts: number of images in each split.
        commands: lines to type: what trains again, what scores again.
        files: of the run, by name, what each holds; a page that lies beside them links to them.
    """

    recipe: str = ""
    takes: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    check: Check | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    commands: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)

"""Images without masks, and what else the reader met."""

from __future__ import annotations

from collections.abc import Iterator

from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Subject


def find(subject: Subject) -> Iterator[Found]:
    """Samples that lack one of their files."""
    for problem in subject.dataset.problems:
        yield problem.kind, subject.place(*problem.paths, detail=subject.shown(problem.message))
    for one in subject.examined:
        if one.mask is None:
            yield "pair-no-mask", subject.place(one.sample.image)

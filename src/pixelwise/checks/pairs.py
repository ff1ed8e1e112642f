"""Images without masks, and what else the reader met."""

from __future__ import annotations

from collections.abc import Iterator

from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Subject
from pixelwise.data.problems import Problem


def find(subject: Subject) -> Iterator[Found]:
    """Samples that lack one of their files."""
    for problem in subject.dataset.problems:
        yield problem.kind, subject.place(*problem.paths, detail=_detail(subject, problem))
    for one in subject.examined:
        if one.mask is None and not one.sample.labels:  # objects are told apart in files of other kinds
            yield "pair-no-mask", subject.place(one.sample.image)


def _detail(subject: Subject, problem: Problem) -> str:
    """What the reader said, without the name of the file that the place shows already."""
    message = subject.shown(problem.message)
    rest = message.removeprefix(subject.name(problem.paths[0]))
    if rest == message or rest.startswith(" and "):
        return message
    rest = rest.lstrip(" ,:")
    return f"L{rest[1:]}" if rest.startswith("line ") else f"It {rest}"

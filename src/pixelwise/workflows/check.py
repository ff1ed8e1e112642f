"""What is wrong with a data set, before anything is learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise._version import __version__
from pixelwise.checks import Check, Finding, Looker, Mended, Subject, find_all, look_at, mend
from pixelwise.checks.finding import SEVERITIES
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError, one_line
from pixelwise.report.checkpage import write_check
from pixelwise.types import LabelMap
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import Run
from pixelwise.workflows.suspicious import Judge, suspect

LEAKS = ("leak", "leak-group")
"""Kinds of finding that make scores untrue but keep nothing from being trained."""


@dataclass(frozen=True)
class Checked:
    """A check and what it looked at.

    Attributes:
        predictions: (H, W) class ids that models predict instead of suspicious labels, by the name of the mask file.
    """

    result: Check
    subject: Subject
    predictions: Mapping[str, LabelMap] = field(default_factory=dict)

    def mend(self, out: Path) -> Mended:
        """Write a repaired copy into a new folder; :class:`OutputError` where that cannot be."""
        return mend(self.subject, self.result.findings, out)

    def write_page(self, path: Path) -> None:
        """Write the page with pictures, whole or not at all."""
        result = self.result
        description = (
            f"{result.looked_at} ({result.layout}): every file was decoded, every "
            f"{'object was looked at' if result.n_objects else 'mask was counted by its values'}, and every image was "
            "compared with every other."
            f"{' ' * bool(result.judged)}{result.judged}"
        )
        write_check(
            path, result.data, result.summary, description, self.subject, result.findings, self.predictions
        )


def check(
    data: Dataset | Path | str,
    *,
    run: Run | Path | str | None = None,
    cache: Path | str | None = None,
    looker: Looker | None = None,
    listener: Listener | None = None,
) -> Checked:
    """Look at every file of a data set.

    Args:
        data: an opened data set, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        run: a finished run, whose models judge the labels that they have not learned from: with a run of folds all.
        cache: folder for what is learned of files; ``PIXELWISE_CACHE`` or the system's own by default.
        looker: what looks at files, with a cache of its own; it may have looked at masks when the data was opened.

    Raises:
        DataError: nothing that could be looked at, or nothing that the run could judge.
        ModelFileError: the run's model cannot be read.
    """
    listener = listener or Listener()
    looker = looker or Looker(Cache.at(cache))
    dataset = data if isinstance(data, Dataset) else open_data(data, strict=False, values_of=looker.values)
    judge = None
    if run is not None:  # first: whoever mistyped its name waits for nothing
        judge = Judge.of(run.folder if isinstance(run, Run) else Path(run), dataset)
    subject = look_at(dataset, looker, lambda done: listener.examined(done, len(dataset)))
    findings, suspicion = find_all(subject), None
    if judge is not None:
        suspicion = suspect(subject, judge, listener)
        findings = _with_first(suspicion.finding(subject), findings)
    result = Check(
        pixelwise=__version__,
        data=one_line(dataset.root.resolve().name),
        layout=dataset.layout,
        classes=tuple(map(one_line, dataset.labels.classes)),
        inferred=dataset.inferred,
        n_images=len(dataset),
        n_masks=sum(one.mask is not None for one in subject.examined),
        n_objects=sum(len(one.areas) for one in subject.told_apart.values()),
        judged=suspicion.said if suspicion else "",
        findings=tuple(findings),
    )
    return Checked(result, subject, suspicion.predictions if suspicion else {})


def _with_first(finding: Finding | None, findings: Sequence[Finding]) -> list[Finding]:
    """Findings with another before those of its severity, since it was asked for."""
    if finding is None:
        return list(findings)
    return sorted([finding, *findings], key=lambda one: SEVERITIES.index(one.severity))


def refuse_errors(checked: Checked, *, allow_leaks: bool) -> list[str]:
    """Notes on leaks that are allowed; :class:`DataError` for any other error, and for leaks that are not."""
    leaks = [finding for finding in checked.result.findings if finding.kind in LEAKS]
    errors = [one for one in checked.result.findings if one.severity == "error" and one not in leaks]
    if errors:
        raise DataError(_refusal(errors, checked.subject.dataset.root))
    if leaks and not allow_leaks:
        pairs = "; ".join(" and ".join(place.files) for finding in leaks for place in finding.places[:3])
        raise DataError(
            f"the splits leak ({pairs}): {leaks[0].what} Let splits be drawn, or accept it with --allow-leaks."
        )
    return [f"Leaks were allowed. {_with_place(finding)}" for finding in leaks]


def leaks_by_name(checked: Checked) -> list[str]:
    """Notes on splits that were given and, by the names alone, tear sequences apart."""
    return [_with_place(finding) for finding in checked.result.findings if finding.kind == "leak-names"]


def _with_place(finding: Finding) -> str:
    count = len(finding.places)
    return (
        f"{finding.what} {count} place{'s' * (count != 1)}, such as {' and '.join(finding.places[0].files)}."
    )


def _refusal(errors: Sequence[Finding], root: Path) -> str:
    """The first place of the first error, with what to do there, and how many more there are."""
    first = errors[0].places[0]
    inside = first.files[0] == "." or (root / first.files[0]).exists()
    where = f"{first.shown} in {root}" if inside else first.shown
    count = sum(len(finding.places) for finding in errors) - 1
    more = f" {count} more place{'s' * (count > 1)} with errors: pixelwise check lists them." if count else ""
    return f"{where}: {errors[0].what} {first.detail} {errors[0].fix}{more}".replace("  ", " ")

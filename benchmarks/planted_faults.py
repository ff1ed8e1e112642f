"""Plant every fault of ``planted.py`` into copies of real pairs, and see whether ``pixelwise check`` finds it.

    python benchmarks/planted_faults.py DATA --pairs 24

DATA is a folder with images/NAME.jpg and masks/NAME.png. Prints a row for each fault: whether it was found at the files
it was planted in, which other files were called erroneous, and how well the repaired copy's masks are those of before.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.planted import FAULTS, Fault, copy_pairs, mask_of, open_picture

from pixelwise.checks import Finding
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data


@dataclass(frozen=True)
class Outcome:
    """What came of a planted fault.

    Attributes:
        found: the kind was reported at all files it was planted in.
        others: kinds of errors reported elsewhere.
        agreement: lowest Dice of a mask in the repaired copy with the mask before the fault; None without a copy.
        still: kinds of errors that the repaired copy has.
    """

    fault: Fault
    found: bool
    others: tuple[str, ...]
    agreement: float | None
    still: tuple[str, ...]


def try_fault(fault: Fault, source: Path, pairs: int) -> Outcome:
    """Plant one fault and look for it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "set"
        names = copy_pairs(source, root, pairs)
        before = {name: np.asarray(open_picture(mask_of(root, name))) > 127 for name in names}
        planted = set(fault.plant(root, names))
        checked = check(open_data(root, strict=False))
        findings = {finding.kind: finding for finding in checked.result.findings}
        named = _files(findings[fault.kind]) if fault.kind in findings else set()
        found = fault.kind in findings and planted <= named
        related = {Path(name).stem for name in planted}
        others = [
            finding.kind
            for finding in findings.values()
            if finding.severity == "error"
            and finding.kind != fault.kind
            and not {Path(name).stem for name in _files(finding)} <= related
        ]
        agreement: float | None = None
        still: tuple[str, ...] = ()
        if fault.mends:
            checked.mend(Path(folder) / "mended")
            again = check(open_data(Path(folder) / "mended", strict=False)).result.findings
            still = tuple(one.kind for one in again if one.severity == "error" or one.kind == fault.kind)
            agreement = min(_agreements(Path(folder) / "mended", before), default=0.0)
        return Outcome(fault, found, tuple(others), agreement, still)


def main() -> None:
    """Try all faults and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--only", help="the kind of finding to try alone")
    options = parser.parse_args()
    outcomes = []
    for fault in FAULTS:
        if options.only in {None, fault.kind}:
            outcomes.append(try_fault(fault, options.data, options.pairs))
            _print(outcomes[-1])
    _sum_up(outcomes)


def _print(outcome: Outcome) -> None:
    mended = (
        "" if outcome.agreement is None else f"mended: Dice {outcome.agreement:.3f} {' '.join(outcome.still)}"
    )
    print(
        f"{outcome.fault.name:38} {outcome.fault.kind:24} {'found' if outcome.found else 'MISSED':7} "
        f"{' '.join(outcome.others):20} {mended}",
        flush=True,
    )


def _sum_up(outcomes: Sequence[Outcome]) -> None:
    kinds = {outcome.fault.kind for outcome in outcomes}
    print(
        f"{sum(outcome.found for outcome in outcomes)} of {len(outcomes)} faults found ({len(kinds)} kinds); "
        f"{sum(bool(outcome.others) for outcome in outcomes)} with errors elsewhere"
    )


def _files(finding: Finding) -> set[str]:
    return {name for place in finding.places for name in place.files}


def _agreements(
    root: Path, before: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]
) -> list[float]:
    found = []
    for name, mask in before.items():
        [path] = (root / "masks").glob(f"{name}.*") if list((root / "masks").glob(f"{name}.*")) else [None]
        if path is None:
            continue
        now = np.asarray(open_picture(path)) > 0
        found.append(
            0.0 if now.shape != mask.shape else 2 * (now & mask).sum() / max(1, now.sum() + mask.sum())
        )
    return found


if __name__ == "__main__":
    main()

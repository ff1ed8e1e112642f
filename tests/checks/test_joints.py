"""Joints outside of their images: a little is usual, far out is told where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.layouts.test_cocokeypoints import person, written

from pixelwise.checks import Finding
from pixelwise.workflows.check import check

# Pictures are 48 × 40 pixels, so 4.8 are let pass; COCO's x is 0.5 less than that of an edge.
INSIDE = [10, 12, 2, 20, 12, 1, 0, 0, 0]


def found(root: Path) -> list[Finding]:
    return [one for one in check(root).result.findings if one.kind == "joint-outside"]


@pytest.mark.parametrize(
    ("x", "y", "out"),
    [(52, 12, None), (53, 12, "6"), (-5, 12, None), (-6, 12, "6"), (9, 44, None), (9, 45, "6"), (9, -6, "6")],
)
@pytest.mark.parametrize("visibility", [1, 2])
def test_a_tenth_of_the_longer_side_is_let_pass(
    tmp_path: Path, x: int, y: int, out: str | None, visibility: int
) -> None:
    keypoints = [10, 12, 2, x, y, visibility, 0, 0, 0]
    findings = found(
        written(tmp_path, [person(1), person(2, keypoints=INSIDE), person(2, keypoints=keypoints)])
    )
    if out is None:
        assert findings == []
        return
    [finding] = findings
    assert finding.severity == "warning"
    [place] = finding.places
    assert place.files == ("train/two.jpg",)
    assert place.detail == f"right_a of person 2, {out} pixels out."


def test_joints_that_nobody_labelled_lie_anywhere(tmp_path: Path) -> None:
    assert found(written(tmp_path, [person(1, keypoints=[10, 12, 2, 900, 900, 0, -50, 0, 0])])) == []


def test_the_farthest_is_named_first_and_of_many_how_many_there_are(tmp_path: Path) -> None:
    one, other = [60, 12, 2, 12, -999, 2, 70, 0, 1], [10, 1040, 2, 20, 12, 1, 0, 0, 0]
    [finding] = found(written(tmp_path, [person(1, keypoints=one), person(1, keypoints=other), person(2)]))
    [place] = finding.places
    assert place.detail == (
        "left_a of person 2, 1,000 pixels out; right_a of person 1, 998 pixels out; neck of person 1, 22 pixels out; "
        "and 1 more."
    )

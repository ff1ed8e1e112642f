"""Short real trainings, held to the scores that were recorded for them.

A gate fails three standard deviations under its recorded score. Both were measured over seeds by
``python benchmarks/gate.py DATA`` on 2 cores; run it again, and write down why, when a change of the recipe moves them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from benchmarks.gate import GATES, score_of, trained
from tests.real import RealSet

pytestmark = pytest.mark.gate


@pytest.mark.parametrize("name", sorted(GATES))
def test_score_holds(data_root: Path, real_set: RealSet, name: str) -> None:
    gate = GATES[name]
    real_set(Path(gate.data).parts[0])
    with tempfile.TemporaryDirectory() as folder:
        score = score_of(gate, *trained(gate, data_root, seed=0, out=Path(folder) / "run"))
    floor = gate.mean - 3 * gate.deviation
    print(f"{name}: {score:.4f}, floor {floor:.4f}")
    assert score >= floor, (
        f"{name} scores {score:.4f}, under {floor:.4f} ({gate.mean} − 3 × {gate.deviation})"
    )

"""Wrong masks planted among PH²'s are the first that `check --with` names, with real models of real folds."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.suspicious_labels import ranking
from tests.real import RealSet

pytestmark = pytest.mark.gate

LEAST = 8
"""Of the first 10; 9 were, with either of two seeds."""


def test_planted_masks_come_first(data_root: Path, real_set: RealSet, tmp_path: Path) -> None:
    real_set("ph2")
    planted, ranked, _ = ranking(data_root / "ph2", tmp_path, epochs=5, seed=0)
    first = [one.sample.name for one in ranked.judged[: len(planted)]]
    found = [name for name in first if name in planted]
    print(f"{len(found)} of the first {len(planted)} are planted")
    assert len(planted) == 10
    assert len(found) >= LEAST

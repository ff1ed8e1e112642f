"""The check on real data: every planted fault is found where it was planted, and real sets are what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.planted import FAULTS, Fault
from benchmarks.planted_faults import try_fault
from tests.checks.drawn import errors
from tests.real import RealSet

from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data

pytestmark = pytest.mark.slow

PAIRS = 16


@pytest.fixture(scope="module")
def ccp(real_set: RealSet) -> Path:
    return real_set("ccp")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_and_mended(ccp: Path, fault: Fault) -> None:
    outcome = try_fault(fault, ccp, PAIRS)
    assert outcome.found
    assert outcome.others == ()
    assert outcome.still == ()
    assert (outcome.agreement is not None) == fault.mends
    if outcome.agreement is not None:
        assert outcome.agreement > 0.98


@pytest.mark.parametrize("name", ["ccp", "isic2017", "ph2"])
def test_real_sets_have_no_error(real_set: RealSet, name: str) -> None:
    assert errors(check(real_set(name))) == []


def test_the_splits_of_camvid_tear_its_sequences_apart(real_set: RealSet) -> None:
    """Its authors split videos: frames of one are in train and in val."""
    result = check(real_set("camvid"))
    assert errors(result) == ["leak-group"]
    [leak] = [one for one in result.result.findings if one.kind == "leak-group"]
    dataset = open_data(real_set("camvid"))
    splits = {
        (sample.tags["sequence"], sample.split) for sample in dataset.samples if sample.split is not None
    }
    torn = {
        sequence for sequence, _ in splits if len({split for one, split in splits if one == sequence}) > 1
    }
    assert len(leak.places) == len(torn)

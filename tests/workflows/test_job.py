"""What a budget leaves for training."""

from __future__ import annotations

import time
from pathlib import Path

from tests.networks import TINY

from pixelwise.data.cache import Cache
from pixelwise.data.synthetic import write_lesions
from pixelwise.training import Until
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, prepare
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.report import EXHIBITS


def test_training_ends_before_evaluation_and_report_must_begin(tmp_path: Path) -> None:
    data = open_data(write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128)))
    train = TINY.train.model_copy(update={"epochs": None, "budget_seconds": 100.0, "precision": "32-true"})
    job = prepare(data, TINY.model_copy(update={"train": train}), Listener(), Cache(tmp_path / "cache"))
    started = time.monotonic() - 7
    length = job.length(started)
    assert isinstance(length, Until)
    reserve = length.reserve
    later = len(data.split("val")) + len(data.split("test")) + 3 * EXHIBITS
    assert (
        REPORT_SECONDS < reserve < REPORT_SECONDS + SLACK * later * 1.0
    )  # a second an image is far too long

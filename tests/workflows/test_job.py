"""What a budget leaves for training."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.networks import TINY
from typer.main import get_command

from pixelwise.cli.main import app
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset
from pixelwise.data.synthetic import write_lesions
from pixelwise.labels import Labels
from pixelwise.recipe import Scale
from pixelwise.tasks import SemanticResult, SemanticTask
from pixelwise.tasks.semantic import SemanticRow
from pixelwise.training import Until
from pixelwise.types import Label, LogRow, Spacing
from pixelwise.workflows.compare import _command
from pixelwise.workflows.data import open_data
from pixelwise.workflows.job import REPORT_SECONDS, SLACK, TIMING_SHARE, Costs, Timing, prepare
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


def test_tuning_takes_as_long_for_an_image_however_many_tiles_it_has(tmp_path: Path) -> None:
    data = open_data(write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128)))
    tiled = TINY.model_copy(update={"scale": Scale(policy="tiles", size=(32, 32))})
    one, many = (prepare(data, recipe, Listener(), Cache(tmp_path / "cache")) for recipe in (TINY, tiled))
    assert len(many.training) > 10 * len(one.training)
    costs = Costs(predicting=2.0, scoring=0.0, trying=1.0)
    learned, validated = len(data.split("train")), len(data.split("val"))
    for job in (one, many):
        assert job.tuning_seconds(costs) == pytest.approx(SLACK * (5 * validated + learned))


def test_timing_takes_a_small_part_of_the_time() -> None:
    measured: list[float] = []

    def measure() -> float:
        measured.append(time.monotonic())
        time.sleep(0.002)
        return float(len(measured))

    timing, begin, known = Timing(measure), time.monotonic(), 9.0
    while len(measured) < 4:
        known = timing.again(known)
        assert known == len(measured)
    assert time.monotonic() - begin >= 3 * 0.002 * (1 / TIMING_SHARE - 1)


def test_the_first_step_of_a_budget_trains_batch_norms(tmp_path: Path) -> None:
    """What evaluating will take is measured with the very network, between its making and the first step."""
    data = open_data(write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128)))
    train = TINY.train.model_copy(update={"epochs": None, "budget_seconds": 100.0, "precision": "32-true"})
    job = prepare(data, TINY.model_copy(update={"train": train}), Listener(), Cache(tmp_path / "cache"))
    session = job.session()
    length = job.length(time.monotonic())
    before = {name: value.clone() for name, value in job.network.named_buffers() if "running_mean" in name}
    session.advance(length.progress(session.step))
    after = dict(job.network.named_buffers())
    assert before
    assert not any(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.slow
def test_outlines_are_counted_before_training_and_never_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    real = SemanticTask.full_row

    def spied(
        task: SemanticTask, result: SemanticResult, label: Label, spacing: Spacing | None
    ) -> SemanticRow:
        counted.append(len(rows))
        return real(task, result, label, spacing)

    monkeypatch.setattr(SemanticTask, "full_row", spied)
    data = open_data(write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128)))
    train = TINY.train.model_copy(update={"epochs": None, "budget_seconds": 30.0, "precision": "32-true"})
    job = prepare(data, TINY.model_copy(update={"train": train}), Listener(), Cache(tmp_path / "cache"))
    rows: list[LogRow] = []

    def on_row(found: Sequence[LogRow]) -> None:
        rows[:] = found

    length = job.length(time.monotonic())
    job.fit(job.session(), length, lambda: len(rows) > 1, on_row, lambda snapshot: None)
    assert any(row.val_score is not None for row in rows)
    assert counted == [0, 0, 0]


def test_lines_of_the_report_hold_what_their_commands_take(tmp_path: Path) -> None:
    write_lesions(tmp_path / "lesions", 12, seed=0, size=(32, 32))
    data = open_data(tmp_path / "lesions", layout="paired", ignore=7, group_by="lesion", task="semantic")
    job = prepare(data, TINY, Listener(), Cache(tmp_path / "cache"))
    joined = replace(data, opened=(*data.opened, "--joints", "people"))
    for one in (job, replace(job, dataset=joined)):
        again, scored = (_parsed(line) for line in one.commands(tmp_path / "run"))
        assert (again["layout"], again["group_by"], again["task"]) == ("paired", "lesion", "semantic")
        assert (scored["layout"], scored["group_by"], str(scored["split"])) == ("paired", "lesion", "test")
        assert str(again["joints"]) == ("people" if one is not job else "None")
        # A list of both sets' images is refused by a command that opens one of them.
        assert (
            again["splits"] == scored["splits"] == (tmp_path / "run" / "splits.csv" if one is job else None)
        )


def test_the_line_that_compares_again_holds_what_compare_takes() -> None:
    opened = ("d", "--ignore", "7", "--group-by", "x", "--task", "pose", "--joints", "people")
    data = Dataset(Path("d"), "paired", (), Labels(classes=("background", "object")), opened=opened)
    parsed = _parsed(_command([Path("a"), Path("b")], [], False, data))
    assert (str(parsed["data"]), parsed["ignore"]) == ("d", "7")


def _parsed(line: str) -> dict[str, Any]:
    """The parameters that a printed line gives its command."""
    program, verb, *words = shlex.split(line)
    assert program == "pixelwise"
    command = get_command(app).commands[verb]  # type: ignore[attr-defined]
    found: dict[str, Any] = command.make_context(verb, words).params
    return found

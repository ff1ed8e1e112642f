"""Going on from a checkpoint: the same weights to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tests.training.test_loop import RECIPE, begun, drawn, equal

from pixelwise.errors import ModelFileError
from pixelwise.recipe import Recipe
from pixelwise.training import Candidates, Snapshot, Step, Steps, fit, read_checkpoint, write_checkpoint
from pixelwise.training.checkpoint import KEY

TOTAL = 12
DEFAULT = RECIPE.model_copy(
    update={"model": RECIPE.model.model_copy(update={"encoder": "efficientnet-lite0"})}
)
STILL = DEFAULT.model_copy(update={"train": DEFAULT.train.model_copy(update={"frozen": 2, "thaw": 0.6})})


def copy(snapshot: Snapshot) -> Snapshot:
    tensors = {name: tensor.clone() for name, tensor in snapshot.tensors.items()}
    return Snapshot(tensors, json.loads(json.dumps(snapshot.numbers)))


def snapshots(recipe: Recipe, path: Path) -> tuple[Candidates, list[Step], list[Snapshot]]:
    """A training without interruption, and a snapshot after every step, each through a file."""
    session = begun(drawn(6), drawn(3, first=50), recipe)
    kept: list[Snapshot] = []
    steps: list[Step] = []

    def on_step(step: Step) -> None:
        steps.append(step)
        write_checkpoint(path, session.snapshot())
        kept.append(copy(read_checkpoint(path)))

    return fit(session, Steps(TOTAL), on_step, lambda: False), steps, kept


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, pytest.param(DEFAULT, marks=pytest.mark.slow), pytest.param(STILL, marks=pytest.mark.slow)],
    ids=["tiny", "default", "frozen"],
)
def test_resumed_anywhere_it_ends_with_the_same_bits(recipe: Recipe, tmp_path: Path) -> None:
    whole, steps, kept = snapshots(recipe, tmp_path / "checkpoint.safetensors")
    for after in (0, 4, TOTAL - 2, TOTAL - 1):
        session = begun(drawn(6), drawn(3, first=50), recipe)
        session.restore(kept[after])
        rest: list[Step] = []
        resumed = fit(session, Steps(TOTAL), rest.append, lambda: False)
        assert [step.loss for step in rest] == [step.loss for step in steps[after + 1 :]]
        assert equal(resumed.final, whole.final)
        assert resumed.choose().how == whole.choose().how
        assert equal(resumed.choose().weights, whole.choose().weights)
        assert [(r.step, r.loss, r.val_score) for r in resumed.rows] == [
            (r.step, r.loss, r.val_score) for r in whole.rows
        ]


@pytest.mark.parametrize("after", [1, 4])
def test_killed_before_a_row_and_resumed_at_the_end_the_row_is_made(after: int) -> None:
    """Setting up again may take all that a budget leaves: there is no step then, but what was learned is told."""
    killed = begun(drawn(6), drawn(3, first=50))
    kept: list[Snapshot] = []
    losses: list[float] = []

    def on_step(step: Step) -> None:
        kept.append(copy(killed.snapshot()))
        losses.append(step.loss)

    fit(killed, Steps(100), on_step, lambda: len(kept) == 4)  # the first row of 100 steps is due after 7
    session = begun(drawn(6), drawn(3, first=50))
    session.restore(kept[after])
    told: list[Step] = []
    resumed = fit(session, Steps(after + 1), told.append, lambda: False)
    (row,) = resumed.rows
    assert row.step == after + 1
    assert row.loss == pytest.approx(sum(losses[: after + 1]) / (after + 1))
    assert row.val_score is not None
    assert [step.row for step in told] == ([row] if after == 1 else [])  # the last has its row


def test_a_snapshot_holds_weights_moments_and_randomness(tmp_path: Path) -> None:
    # Leaving any part out changes what follows.
    _, steps, kept = snapshots(RECIPE, tmp_path / "checkpoint.safetensors")
    middle = kept[9]
    for part in ("network.", "optimiser.", "generator", "order"):
        other = copy(middle)
        if part == "order":
            other.numbers["order"] = kept[8].numbers["order"]
        else:
            tensors = {n: kept[8].tensors[n] if n.startswith(part) else t for n, t in other.tensors.items()}
            other = Snapshot(tensors, other.numbers)
        session = begun(drawn(6), drawn(3, first=50))
        session.restore(other)
        rest: list[Step] = []
        fit(session, Steps(TOTAL), rest.append, lambda: False)
        assert [step.loss for step in rest] != [step.loss for step in steps[10:]], part


def test_checkpoints_are_taken_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pixelwise.training.loop.time.monotonic", lambda: now[0])

    def kept(step_seconds: float, keep_seconds: float) -> list[int]:
        taken: list[int] = []
        session = begun(drawn(6))

        def on_step(step: Step) -> None:
            now[0] += step_seconds

        def keep(snapshot: Snapshot) -> None:
            now[0] += keep_seconds
            taken.append(session.step)

        fit(session, Steps(10), on_step, lambda: False, keep)
        return taken

    assert kept(0.01, 0.001) == [10]  # quick steps are not worth more
    assert kept(0.5, 0.001) == [2, 4, 6, 8, 10]  # none within a second of the one before
    assert kept(1.0, 0.04) == [1, 3, 5, 7, 9, 10]  # 0.04 s are 2% of 2 s


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "newer"])
def test_a_file_that_is_no_checkpoint_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    session = begun(drawn(4))
    session.advance(0.0)
    write_checkpoint(path, session.snapshot())
    content = path.read_bytes()
    if damage == "newer":
        content = content.replace(b'\\"version\\": 1', b'\\"version\\": 9')
    path.write_bytes({"cut": content[:-9], "other": b"{}", "empty": b"", "newer": content}[damage])
    with pytest.raises(ModelFileError, match="another version" if damage == "newer" else "damaged"):
        read_checkpoint(path)


def test_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    session = begun(drawn(4))
    session.advance(0.0)
    write_checkpoint(tmp_path / "c.safetensors", session.snapshot())
    assert KEY.encode() in (tmp_path / "c.safetensors").read_bytes()
    assert torch.isfinite(session.snapshot().under("optimiser")["0.exp_avg"]).all()

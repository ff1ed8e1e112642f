"""The loop: it learns, repeats itself to the bit, and stops when asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tests.networks import BINARY
from torch import Tensor

from pixelwise.data.frames import Frames
from pixelwise.data.synthetic import draw_lesion
from pixelwise.models import Network, build_model
from pixelwise.recipe import Augment, Model, Recipe, Scale, Train
from pixelwise.tasks import AnyTask, build_tasks
from pixelwise.training import Candidates, Session, Step, Steps, build_fabric, fit
from pixelwise.training.candidates import copied
from pixelwise.training.length import Length
from pixelwise.training.order import BatchOrder
from pixelwise.training.recorder import Recorder
from pixelwise.training.validate import validate
from pixelwise.types import CLASSES, LabelBatch

SIZE = (64, 96)
RECIPE = Recipe(
    scale=Scale(size=SIZE),
    model=Model(encoder="plain-tiny", pretrained=False),
    augment=Augment(rotate=180, vflip=0.5),
    train=Train(
        epochs=1, precision="32-true", batch_size=4, learning_rate=1e-2, encoder_rate=1.0, averaging=0.9
    ),
)


@dataclass(frozen=True)
class Drawn:
    """Frames in memory."""

    images: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Tensor) -> tuple[Tensor, LabelBatch]:
        return self.images[indices], LabelBatch({CLASSES: self.ids[indices]})


def drawn(count: int, first: int = 0) -> Frames:
    drawings = [draw_lesion(first + seed, SIZE) for seed in range(count)]
    images = torch.stack([torch.from_numpy(d.image).permute(2, 0, 1) for d in drawings])
    ids = torch.stack([torch.from_numpy(d.mask).byte() for d in drawings])
    return Drawn(images, ids)


def parts(recipe: Recipe = RECIPE) -> tuple[Network, dict[str, AnyTask]]:
    torch.manual_seed(recipe.seed)
    tasks = build_tasks(recipe, {"semantic": BINARY})
    fields = {name: task.fields() for name, task in tasks.items()}
    network = build_model(recipe.model, fields, pretrained=True)
    if recipe.train.frozen:
        network.freeze(recipe.train.frozen)
    return network, tasks


def begun(training: Frames, validation: Frames | None = None, recipe: Recipe = RECIPE) -> Session:
    network, tasks = parts(recipe)
    return Session(network, tasks, training, validation, recipe, build_fabric("32-true"))


def trained(
    length: Length,
    training: Frames,
    validation: Frames | None = None,
    recipe: Recipe = RECIPE,
    stop_after: int | None = None,
) -> tuple[Candidates, list[Step], Network]:
    session = begun(training, validation, recipe)
    steps: list[Step] = []
    candidates = fit(
        session, length, steps.append, lambda: stop_after is not None and len(steps) >= stop_after
    )
    return candidates, steps, session.network


def equal(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_every_image_once_a_pass_in_changing_order() -> None:
    stream = BatchOrder(5, 3, seed=0)
    taken = torch.cat([next(stream) for _ in range(5)]).tolist()  # three passes of five
    passes = [taken[:5], taken[5:10], taken[10:]]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in passes)
    assert len({tuple(one) for one in passes}) > 1
    again = BatchOrder(5, 3, seed=0)
    assert torch.cat([next(again) for _ in range(5)]).tolist() == taken


def test_a_batch_larger_than_the_data_repeats_images() -> None:
    assert sorted(next(BatchOrder(2, 6, seed=0)).tolist()) == [0, 0, 0, 1, 1, 1]


def test_same_seed_same_bits_and_another_seed_others() -> None:
    training = drawn(6)
    one, _, _ = trained(Steps(5), training)
    two, _, _ = trained(Steps(5), training)
    other, _, _ = trained(Steps(5), training, recipe=RECIPE.model_copy(update={"seed": 1}))
    assert equal(one.final, two.final)
    assert [row.loss for row in one.rows] == [row.loss for row in two.rows]
    assert not equal(one.final, other.final)


def test_batch_norms_learn_even_if_the_network_comes_in_evaluation_mode() -> None:
    training = drawn(4)
    network, tasks = parts()
    before = copied(network.eval())
    session = Session(network, tasks, training, None, RECIPE, build_fabric("32-true"))
    fit(session, Steps(2), lambda step: None, lambda: False)
    means = [name for name in before if name.endswith("running_mean")]
    assert means
    assert not any(torch.equal(before[name], network.state_dict()[name]) for name in means)


def test_batch_norms_learn_in_every_step_whoever_evaluates_in_between() -> None:
    session = begun(drawn(4))
    means = [name for name in session.network.state_dict() if name.endswith("running_mean")]
    for _ in range(3):
        session.network.eval()
        before = copied(session.network)
        session.advance(0.5)
        assert not any(torch.equal(before[name], session.network.state_dict()[name]) for name in means)


def test_stops_when_asked_with_the_weights_so_far() -> None:
    candidates, steps, network = trained(Steps(50), drawn(4), stop_after=3)
    assert len(steps) == 4  # the batch that was being worked on is finished
    assert candidates.final.keys() == copied(network).keys()
    assert [row.step for row in candidates.rows][-1] == 4  # and what it ended with is validated


def test_what_is_frozen_stays_to_the_bit_and_all_else_learns() -> None:
    lite = RECIPE.model_copy(
        update={
            "model": Model(decoder="fpn"),
            "train": Train(epochs=1, precision="32-true", batch_size=2, frozen=2),
        }
    )
    session = begun(drawn(4), recipe=lite)
    network, before = session.network, copied(session.network)
    found = fit(session, Steps(2), lambda step: None, lambda: False).final
    still = ("encoder.stem.", *(f"encoder.blocks.{index}." for index in range(3)))
    frozen = [name for name in before if name.startswith(still)]
    assert len(frozen) > 20
    assert all(torch.equal(before[name], found[name]) for name in frozen)
    learned = [name for name, _ in network.named_parameters() if not name.startswith(still)]
    assert not any(torch.equal(before[name], found[name]) for name in learned)
    kept = session.snapshot().under("optimiser")
    assert len(kept) == 3 * len(learned)  # AdamW: step and two moments; nothing of what does not learn


def test_one_feature_more_stays_until_it_thaws() -> None:
    lite = RECIPE.model_copy(
        update={
            "model": Model(decoder="fpn"),
            "train": Train(epochs=1, precision="32-true", batch_size=2, frozen=1, thaw=0.5),
        }
    )
    session = begun(drawn(4), recipe=lite)
    blocks = {"always": "encoder.blocks.0.", "first": "encoder.blocks.1.", "never": "encoder.blocks.3."}

    def moved(progress: float) -> set[str]:
        before = copied(session.network)
        session.advance(progress)
        after = copied(session.network)
        return {
            kind
            for kind, block in blocks.items()
            if any(name.startswith(block) and not torch.equal(before[name], after[name]) for name in before)
        }

    assert moved(0.2) == moved(0.49) == {"never"}
    assert moved(0.5) == moved(0.9) == {"first", "never"}


class Leaping:
    """A length whose clock leaps: time passes between the end of a batch and the start of the next."""

    def __init__(self) -> None:
        self.calls = 0

    def progress(self, step: int) -> float:
        self.calls += 1
        return min(1.0, self.calls * 0.11)


def test_the_end_is_validated_however_the_clock_leaps() -> None:
    candidates, steps, _ = trained(Leaping(), drawn(4), drawn(2, first=50))
    assert candidates.rows[-1].step == len(steps)
    assert len(candidates.rows) == len(steps)  # every batch passes a sixteenth


def test_rows_are_spread_over_training_and_the_last_is_its_end() -> None:
    candidates, steps, _ = trained(Steps(40), drawn(4), drawn(2, first=50))
    assert len(candidates.rows) == 16
    assert candidates.rows[-1].step == 40 == len(steps)
    assert all(row.val_score is not None for row in candidates.rows)
    assert candidates.rows[-1].epoch == 40


def test_of_many_frames_some_are_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    network, tasks = parts()
    frames, fabric = drawn(7), build_fabric("32-true")
    every = validate(network, tasks, frames, RECIPE, fabric)
    monkeypatch.setattr("pixelwise.training.validate.MOST", 3)
    np.testing.assert_array_equal(validate(network, tasks, frames, RECIPE, fabric), every[[0, 2, 4]])


def test_slow_validation_takes_a_tenth_of_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pixelwise.training.recorder.time.monotonic", lambda: now[0])

    def slow(*arguments: object) -> None:
        now[0] += 30.0

    monkeypatch.setattr("pixelwise.training.recorder.validate", slow)
    timed = RECIPE.model_copy(update={"train": Train(budget_seconds=300.0, batch_size=4)})
    for recipe, rows in ((timed, 1), (RECIPE, 15)):
        now[0] = 0.0
        recorder = Recorder(torch.nn.Linear(1, 1), 4, {}, drawn(1), recipe, build_fabric("32-true"))
        found = 0
        for step in range(1, 100):
            now[0] += 1.0
            recorder.add(1.0)
            if recorder.is_due(step / 100):
                recorder.row(step, step / 100, 0.1)
                found += 1
        assert found == rows


@pytest.mark.slow
def test_it_learns_to_find_lesions_it_has_not_seen() -> None:
    validation = drawn(12, first=1000)
    network, tasks = parts()
    fabric = build_fabric("32-true")
    before = np.nanmean(validate(network, tasks, validation, RECIPE, fabric))
    candidates, _, _ = trained(Steps(300), drawn(48), validation)
    network.load_state_dict(candidates.final)
    after = np.nanmean(validate(network, tasks, validation, RECIPE, fabric))
    assert before < 0.6
    assert after > 0.75

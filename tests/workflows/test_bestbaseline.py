"""What a training is compared with."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.listening import Heard

import pixelwise
from pixelwise.baselines import METHODS, Baseline, Choice
from pixelwise.baselines.objectrule import RULES
from pixelwise.data.synthetic import write_lesions
from pixelwise.evaluation import BaselineScores, evaluate, read_metrics
from pixelwise.labels import Labels
from pixelwise.recipe import Model, Recipe, Scale, Train
from pixelwise.skeleton import COCO_17
from pixelwise.types import RGB8
from pixelwise.workflows.bestbaseline import compare, comparing_seconds, lead_over, spread_order
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener

QUICK = Recipe(
    scale=Scale(size=(64, 96)),
    model=Model(encoder="plain-tiny", pretrained=False),
    train=Train(epochs=1, precision="32-true"),
)


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "lesions", 30, seed=0, size=(96, 128))


@pytest.mark.parametrize(("budget", "seconds"), [(30.0, 0.0), (60.0, 3.0), (300.0, 15.0), (36000.0, 120.0)])
def test_a_twentieth_of_the_budget(lesions: Path, budget: float, seconds: float) -> None:
    assert comparing_seconds(Recipe(train=Train(budget_seconds=budget)), open_data(lesions)) == seconds


def test_no_time_is_kept_where_nothing_is_compared(lesions: Path) -> None:
    two, budget = open_data(lesions), Recipe(train=Train(budget_seconds=300))
    three = replace(two, labels=Labels(classes=("background", "one", "other")))
    objects = replace(two, labels=Labels(classes=("background", "cell"), things=(1,)))
    for other in (three, objects, replace(two, skeleton=COCO_17)):
        assert comparing_seconds(budget, other) == 0
    assert comparing_seconds(Recipe(train=Train(epochs=5)), two) == 0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 100])
def test_every_beginning_of_the_order_is_spread(count: int) -> None:
    order = spread_order(count)
    assert sorted(order) == list(range(count))
    for length in range(1, count + 1):
        marks = sorted(order[:length])
        gaps = [b - a for a, b in zip([-1, *marks], [*marks, count], strict=True)]
        assert max(gaps) <= 4 * count / length + 1


def test_a_time_that_is_over_compares_nothing(lesions: Path) -> None:
    heard = Heard()
    assert compare(pixelwise.open_data(lesions), QUICK, 0.0, heard) is None
    assert heard.lines == ["Without training: no method was compared, since there was no time left for it."]


@pytest.mark.slow
@pytest.mark.usefixtures("compared")  # libraries are loaded
def test_it_ends_in_time_with_what_it_has(lesions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of this process's work, since what other programs do meanwhile is not to decide."""
    monkeypatch.setattr("pixelwise.workflows.bestbaseline.time.monotonic", time.process_time)
    data = pixelwise.open_data(lesions)
    begin = time.process_time()
    found = compare(data, QUICK, 1.5, Listener())
    assert time.process_time() - begin < 3.0  # a picture that was begun is finished
    assert found is not None
    assert not set(found.chosen_on) & {sample.name for sample in data.split("test").samples}
    if found.images is not None:
        assert len(found.images) == found.n_images < len(data.split("test"))


@pytest.fixture(scope="module")
def compared(lesions: Path) -> BaselineScores:
    """The comparison that depends on no clock."""
    found = compare(pixelwise.open_data(lesions), QUICK, None, Listener())
    assert found is not None
    return found


@pytest.mark.slow
def test_without_a_clock_it_is_the_same_each_time(lesions: Path, compared: BaselineScores) -> None:
    data = pixelwise.open_data(lesions)
    assert compare(data, QUICK, None, Listener()) == compared
    assert compared.images is None
    assert compared.n_images == len(data.split("test"))
    learned = [sample.name for split in ("val", "train") for sample in data.split(split).samples]
    validated = {sample.name for sample in data.split("val").samples}
    assert set(compared.chosen_on) <= set(learned)
    assert len(compared.chosen_on) == min(24, len(learned))
    assert set(compared.chosen_on[: len(validated)]) == validated  # these are the first to be used
    assert compared.scores["dice"].mean > 0.6
    assert compared.n_methods == sum(not method.slow for method in METHODS.values())
    assert compared.tried_on == 1


@pytest.mark.slow
def test_without_a_test_split_training_chooses(lesions: Path) -> None:
    """Scores are then of validation, which must not have chosen the method as well."""
    data = pixelwise.open_data(lesions).where(lambda one: one.split != "test")
    found = compare(data, QUICK, None, Listener())
    assert found is not None
    assert set(found.chosen_on) <= {sample.name for sample in data.split("train").samples}


def test_the_scores_are_those_of_the_method(lesions: Path, compared: BaselineScores) -> None:
    """The chosen method, evaluated as models are, reaches the same."""
    data, choice = pixelwise.open_data(lesions), compared.choice
    values = {name: value for name, value in choice.items() if name not in {"object", "keep"}}
    rule = next(one for one in RULES if (one.side, one.keep) == (choice["object"], choice["keep"]))
    method = Baseline(METHODS[compared.method], Choice(values, rule), data.labels, {RGB8: QUICK.values})
    assert evaluate(method, data.split("test"), "test").scores == compared.scores


def test_the_lead_is_of_pairs(lesions: Path, compared: BaselineScores) -> None:
    data = pixelwise.open_data(lesions).split("test")
    other = Choice({"plane": "saturation", "blur": 2.0}, RULES[0])
    metrics = evaluate(Baseline(METHODS["otsu"], other, data.labels, {RGB8: QUICK.values}), data, "test")
    own = {row.name: row.scores["dice"] for row in metrics.images}
    gains = np.array([own[name] - score for name, score in compared.by_image.items()])
    lead = lead_over(compared.by_image, metrics)
    assert lead is not None
    assert lead.value == pytest.approx(gains.mean())
    assert compared.scores["dice"].mean == pytest.approx(np.mean(list(compared.by_image.values())))
    # Of pairs that all differ alike the interval has no width, however images differ.
    shifted = {name: score - 0.125 for name, score in own.items()}
    lead = lead_over(shifted, metrics)
    assert lead is not None
    assert (lead.value, *lead.ci95) == pytest.approx((0.125, 0.125, 0.125))
    assert lead_over(dict(list(shifted.items())[:1]), metrics) is None


@pytest.mark.slow
def test_a_run_names_what_needs_no_training(lesions: Path, tmp_path: Path) -> None:
    run = pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, settings={"train.batch_size": 3})
    found = run.metrics.baseline
    assert found is not None
    written = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert written["baseline"]["method"] == found.method
    assert read_metrics(tmp_path / "run" / "metrics.json").baseline == found
    assert found.lead is not None
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert f"reaches {found.scores['dice'].mean:.3f} (" in page
    assert "<dt><code>train.batch_size</code></dt><dd>3, as asked</dd>" in page


def test_a_run_need_not_be_compared(lesions: Path, tmp_path: Path) -> None:
    run = pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, compared=False)
    assert run.metrics.baseline is None
    assert "baseline" not in json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert "Without training" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")

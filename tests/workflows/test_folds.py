"""A run of folds as a whole, from Python: who is scored by whom, and what becomes of it when it is interrupted."""

from __future__ import annotations

import csv
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from tests.networks import TINY

import pixelwise
from pixelwise.confidence import left_out, rank_correlation
from pixelwise.data.cache import Cache
from pixelwise.data.figures import write_figures
from pixelwise.data.folds import draw_folds
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, RecipeError
from pixelwise.evaluation import evaluate, read_metrics
from pixelwise.modelfile import read_model
from pixelwise.prediction import Ensemble, Predictor
from pixelwise.recipe import Recipe, Scale, Train
from pixelwise.tasks import SemanticTask
from pixelwise.tasks.semantic import dice_by_threshold
from pixelwise.training import Step, Until
from pixelwise.types import LogRow
from pixelwise.workflows.budget import kept_for_later
from pixelwise.workflows.foldplan import CrossValidation, pooled
from pixelwise.workflows.folds import _facts
from pixelwise.workflows.foldtrainings import decoded
from pixelwise.workflows.job import identity_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import Run

QUICK = TINY.model_copy(update={"train": Train(epochs=2, batch_size=2, precision="32-true", threads=1)})
FOLDS = 3


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "lesions", 14, seed=0, size=(96, 128))


@pytest.fixture(scope="module")
def run(lesions: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return pixelwise.train(
        lesions, tmp_path_factory.mktemp("runs") / "run", recipe=QUICK, folds=FOLDS, compared=False
    )


def ensemble_of(run: Run) -> Ensemble:
    predictor = pixelwise.load(run.folder)
    assert isinstance(predictor, Ensemble)
    return predictor


def folds_of(run: Run) -> dict[str, dict[str, str]]:
    with (run.folder / "folds.csv").open(newline="", encoding="utf-8") as lines:
        return {row["name"]: row for row in csv.DictReader(lines)}


def weights(predictor: Predictor) -> dict[str, torch.Tensor]:
    return dict(predictor.network.state_dict())


def same(one: Predictor, other: Predictor) -> bool:
    return all(tensor.equal(weights(other)[name]) for name, tensor in weights(one).items())


def cross_validation(lesions: Path, recipe: Recipe) -> CrossValidation:
    data = pooled(pixelwise.open_data(lesions))
    return CrossValidation(data, draw_folds(data.split("train"), FOLDS, 0), recipe, {}, Listener())


def test_a_recipe_that_does_not_fit_is_refused_before_anything_is_decoded(
    lesions: Path, tmp_path: Path
) -> None:
    task = QUICK.tasks["semantic"].model_copy(update={"class_weights": (1.0, 1.0, 1.0)})
    recipe = QUICK.model_copy(update={"tasks": {"semantic": task}})
    with pytest.raises(RecipeError, match="class_weights"):
        decoded(cross_validation(lesions, recipe), Cache(tmp_path / "cache"), compared=False)
    assert not list(tmp_path.rglob("*.*"))


def test_the_facts_are_of_all_folds(lesions: Path, tmp_path: Path) -> None:
    tiled = QUICK.model_copy(update={"scale": Scale(policy="tiles", size=(32, 32))})
    trainings = decoded(cross_validation(lesions, tiled), Cache(tmp_path / "cache"), compared=False)
    job, row = (
        trainings.job(0),
        LogRow(step=1, epoch=1, seconds=1.0, learning_rate=0.1, loss=0.5, val_score=None),
    )
    facts = _facts(trainings, job, {1: [row]}, 1, 1.0)
    of_first = job.facts("", "", 1.0)
    tiles = len(trainings.frames)
    assert tiles > len(job.training)
    assert facts["Frame"].endswith(f": {tiles} in all folds")
    assert (
        facts["Fingerprint"]
        == f"{identity_of(trainings.frames)} (of the images and masks of all folds, as decoded)"
    )
    assert facts["Fingerprint"].split()[0] != of_first["Fingerprint"].split()[0]


@pytest.mark.slow
def test_every_image_is_scored_by_the_model_that_never_saw_it(run: Run, lesions: Path) -> None:
    data = pixelwise.open_data(lesions)
    of_folds = {sample.name for sample in data.samples if sample.split != "test"}
    rows = {row.name: row for row in run.metrics.images}
    assert run.metrics.split == "out_of_fold"
    assert rows.keys() == folds_of(run).keys() == of_folds
    members = ensemble_of(run).members
    assert len(members) == FOLDS
    for name, row in folds_of(run).items():
        number = int(row["fold"])
        assert [row[f"model {one}"] == "test" for one in range(1, FOLDS + 1)] == [
            one == number for one in range(1, FOLDS + 1)
        ]
        assert rows[name].tags["fold"] == row["fold"]
        alone = data.where(lambda sample, name=name: sample.name == name)  # type: ignore[misc]
        [again] = evaluate(members[number - 1], alone, "test").images
        assert again.scores == pytest.approx(rows[name].scores, nan_ok=True)
    assert set(run.metrics.tags["fold"]) == {"1", "2", "3"}


def test_the_test_split_is_scored_by_all_as_one(run: Run, lesions: Path) -> None:
    test = run.metrics.test
    assert test is not None
    data = pixelwise.open_data(lesions)
    again = pixelwise.evaluate(run.folder, data, split="test")
    assert again.scores["dice"].mean == test.scores["dice"].mean
    assert {row.name for row in test.images} == {sample.name for sample in data.split("test").samples}
    written = read_metrics(run.folder / "metrics.json")
    assert written.test is not None
    assert written.test.scores["dice"].mean == test.scores["dice"].mean
    assert '"baseline"' not in (run.folder / "metrics.json").read_text(encoding="utf-8")


def test_each_image_is_judged_by_the_model_that_never_saw_it(run: Run, lesions: Path) -> None:
    found = run.metrics.confidence
    assert found is not None
    assert found.fitted == "each_fold"
    rows = {row.name: row.confidence for row in run.metrics.images}
    name, of_fold = next((name, int(row["fold"])) for name, row in folds_of(run).items())
    sample = next(one for one in pixelwise.open_data(lesions).samples if one.name == name)
    own = ensemble_of(run).members[of_fold - 1].predict(sample.image)
    said = rows[name]
    assert said is not None
    assert own.uncertainty is not None
    assert said.uncertainty == pytest.approx(float(own.uncertainty.mean()), rel=1e-4)
    assert said.unlikeness == pytest.approx(own.unlikeness, rel=1e-4)
    # As many pixels are told apart before calibration as after it, and all images are among them.
    assert found.before is not None
    assert sum(one.pixels for one in found.before.bins) == sum(one.pixels for one in found.after.bins)
    assert "<h2>What it says of itself</h2>" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_all_as_one_decide_by_what_was_predicted_out_of_fold(run: Run, lesions: Path) -> None:
    ensemble, data = ensemble_of(run), pixelwise.open_data(lesions)
    images = {sample.name: sample for sample in data.samples}
    curves, unlikeness = [], list[float]()
    for name, row in folds_of(run).items():
        image, truth = data.read(images[name])
        prediction = ensemble.members[int(row["fold"]) - 1].predict(image)
        curves.append(dice_by_threshold(prediction["semantic"].probs[1], truth.class_map))
        assert prediction.unlikeness is not None
        unlikeness.append(prediction.unlikeness)
    task = ensemble.tasks["semantic"]
    assert isinstance(task, SemanticTask)
    assert ensemble.settings["semantic"] == task.tuned(curves) == run.metrics.settings["semantic"]
    known = ensemble.confidence
    assert known is not None
    assert known.fitted_on == len(images) - len(data.split("test"))
    assert known.unlike is not None
    assert known.unlike.limit == pytest.approx(
        max(unlikeness), rel=1e-4
    )  # of fewer than 19 images the farthest
    assert run.metrics.test is not None
    said = run.metrics.test.confidence
    assert said is not None
    assert (said.fitted, said.before) == ("out_of_fold", None)
    own = run.metrics.confidence
    assert own is not None
    if own.predicted is not None:  # how well the fit for all as one foretells stands beside that of each
        assert own.predicted.left_out is not None
        assert own.predicted.left_out.value == pytest.approx(
            rank_correlation(*left_out(known.score["semantic"])).value, nan_ok=True
        )


def test_what_a_run_holds(run: Run) -> None:
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        *("model.safetensors", "metrics.json", "recipe.toml", "report.html", "log.csv", "check.html"),
        *("splits.csv", "folds.csv", "plan.json"),
    }
    log = (run.folder / "log.csv").read_text(encoding="utf-8").splitlines()
    assert log[0].startswith("fold,epoch,step")
    assert {line.split(",")[0] for line in log[1:]} == {"1", "2", "3"}
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "The models of all folds as one" in page
    assert "each by the one of several models that had learned nothing from it" in page
    assert "not a test split" not in page
    assert (
        page.count('<span class="line-chip series-')
        == page.count('<polyline class="curve series-') / 2
        == FOLDS
    )
    header = read_model(run.folder).header
    assert header.scores["split"] == "out_of_fold"
    assert header.recipe.train.folds == FOLDS


@pytest.mark.slow
def test_no_model_learns_or_is_chosen_from_an_image_that_it_scores(
    run: Run, lesions: Path, tmp_path: Path
) -> None:
    """Other pixels and masks in the first fold leave the first model as it is, and no other."""
    changed = shutil.copytree(lesions, tmp_path / "changed")
    one = {name: row["fold"] for name, row in folds_of(run).items()}
    for name in (name for name, fold in one.items() if fold == "1"):
        image, mask = changed / "images" / f"{name}.png", changed / "masks" / f"{name}.png"
        PIL.Image.fromarray(255 - np.asarray(PIL.Image.open(image))).save(image)
        mirrored = np.ascontiguousarray(
            np.asarray(PIL.Image.open(mask))[:, ::-1]
        )  # its area decides on folds
        PIL.Image.fromarray(mirrored).save(mask)
    again = pixelwise.train(changed, tmp_path / "run", recipe=QUICK, folds=FOLDS, compared=False)
    assert {name: row["fold"] for name, row in folds_of(again).items()} == one
    pairs = list(zip(ensemble_of(run).members, ensemble_of(again).members, strict=True))
    assert [same(before, after) for before, after in pairs] == [True, False, False]
    assert pairs[0][0].settings == pairs[0][1].settings


@pytest.mark.slow
def test_without_splits_every_image_is_in_a_fold(lesions: Path, tmp_path: Path) -> None:
    data = pixelwise.open_data(lesions).with_splits({})
    metrics = pixelwise.train(data, tmp_path / "run", recipe=QUICK, folds=2, compared=False).metrics
    assert metrics.n_images == len(data)
    assert metrics.test is None


class UnpluggedError(Exception):
    """The power went."""


class Interrupting(Listener):
    """Does something when a share of all training is done."""

    def __init__(self, share: float, *, unplug: bool) -> None:
        self.share, self.unplug, self.done = share, unplug, False
        self.lines: list[str] = []

    def step(self, step: Step) -> None:
        if not self.done and step.progress > self.share:
            self.done = True
            if self.unplug:
                raise UnpluggedError
            signal.raise_signal(signal.SIGINT)

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_fold_it_was_at(
    run: Run, lesions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelwise.training.loop.KEEP_SECONDS", 0.0)
    monkeypatch.setattr("pixelwise.training.loop.KEEPING_SHARE", 1e9)
    out = tmp_path / "killed"
    listener = Interrupting(0.6, unplug=True)
    with pytest.raises(UnpluggedError):
        pixelwise.train(lesions, out, recipe=QUICK, folds=FOLDS, compared=False, listener=listener)
    assert [path.name for path in sorted(out.glob("fold-*"))] == ["fold-1.safetensors"]
    with pytest.raises(RecipeError, match=r"begun with train.folds = 3, not 2"):
        pixelwise.train(lesions, out, resume=True, folds=2)
    listener = Interrupting(2.0, unplug=True)
    again = pixelwise.train(lesions, out, resume=True, compared=False, listener=listener)
    said = " ".join(listener.lines)
    assert "Resumed: " in said
    assert "Fold 2 of 3" in said
    assert "Fold 1 of 3" not in said
    pairs = zip(ensemble_of(run).members, ensemble_of(again).members, strict=True)
    assert [same(one, other) for one, other in pairs] == [True] * FOLDS
    assert again.metrics.scores["dice"].mean == run.metrics.scores["dice"].mean
    assert {path.name for path in out.iterdir()} == {path.name for path in run.folder.iterdir()}


class UnpluggedWhileScoring(Listener):
    """All is trained, and then the power went."""

    def scored(self, done: int, total: int) -> None:
        raise UnpluggedError


@pytest.mark.slow
def test_a_run_killed_after_its_last_fold_wants_the_same_images(
    run: Run, lesions: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "killed"
    shutil.copytree(lesions, data)
    with pytest.raises(UnpluggedError):
        pixelwise.train(
            data, out, recipe=QUICK, folds=FOLDS, compared=False, listener=UnpluggedWhileScoring()
        )
    assert len(list(out.glob("fold-*"))) == FOLDS
    mask = sorted((data / "masks").iterdir())[0]
    kept = mask.read_bytes()
    PIL.Image.fromarray(np.asarray(PIL.Image.open(mask))[::-1]).save(mask)
    with pytest.raises(RecipeError, match="have changed since"):
        pixelwise.train(data, out, resume=True, compared=False)
    mask.write_bytes(kept)
    again = pixelwise.train(data, out, resume=True, compared=False)
    assert again.metrics.scores["dice"].mean == run.metrics.scores["dice"].mean


@pytest.mark.slow
@pytest.mark.parametrize(("share", "done"), [(0.1, 1), (0.5, 1), (0.8, 2)])
def test_ctrl_c_ends_it_with_the_folds_that_are_done(
    share: float, done: int, lesions: Path, tmp_path: Path
) -> None:
    listener = Interrupting(share, unplug=False)
    run = pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, folds=FOLDS, listener=listener)
    assert len(ensemble_of(run).members) == done
    of_done = {name for name, row in folds_of(run).items() if int(row["fold"]) <= done}
    assert {row.name for row in run.metrics.images} == of_done
    assert any("stopped by Ctrl-C" in note for note in run.metrics.notes)
    checked = pixelwise.check(lesions, run=run)
    tested = len(pixelwise.open_data(lesions).split("test"))
    assert f"{len(of_done)} by the model of run that never saw them" in checked.result.judged
    assert f"{tested}, which are new to all of its models" in checked.result.judged


def test_folds_share_what_the_ending_leaves() -> None:
    """Each fold takes what it may; the last ends when the ending has to begin."""
    now, end, ending, count = 7.0, 107.0, 20.0, 5
    took = []
    for number in range(count):
        until = end - kept_for_later(end - now, ending, count - number)
        took.append(until - now)
        now = until
    assert took == pytest.approx([16.0] * count)
    assert now == pytest.approx(end - ending)


def test_a_resumed_fold_gets_no_more_than_its_share() -> None:
    # 16 s each; after 6 of them a kill, then 94 s are left of 100.
    until = 94.0 - kept_for_later(94.0 + 6.0, 20.0, 5)
    assert until == pytest.approx(10.0)


def test_when_the_ending_takes_longer_than_thought_all_folds_give_alike() -> None:
    before, after = (kept_for_later(100.0, ending, 4) for ending in (20.0, 40.0))
    assert after - before == pytest.approx(5.0)


class UntilWorked(Until):
    """Until this process has worked so long, whatever other programs do meanwhile."""

    def __init__(self, end: float, reserve: float = 0.0, *, before: float = 0.0) -> None:
        super().__init__(end, reserve, time.process_time, before)


@pytest.mark.slow
def test_a_budget_is_for_all_of_it(lesions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folds share it alike and all ends within it, by a clock that a busy computer does not hasten."""
    monkeypatch.setattr(time, "monotonic", time.process_time)
    monkeypatch.setattr("pixelwise.workflows.job.Until", UntilWorked)
    budget = 10.0
    train = Train(budget_seconds=budget, precision="32-true", threads=1)
    recipe: Recipe = QUICK.model_copy(update={"train": train})
    begin = time.process_time()
    run = pixelwise.train(lesions, tmp_path / "run", recipe=recipe, folds=FOLDS, compared=False)
    assert time.process_time() - begin < budget
    log = (run.folder / "log.csv").read_text(encoding="utf-8").splitlines()[1:]
    seconds = {line.split(",")[0]: float(line.split(",")[3]) for line in log}
    assert len(seconds) == FOLDS
    assert min(seconds.values()) > 0.6 * max(seconds.values())


@pytest.mark.slow
def test_people_are_cut_out_in_folds_too_and_no_threshold_is_set_beside_them(tmp_path: Path) -> None:
    figures = write_figures(tmp_path / "figures", 12, size=(64, 96), most=1)
    settings = {"model.encoder": "plain-tiny", "train.precision": "32-true", "scale.size": [64, 96]}
    run = pixelwise.train(figures, tmp_path / "run", task="pose", folds=2, epochs=1, settings=settings)
    assert run.predictor.preprocessing.scale.crop > 0
    assert all(row.size != (64, 96) for row in run.metrics.images)
    assert run.metrics.baseline is None


@pytest.mark.parametrize("folds", [1, 21])
def test_no_such_number_of_folds(folds: int, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"'train\.folds' should be at"):
        pixelwise.train(tmp_path / "absent", tmp_path / "run", folds=folds)


def test_more_folds_than_images_are_refused(lesions: Path, tmp_path: Path) -> None:
    data = pixelwise.open_data(lesions).split("val")
    with pytest.raises(DataError, match="too few for 9 folds"):
        pixelwise.train(data, tmp_path / "run", recipe=QUICK, folds=9)
    assert not (tmp_path / "run").exists()

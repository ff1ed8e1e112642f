"""Runs found, grouped by recipe, compared and shown, as files on disk."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.networks import TINY, tiny_predictor
from tests.prediction.test_predictor import saved
from tests.report.pages import Checker

import pixelwise
from pixelwise.cli.main import main
from pixelwise.cli.several import repeated
from pixelwise.data.figures import write_figures
from pixelwise.data.scenes import write_scenes
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import Metrics, read_metrics
from pixelwise.prediction import Ensemble
from pixelwise.report.comparepage import Beside
from pixelwise.report.templates import unbroken_text
from pixelwise.types import Image
from pixelwise.workflows.contestants import by_recipe, find_runs, named

pytestmark = pytest.mark.slow

MakeRun = Callable[..., Path]


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "ผิว หนัง", 12, seed=5, size=(96, 128))


@pytest.fixture(scope="module")
def make_run(tmp_path_factory: pytest.TempPathFactory, lesions: Path) -> MakeRun:
    """Writes what a run holds, of an untrained network whose weights are drawn by a seed."""
    folder = tmp_path_factory.mktemp("runs")
    data = pixelwise.open_data(lesions)

    def make(name: str, seed: int, rate: float = 2e-3) -> Path:
        run = folder / name
        if not run.exists():
            run.mkdir()
            predictor = tiny_predictor(seed=round(seed + 1e5 * rate))
            # An untrained network may find everything or nothing: let it find some of the first image.
            fields = predictor.field_values(data.read(data.samples[0])[0])
            share = 0.6 + 0.1 * seed
            predictor.settings["semantic"]["threshold"] = float(
                np.quantile(fields["semantic"]["classes"], share)
            )
            saved(predictor, run / "model.safetensors")
            pixelwise.evaluate(predictor, data, split="all").write(run / "metrics.json")
            measured = {"threads": seed + 1, "precision": "32-true" if seed else "bf16-mixed"}
            train = TINY.train.model_copy(update={"learning_rate": rate, **measured})
            TINY.model_copy(update={"seed": seed, "train": train}).write(run / "recipe.toml")
        return run

    return make


@pytest.fixture
def two_recipes(make_run: MakeRun) -> tuple[list[Path], list[Path]]:
    fast = [make_run(f"fast-seed{seed}", seed, 2e-3) for seed in range(3)]
    return fast, [make_run(f"slow-seed{seed}", seed, 1e-3) for seed in range(3)]


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["compare", *map(str, arguments)])
    error = capsys.readouterr().err
    assert caught.value.code == 2
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert error.rstrip().endswith(".")
    return error


def test_two_models_with_pictures(
    make_run: MakeRun, lesions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = make_run("one", 1), make_run("two", 2)
    page, scores = tmp_path / "page.html", tmp_path / "c.json"
    for _ in range(2):  # what was written is ours, and may be replaced
        with pytest.raises(SystemExit) as caught:
            main(
                [
                    str(word)
                    for word in ("compare", one, other, "--data", lesions, "--page", page, "--json", scores)
                ]
            )
        assert caught.value.code == 0
    printed = capsys.readouterr().out
    found = pixelwise.Comparison.model_validate_json(scores.read_text(encoding="utf-8"))
    assert (found.compares, found.n_images, found.sides[0].name) == ("models", 12, "one")
    pair = found.pairs[0]
    assert pair.sentence in printed
    assert f"{abs(pair.difference.value):.4f}" in printed
    text = page.read_text(encoding="utf-8")
    Checker().check(text)
    assert pair.sentence in text
    assert f"{abs(pair.difference.value):.4f}" in text
    assert text.count('<use class="stroke reference-line"') == 6
    shown = re.findall(r'<bdi class="name strong">([^<]+)</bdi>', text)
    assert shown == list(pair.differ_most[:6])
    assert "There are no pictures" not in text


@pytest.mark.parametrize("task", ["instance", "pose"])
def test_objects_and_people_are_drawn_as_the_model_that_never_saw_them_has_it(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of folds; people one to a picture are cut out, as they were when they were scored."""
    if task == "pose":
        folder = write_figures(tmp_path / "data", 12, size=(64, 96), most=1)
    else:
        folder = write_scenes(tmp_path / "data", 12, size=(64, 64), stuff=False)
    settings = {"model.encoder": "plain-tiny", "train.precision": "32-true", "scale.size": [64, 96]}
    run = pixelwise.train(
        folder, tmp_path / "one", task=task, folds=2, epochs=1, settings=settings, compared=False
    ).folder
    other = Path(shutil.copytree(run, tmp_path / "other"))
    differing(run).write(other / "metrics.json")
    compared = pixelwise.compare([run, other], data=folder)
    layout = ["--layout", "coco_keypoints"] if task == "pose" else []
    words = ["pixelwise", "compare", str(run), str(other), "--data", str(folder), *layout]
    assert shlex.split(compared.command) == words, "the task follows from the runs"
    assert compared.without == ""
    [pictures] = compared.pictures
    assert len(pictures) == 6
    for shown in pictures:
        assert isinstance(shown, Beside)
        np.testing.assert_array_equal(shown.one, drawn_by_its_own(run, task, folder, shown.name))
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as caught:
        main([*words[1:], "--page", str(page)])
    assert caught.value.code == 0, capsys.readouterr().err
    Checker().check(page.read_text(encoding="utf-8"))


def differing(run: Path) -> Metrics:
    """The metrics of a run in which every image scores less, or more, by what another computer may make of it."""
    found = read_metrics(run / "metrics.json")
    rows = [
        row.model_copy(
            update={"scores": {**row.scores, found.headline: abs(row.scores[found.headline] - 0.005)}}
        )
        for row in found.images
    ]
    return found.model_copy(update={"images": tuple(rows)})


def drawn_by_its_own(run: Path, task: str, folder: Path, name: str) -> Image:
    ensemble, data = pixelwise.load(run), pixelwise.open_data(folder, task=task)
    assert isinstance(ensemble, Ensemble)
    with (run / "folds.csv").open(newline="", encoding="utf-8") as lines:
        [fold] = [int(row["fold"]) for row in csv.DictReader(lines) if row["name"] == name]
    member = ensemble.members[fold - 1]
    cut = data.where(lambda sample: sample.name == name).cropped(member.preprocessing.scale.crop)
    image, truth = cut.read(cut.samples[0])
    assert image.shape[:2] != (64, 96), "people are cut out, and scenes are square"
    return member.tasks[task].draw(member.viewable(image), member.predict(image)[task], truth)


def test_without_the_images_the_page_says_so(make_run: MakeRun, tmp_path: Path) -> None:
    compared = pixelwise.compare([make_run("one", 1), make_run("two", 2)])
    compared.write_page(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert (
        compared.without
        == "There are no pictures, since the images were not given; name their folder with --data."
    )
    assert unbroken_text(compared.without) in text
    assert 'class="viewer"' not in text


def test_files_of_evaluate_do_as_well(make_run: MakeRun, lesions: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copy(make_run(name, {"one": 1, "two": 2}[name]) / "metrics.json", tmp_path / f"{name}.json")
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    compared = pixelwise.compare(files, data=lesions)
    assert compared.without == "There are no pictures, since no model lies beside the scores of one, two."
    of_runs = pixelwise.compare([make_run("one", 1), make_run("two", 2)]).result
    assert compared.result.pairs == of_runs.pairs


def test_the_reference_is_the_first_or_the_one_named(make_run: MakeRun) -> None:
    one, two, three = (make_run(name, seed) for name, seed in (("one", 1), ("two", 2), ("three", 3)))
    first = pixelwise.compare([one, two, three]).result
    assert [(pair.name, pair.reference) for pair in first.pairs] == [("two", "one"), ("three", "one")]
    other = pixelwise.compare([one, two], against=[three]).result
    assert [(pair.name, pair.reference) for pair in other.pairs] == [("one", "three"), ("two", "three")]


def test_recipes_by_hand_and_by_their_settings_are_the_same(
    two_recipes: tuple[Sequence[Path], Sequence[Path]], tmp_path: Path, lesions: Path
) -> None:
    fast, slow = two_recipes
    by_hand = pixelwise.compare(slow, against=fast, recipes=True, data=lesions)
    itself = pixelwise.compare([fast[0], slow[0], *fast[1:], *slow[1:]], recipes=True)
    assert by_hand.result.pairs == itself.result.pairs
    assert [side.name for side in itself.result.sides] == ["fast", "slow"]
    assert "Recipes differ in train.learning_rate (0.002 in fast, 0.001 in slow)." in by_hand.result.remarks
    assert by_hand.result.notes == itself.result.notes
    assert "--recipe" in by_hand.command
    by_hand.write_page(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert "3 seeds of <bdi>fast</bdi> and 3 seeds of <bdi>slow</bdi>" in text
    middle = sorted(fast, key=lambda run: score_of(run, by_hand.pictures[0][0].name))[1]
    assert by_hand.pictures[0][0].runs[1] == middle.name


def score_of(run: Path, image: str) -> float:
    rows = find_runs([run])[0].metrics.images
    return next(row.scores["dice"] for row in rows if row.name == image)


def test_runs_that_are_not_of_one_recipe_are_told(
    two_recipes: tuple[Sequence[Path], Sequence[Path]], make_run: MakeRun
) -> None:
    fast, slow = two_recipes
    mixed = [*slow[:2], make_run("slower-seed2", 2, 5e-4)]
    found = pixelwise.compare(mixed, against=fast, recipes=True).result
    assert "not of one recipe: they differ in train.learning_rate" in found.notes[0]


def test_names_of_groups(make_run: MakeRun) -> None:
    runs = {name: find_runs([make_run(name, 1)])[0] for name in ("glass-1", "glass-2", "x", "y")}
    groups = named([[runs["glass-1"], runs["glass-2"]], [runs["x"], runs["x"]]])
    assert [group.name for group in groups] == ["glass", "x"]
    assert [group.name for group in named([[runs["x"], runs["y"]], [runs["glass-1"]]])] == [
        "x and 1 more",
        "glass-1 and 0 more",
    ]


def test_mistakes_get_a_sentence(
    two_recipes: tuple[list[Path], list[Path]],
    make_run: MakeRun,
    lesions: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    fast, slow = two_recipes
    one, two = make_run("one", 1), make_run("two", 2)
    shutil.copy(one / "metrics.json", tmp_path / "bare.json")
    others = write_lesions(tmp_path / "others", 12, seed=6, size=(96, 128))
    again = shutil.copytree(fast[0], tmp_path / "again")
    wrong: list[tuple[list[object], str]] = [
        ([one], "one run alone cannot be compared"),
        ([one, one / "model.safetensors"], "is given twice"),
        ([one, tmp_path / "nowhere"], "nowhere does not exist; give the folder of a finished run"),
        ([one, lesions], "holds no metrics.json"),
        ([one, lesions / "splits.csv"], "not a metrics.json"),
        ([one, "--against", two, fast[0]], "give one run with --against, or compare recipes with --recipe"),
        (["--recipe", *fast[:2], "--against", *slow], "has 2 runs, and a recipe needs 3 or more"),
        (["--recipe", *fast, *slow[:1]], "has 1 run, and a recipe needs 3 or more"),
        (["--recipe", *fast], "all of these runs are of one recipe"),
        (["--recipe", *fast, tmp_path / "bare.json"], "bare has no recipe.toml"),
        (["--recipe", *fast[:2], again, "--against", *slow], "are both of the seed 0"),
        ([one, two, "--data", others], "but its metrics say"),
        ([one, two, "--page", "no/such/page.html"], "is not a folder"),
        ([one, "--against"], "--against"),
    ]
    for arguments, says in wrong:
        assert says in fails(capsys, *arguments), arguments
    assert not (tmp_path / "compare.html").exists()


def test_runs_without_recipes_are_told_apart_by_their_scores(
    two_recipes: tuple[list[Path], list[Path]], tmp_path: Path
) -> None:
    copies = [Path(shutil.copy(two_recipes[0][0] / "metrics.json", tmp_path / f"{n}.json")) for n in range(3)]
    with pytest.raises(PixelwiseError, match="0 and 1 have the same scores on every image"):
        pixelwise.compare(copies, against=two_recipes[1], recipes=True)


def test_an_option_takes_several_words() -> None:
    words = ["a", "--against", "b", "c", "--page", "p", "d", "--against=e", "f"]
    expected = "a --against b --against c --page p d --against=e f"
    assert repeated(words, "--against") == expected.split()
    assert repeated(["a", "--against"], "--against") == ["a", "--against"]


def test_groups_are_in_the_order_of_their_first_runs(
    two_recipes: tuple[list[Path], list[Path]],
) -> None:
    fast, slow = two_recipes
    groups = by_recipe(find_runs([slow[1], fast[0], slow[0]]))
    assert [[run.name for run in group.runs] for group in groups] == [
        ["slow-seed1", "slow-seed0"],
        ["fast-seed0"],
    ]

"""Training as a whole, from Python."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelwise
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, RecipeError
from pixelwise.recipe import Augment, Model, Recipe, Scale, Train
from pixelwise.report.words import cautions
from pixelwise.training import Step
from pixelwise.workflows.listener import Listener

QUICK = Recipe(
    scale=Scale(size=(64, 96)),
    model=Model(encoder="plain-tiny", pretrained=False),
    train=Train(epochs=2, precision="32-true"),
)


class Heard(Listener):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[Step] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def step(self, step: Step) -> None:
        self.steps.append(step)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("data") / "lesions", 12, seed=0, size=(96, 128))


@pytest.fixture
def lesions(drawn: Path, tmp_path: Path) -> Path:
    """A copy of one's own, to be changed."""
    return shutil.copytree(drawn, tmp_path / "lesions")


def test_the_names_that_are_promised() -> None:
    assert set(pixelwise.__all__) == set(dir(pixelwise))
    assert all(getattr(pixelwise, name) is not None for name in pixelwise.__all__)
    # A package of the name of a function would replace it once it is imported.
    folders = {path.stem for path in Path(pixelwise.__file__).parent.iterdir()}
    assert folders & set(pixelwise.__all__) == set()


def test_without_splits_they_are_drawn_and_written(lesions: Path, tmp_path: Path) -> None:
    (lesions / "splits.csv").unlink()
    heard = Heard()
    run = pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, listener=heard, compared=False)
    assert any("drawn at random" in line for line in heard.lines)
    again = pixelwise.open_data(lesions, splits=tmp_path / "run" / "splits.csv")
    assert [len(again.split(name)) for name in ("train", "val", "test")] == [8, 2, 2]
    assert run.metrics.n_images == 2


def test_drawn_splits_hint_at_folders_that_they_tear_apart(lesions: Path, tmp_path: Path) -> None:
    (lesions / "splits.csv").unlink()
    for kind in ("images", "masks"):
        for number, path in enumerate(sorted((lesions / kind).iterdir())):
            folder = lesions / kind / f"patient {number % 4}"
            folder.mkdir(exist_ok=True)
            path.rename(folder / path.name)
    for by, hinted in ((None, True), ("folder", False)):
        heard = Heard()
        data = pixelwise.open_data(lesions, group_by=by)
        pixelwise.train(data, tmp_path / f"run {by}", recipe=QUICK, listener=heard, compared=False)
        assert any("--group-by folder keeps them together" in line for line in heard.lines) == hinted


def test_given_splits_that_leak_by_names_are_noted_with_the_scores(lesions: Path, tmp_path: Path) -> None:
    rows = []
    for index in range(12):
        name = f"patient{index // 3:02}_slice{index % 3}"
        for kind in ("images", "masks"):
            (lesions / kind / f"lesion_{index:04}.png").rename(lesions / kind / f"{name}.png")
        rows.append(f"{name},{('train', 'val', 'test')[index % 3]}")
    (lesions / "splits.csv").write_text("\n".join(["name,split", *rows]) + "\n")
    notes = pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, compared=False).metrics.notes
    [note] = [one for one in notes if one.startswith("By their names, images in different splits")]
    assert "such as images/patient00_slice0.png and images/patient00_slice1.png" in note


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"network": "segnot"}, "segnot"),
        ({"settings": {"train.batchsize": 8}}, r"there is no setting 'train.batchsize' \(train.batch_size"),
        ({"settings": {"trian.batch_size": 8}}, "there is no setting 'trian"),
        ({"settings": {"train.batch_size": -1}}, "'train.batch_size' should be"),
        ({"settings": {"model.encoder": "vgg17"}}, "there is no encoder 'vgg17'"),
    ],
)
def test_words_that_no_recipe_knows_are_refused_before_anything_is_read(
    words: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=said):
        pixelwise.train(tmp_path / "absent", tmp_path / "run", **words)


def test_settings_that_depend_on_what_is_planned_wait_for_it(tmp_path: Path) -> None:
    for settings in ({"values.minimum": 1000.0}, {"train.budget_seconds": 60}, {"model.decoder": "segnet"}):
        with pytest.raises(DataError, match="absent"):
            pixelwise.train(tmp_path / "absent", tmp_path / "run", settings=settings)


@pytest.mark.parametrize(
    "twice", [{"budget": "5m", "epochs": 3}, {"epochs": 1, "settings": {"train.epochs": 3}}]
)
def test_two_lengths_are_refused_before_anything_is_read(twice: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"not both|length once"):
        pixelwise.train(tmp_path / "no such folder", tmp_path / "run", **twice)


@pytest.mark.parametrize(("patients", "expected"), [(3, {"train", "val", "test"}), (2, {"train", "test"})])
def test_a_few_patients_are_shared_out(
    lesions: Path, tmp_path: Path, patients: int, expected: set[str]
) -> None:
    data = pixelwise.open_data(lesions)
    samples = tuple(
        replace(sample, split=None, tags={"patient": str(i % patients)})
        for i, sample in enumerate(data.samples)
    )
    pixelwise.train(
        replace(data, samples=samples, group="patient"), tmp_path / "run", recipe=QUICK, compared=False
    )
    again = pixelwise.open_data(lesions, splits=tmp_path / "run" / "splits.csv")
    assert {sample.split for sample in again.samples} == expected


def test_without_validation_images_some_are_kept_from_training(lesions: Path, tmp_path: Path) -> None:
    data = pixelwise.open_data(lesions)
    data = data.with_splits({s.name: "test" if s.split == "test" else "train" for s in data.samples})
    heard = Heard()
    pixelwise.train(data, tmp_path / "run", recipe=QUICK, listener=heard, compared=False)
    assert any("kept for validation" in line for line in heard.lines)
    again = pixelwise.open_data(lesions, splits=tmp_path / "run" / "splits.csv")
    assert len(again.split("val")) >= 1
    assert {s.name for s in again.split("test").samples} == {s.name for s in data.split("test").samples}


@pytest.mark.parametrize(("kept", "scored"), [({"train", "val"}, "val"), ({"train", "test"}, "test")])
def test_scores_say_what_they_are_of(lesions: Path, tmp_path: Path, kept: set[str], scored: str) -> None:
    data = pixelwise.open_data(lesions).where(lambda sample: sample.split in kept)
    metrics = pixelwise.train(data, tmp_path / "run", recipe=QUICK, compared=False).metrics
    assert metrics.split == scored
    assert bool(metrics.notes) == (scored != "test")
    about = [one for one in cautions(metrics) if "test split" in one or "validation images" in one]
    assert len(about) == (scored != "test"), "the report says it once"
    assert all("weights and settings were chosen" in one for one in about)


def test_validation_images_without_a_score_are_not_said_to_choose(lesions: Path, tmp_path: Path) -> None:
    for sample in pixelwise.open_data(lesions).samples:
        values = np.asarray(PIL.Image.open(sample.labels["mask"])) > 0
        ids = np.full(values.shape, 255, np.uint8) if sample.split == "val" else values.astype(np.uint8)
        PIL.Image.fromarray(ids).save(sample.labels["mask"])
    heard, labelled = Heard(), pixelwise.open_data(lesions, ignore=255)
    data = labelled.where(lambda sample: sample.split in {"train", "val"})
    metrics = pixelwise.train(data, tmp_path / "run", recipe=QUICK, compared=False, listener=heard).metrics
    assert "Weights: the final average (nothing was validated)." in heard.lines
    assert metrics.split == "val"
    assert not any("chose the weights" in note or "were chosen" in note for note in metrics.notes)
    assert any("They chose no weights" in note for note in metrics.notes)
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Weights are chosen on validation images" not in report
    assert "Nothing was validated" in report
    assert "chosen on" not in report
    assert "chosen and tuned on" not in report


def test_a_single_image_trains_and_says_what_its_score_is_worth(lesions: Path, tmp_path: Path) -> None:
    data = pixelwise.open_data(lesions).split("train")
    data = data.where(lambda sample: sample.name == data.samples[0].name)
    metrics = pixelwise.train(data, tmp_path / "run", recipe=QUICK, compared=False).metrics
    assert metrics.n_images == 1
    assert "training images" in metrics.notes[0]
    assert sum("training images" in one or "trained on" in one for one in cautions(metrics)) == 1


@pytest.mark.slow
def test_a_batch_must_leave_batch_normalisation_two_values(lesions: Path, tmp_path: Path) -> None:
    def recipe(width: int, batch_size: int) -> Recipe:
        train = Train(epochs=1, precision="32-true", batch_size=batch_size)
        return QUICK.model_copy(update={"scale": Scale(size=(32, width)), "train": train})

    with pytest.raises(
        RecipeError, match=r"of one image of 32×32 pixels .* set train.batch_size to 2 or more"
    ):
        pixelwise.train(lesions, tmp_path / "run", recipe=recipe(32, 1))
    assert not (tmp_path / "run").exists()
    pixelwise.train(lesions, tmp_path / "wide", recipe=recipe(64, 1), compared=False)
    pixelwise.train(lesions, tmp_path / "two", recipe=recipe(32, 2), compared=False)


def test_training_uses_no_test_image(lesions: Path, tmp_path: Path) -> None:
    """Other pixels and masks in the test split leave the weights as they are."""
    first = (
        pixelwise.train(lesions, tmp_path / "one", recipe=QUICK, compared=False).folder / "model.safetensors"
    )
    data = pixelwise.open_data(lesions)
    others = write_lesions(tmp_path / "others", 12, seed=9, size=(96, 128))
    for sample in data.split("test").samples:
        for folder in ("images", "masks"):
            source = others / folder / f"{sample.name}.png"
            (lesions / folder / f"{sample.name}.png").write_bytes(source.read_bytes())
    second = (
        pixelwise.train(lesions, tmp_path / "two", recipe=QUICK, compared=False).folder / "model.safetensors"
    )
    one, two = pixelwise.load(first), pixelwise.load(second)
    weights = two.network.state_dict()
    assert all(tensor.equal(weights[name]) for name, tensor in one.network.state_dict().items())
    assert one.settings == two.settings


def test_progress_is_told(lesions: Path, tmp_path: Path) -> None:
    heard = Heard()
    pixelwise.train(lesions, tmp_path / "run", recipe=QUICK, listener=heard, compared=False)
    shares = [step.progress for step in heard.steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert heard.lines[0].startswith("Data: 12 images (paired): 7 train")


@pytest.mark.slow
def test_the_default_model_repeats_itself_to_the_bit(lesions: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        scale=Scale(size=(96, 128)),
        augment=Augment(vflip=0.5, rotate=180.0),
        train=Train(epochs=2, precision="bf16-mixed"),
    )
    for name in ("one", "two"):
        pixelwise.train(lesions, tmp_path / name, recipe=recipe, compared=False)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two

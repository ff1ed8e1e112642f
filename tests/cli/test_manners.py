"""Mistakes of a person: one sentence with the file and what to do, exit status 2, nothing half-written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from tests.networks import TINY, tiny_predictor
from tests.prediction.test_predictor import saved

from pixelwise.cli.console import Console
from pixelwise.cli.main import main
from pixelwise.data.synthetic import write_lesions
from pixelwise.evaluation import evaluate
from pixelwise.recipe import Train
from pixelwise.workflows.data import open_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_lesions(tmp_path / "data", 6, seed=1, size=(48, 64))


def no_pairs(data: Path) -> None:
    for path in (data / "masks").iterdir():
        path.unlink()
    (data / "splits.csv").unlink()


def image_without_mask(data: Path) -> None:
    (data / "masks" / "lesion_0002.png").unlink()


def mask_without_image(data: Path) -> None:
    (data / "images" / "lesion_0002.png").unlink()


def sizes_differ(data: Path) -> None:
    PIL.Image.new("L", (64, 47)).save(data / "masks" / "lesion_0003.png")


def not_an_image(data: Path) -> None:
    (data / "images" / "lesion_0004.png").write_text("no picture")


def empty_file(data: Path) -> None:
    (data / "images" / "lesion_0004.png").write_bytes(b"")


def cut_short(data: Path) -> None:
    path = data / "images" / "lesion_0005.png"
    path.write_bytes(path.read_bytes()[:-2000])


def smoothed_mask(data: Path) -> None:
    path = data / "masks" / "lesion_0001.png"
    PIL.Image.open(path).resize((32, 24)).resize((64, 48), PIL.Image.Resampling.BILINEAR).save(path)


def unknown_name(data: Path) -> None:
    with (data / "splits.csv").open("a") as lines:
        lines.write("lesion_9999,common,train\n")


def nothing_to_train(data: Path) -> None:
    text = (data / "splits.csv").read_text()
    (data / "splits.csv").write_text(re.sub("train|val", "test", text))


FAULTS: list[tuple[Callable[[Path], None], str]] = [
    (no_pairs, "holds no image with a mask"),
    (image_without_mask, r"images/lesion_0002\.png in .*data: The image has no mask\. Add a mask"),
    (mask_without_image, r"masks/lesion_0002\.png in .*data: The mask has no image\."),
    (
        sizes_differ,
        r"· masks/lesion_0003\.png in .*: Image and mask differ in size\. The image is 64 × 48, the mask 64 × 47\.",
    ),
    (not_an_image, r"lesion_0004\.png in .*: The file is not the picture that its name promises\."),
    (empty_file, r"lesion_0004\.png in .*: The file holds no bytes\."),
    (cut_short, r"lesion_0005\.png in .*: The file is damaged or cut short\."),
    (smoothed_mask, r"lesion_0001\.png in .*: The mask has values in between along its edges"),
    (unknown_name, r"splits\.csv in .*data: A line of .* Line 8: there is no image named 'lesion_9999'"),
    (nothing_to_train, "no training images"),
]


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run the command, expect status 2 and one sentence; returns the sentence."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert error.rstrip().endswith(".")
    return error


@pytest.mark.parametrize(("fault", "sentence"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_faulty_data(
    capsys: pytest.CaptureFixture[str], data: Path, fault: Callable[[Path], None], sentence: str
) -> None:
    fault(data)
    out = data.parent / "run"
    error = fails(capsys, "train", data, "--out", out, "--epochs", 1)
    assert re.search(sentence, error), error
    assert not out.exists()


def test_a_taken_folder_is_refused_and_kept(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "metrics.json").write_text("precious")
    assert "already holds a run" in fails(capsys, "train", data, "--out", out)
    assert (out / "metrics.json").read_text() == "precious"
    lists = tmp_path / "lists"
    lists.mkdir()
    shutil.copy(data / "splits.csv", lists)
    assert "lists holds splits.csv, which a run would replace" in fails(capsys, "train", data, "--out", lists)
    (tmp_path / "file").write_text("precious")
    assert "is a file" in fails(capsys, "train", data, "--out", tmp_path / "file")


def test_a_failed_run_leaves_other_files_in_its_folder(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    cut_short(data)
    out = data.parent / "out"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    fails(capsys, "train", data, "--out", out, "--epochs", 1)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--budget", "soon"], "'soon' is no length of time"),
        (["--budget", "0s"], "leaves no time"),
        (["--budget", "5m", "--epochs", "3"], "not both"),
        (["--splits", "nowhere.csv"], "nowhere.csv does not exist"),
        (["--recipe", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["--layout", "heap"], "no layout 'heap'"),
    ],
)
def test_wrong_options(
    capsys: pytest.CaptureFixture[str], data: Path, arguments: list[str], sentence: str
) -> None:
    assert sentence in fails(capsys, "train", data, "--out", data.parent / "run", *arguments)
    assert not (data.parent / "run").exists()


def test_no_such_folder_and_no_known_layout(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "is not a folder" in fails(capsys, "train", tmp_path / "no", "--out", tmp_path / "run")
    (tmp_path / "empty").mkdir()
    assert "images" in fails(capsys, "train", tmp_path / "empty", "--out", tmp_path / "run")


def test_no_model(capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path) -> None:
    assert "does not exist" in fails(capsys, "evaluate", tmp_path / "no.safetensors", data)
    (tmp_path / "text.safetensors").write_text("no model")
    assert "no model file" in fails(
        capsys, "predict", tmp_path / "text.safetensors", data, "--out", tmp_path / "out"
    )
    assert not (tmp_path / "out").exists()


def test_a_hidden_fault_in_the_test_split_is_found_before_training(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    shutil.copy(data / "splits.csv", data / "old.csv")
    names = [f"lesion_{i:04}" for i in range(6)]
    rows = [f"{name},{'test' if name == 'lesion_0005' else 'train'}" for name in names]
    (data / "splits.csv").write_text("\n".join(["name,split", *rows]) + "\n")
    cut_short(data)
    assert "lesion_0005.png" in fails(capsys, "train", data, "--out", data.parent / "run", "--budget", "10h")


@pytest.fixture
def model(data: Path) -> Path:
    return saved(tiny_predictor(), data.parent / "model.safetensors")


def predicts(capsys: pytest.CaptureFixture[str], status: int, *arguments: object) -> tuple[str, str]:
    """Run predict, expect an exit status; returns what it printed on both streams."""
    with pytest.raises(SystemExit) as caught:
        main(["predict", *map(str, arguments)])
    assert caught.value.code == status
    said = capsys.readouterr()
    return said.out, said.err


def test_what_is_no_image_keeps_no_other_from_being_predicted(
    capsys: pytest.CaptureFixture[str], data: Path, model: Path
) -> None:
    not_an_image(data)
    cut = data / "images" / "lesion_0005.png"
    cut.write_bytes(cut.read_bytes()[:-600])  # its header is whole
    out = data.parent / "out"
    said, refused = predicts(capsys, 1, model, data / "images", "--out", out)
    assert "4 images predicted" in said
    assert [line.split(" is ")[0] for line in refused.splitlines() if "0004" in line] == [
        f"Not predicted: {data / 'images' / 'lesion_0004.png'}"
    ]
    assert "lesion_0005.png cannot be read" in refused
    assert {path.stem for path in out.glob("*.json")} == {f"lesion_{index:04}" for index in range(4)}
    error = fails(
        capsys, "predict", model, data / "images" / "lesion_0004.png", "--out", data.parent / "none"
    )
    assert "lesion_0004.png is not an image" in error
    assert not (data.parent / "none").exists()


def test_folders_are_entered_and_their_masks_and_results_left_out(
    capsys: pytest.CaptureFixture[str], data: Path, model: Path
) -> None:
    photos, out = data.parent / "photos", data.parent / "photos" / "results"
    for patient in ("p1", "p2"):  # the same names in two folders
        shutil.copytree(data / "images", photos / patient / "images")
        shutil.copytree(data / "masks", photos / patient / "masks")
    shutil.copy(data / "masks" / "lesion_0001.png", photos / "p1" / "images" / "lesion_0001_mask.png")
    said, _ = predicts(capsys, 0, model, photos, "--out", out)
    assert "12 images predicted" in said
    assert "as masks: 13." in said
    assert (out / "p2" / "images" / "lesion_0003_mask.png").is_file()
    # Results are passed over, in the folder of results and, once moved, anywhere else.
    assert "12 images predicted" in predicts(capsys, 0, model, photos, "--out", out, "--overwrite")[0]
    for path in (out / "p1" / "images").iterdir():
        shutil.move(path, photos / "p1" / path.name)
    said, _ = predicts(capsys, 0, model, photos, "--out", data.parent / "again")
    assert "12 images predicted" in said
    assert "as results of earlier predictions: 36." in said  # 18 of them still below the folder of then
    # Results may as well go to a folder above.
    assert (
        "6 images predicted" in predicts(capsys, 0, model, photos / "p2" / "images", "--out", data.parent)[0]
    )
    here = photos / "p1" / "lesion_0000_overlay.png"
    assert "1 image predicted" in predicts(capsys, 0, model, here, "--out", data.parent / "named")[0]
    (data.parent / "empty").mkdir()
    assert "empty holds no images" in fails(
        capsys, "predict", model, photos, data.parent / "empty", "--out", data.parent / "none"
    )


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="this system has no folder that nobody can write to"
)
def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in (
        ("train", "absent", "--out", "/proc/run"),
        ("check", "absent", "--page", "/proc/check.html"),
    ):
        assert re.search(r"/proc\S* cannot be written \(.+\); choose another folder", fails(capsys, *words))


def test_films_are_told_how_to_become_images(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    film = tmp_path / "films" / "dance 1.MP4"
    film.parent.mkdir()
    film.write_bytes(b"\0\0\0\x18ftypmp42")
    for path, said in (
        (film, "is not an image that can be read"),
        (film.parent, "holds no images but films"),
    ):
        error = fails(capsys, "predict", model, path, "--out", tmp_path / "out")
        assert (
            f'{path} {said}; write its frames into a folder, with ffmpeg -i "dance 1.MP4" frames/%05d.png'
            in error
        )


def test_predict_leaves_labelled_images_alone(
    capsys: pytest.CaptureFixture[str], data: Path, model: Path
) -> None:
    image, before = data / "images" / "lesion_0000.png", sorted(data.rglob("*"))
    assert "holds images that have masks" in fails(capsys, "predict", model, image, "--out", data / "images")
    assert sorted(data.rglob("*")) == before


def test_predict_replaces_no_file_of_the_person(
    capsys: pytest.CaptureFixture[str], data: Path, model: Path
) -> None:
    here, out = data.parent / "photos", data.parent / "out"
    shutil.copytree(data / "images", here)
    image, other = here / "lesion_0000.png", here / "lesion_0000_mask.png"
    out.mkdir()
    (out / "lesion_0000_mask.png").write_text("precious")
    assert "exists already" in fails(capsys, "predict", model, image, "--out", out)
    assert (out / "lesion_0000_mask.png").read_text() == "precious"
    shutil.copy(image, other)
    assert "would be replaced" in fails(capsys, "predict", model, image, other, "--out", here, "--overwrite")
    # A file that no result is named like is in nobody's way.
    shutil.copy(image, here / "lesion_0000_2.png")
    other.unlink()
    predicts(capsys, 0, model, image, "--out", here)


def test_two_images_of_one_name_in_two_folders(
    capsys: pytest.CaptureFixture[str], data: Path, model: Path
) -> None:
    other = data.parent / "other"
    shutil.copytree(data / "images", other)
    error = fails(capsys, "predict", model, data / "images", other, "--out", data.parent / "out")
    assert (
        f"{data / 'images' / 'lesion_0000.png'} and {other / 'lesion_0000.png'} have the same name" in error
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train",), "missing argument 'DATA'; see pixelwise train --help."),
        (("train", "x", "--out", "y", "--epochs", "0"), "invalid value for '--epochs'"),
        (("trian",), "no such command 'trian'. Did you mean 'train'? See pixelwise --help."),
        (("check", "x", "--foo"), "no such option: --foo"),
        (
            ("evaluate", "run", "x", "--task", "pose"),
            "Error: a model knows what it was trained for; leave out --task.\n",
        ),
        (("predict", "run", "x.png", "--task=pose"), "leave out --task.\n"),
        (("compare", "run1", "run2", "--task", "pose"), "leave out --task.\n"),
        (
            ("evaluate", "x", "y", "--split", "tset"),
            "invalid value for '--split': 'tset' is not one of 'all',",
        ),
    ],
)
def test_words_that_no_command_knows(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert said in fails(capsys, *words)


def test_help_is_whole_in_a_terminal_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["-h"])
    shown = capsys.readouterr().out
    assert "..." not in shown.partition("Commands:")[2], "what a command does is cut short"
    commands = [line.split()[0] for line in shown.partition("Commands:")[2].splitlines() if line.strip()]
    assert commands[:3] == ["check", "plan", "train"]
    for command in commands:
        with pytest.raises(SystemExit, match=r"^0$"):
            main([command, "--help"])
        shown = capsys.readouterr().out
        assert max(map(len, shown.splitlines())) <= 80
        assert "--help" in shown
        assert "<int range>" not in shown


def test_files_of_the_person_are_not_replaced(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    page, scores = tmp_path / "thesis.html", tmp_path / "settings.json"
    page.write_text("<title>My thesis</title>")
    scores.write_text("{}")
    assert "thesis.html is not a file of Pixelwise" in fails(capsys, "check", data, "--page", page)
    assert "settings.json is not" in fails(
        capsys, "check", data, "--page", tmp_path / "new.html", "--json", scores
    )
    assert page.read_text() == "<title>My thesis</title>"
    for _ in range(2):  # the second replaces the first's
        with pytest.raises(SystemExit):
            main(["check", str(data), "--page", str(tmp_path / "a.html"), "--json", str(tmp_path / "a.json")])
    assert "is a folder of pictures" in fails(capsys, "train", data, "--out", data / "images")
    # Its splits.csv would be that of the images from then on.
    assert "is a folder of images and masks" in fails(capsys, "train", data, "--out", data)
    assert "is a folder of images and masks" in fails(capsys, "baseline", data, "--out", data)
    assert f"{data} is a folder; give a CSV file." in fails(
        capsys, "train", data, "--out", "x", "--splits", data
    )


def test_a_list_of_another_name_is_pointed_to(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    (folder / "a").mkdir(parents=True)
    PIL.Image.new("RGB", (32, 32)).save(folder / "a" / "1.png")
    (folder / "list of scans.csv").write_text("image,mask\na/1.png,b/1.png\n")
    assert "give the list itself: " in fails(capsys, "check", folder, "--page", tmp_path / "check.html")


@pytest.mark.parametrize("command", ["check", "train"])
def test_a_list_whose_paths_start_elsewhere_says_so(
    capsys: pytest.CaptureFixture[str], data: Path, command: str
) -> None:
    (data / "lists").mkdir()
    listed = data / "lists" / "wrong.csv"
    listed.write_text("image,mask\nimages/lesion_0001.png,masks/lesion_0001.png\n")
    options = ("--out", data.parent / "run") if command == "train" else ("--page", data.parent / "check.html")
    said = fails(capsys, command, listed, *options)
    assert "line 2: " in said
    assert "does not exist; paths start at the folder of the CSV." in said


def test_a_name_that_no_disk_takes(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert "cannot be used" in fails(capsys, "train", data, "--out", data.parent / ("ก" * 90), "--epochs", 1)


def test_a_recipe_that_diverges_is_stopped(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    recipe = data.parent / "recipe.toml"
    train = Train(epochs=30, learning_rate=1e30, precision="32-true")
    TINY.model_copy(update={"train": train}).write(recipe)
    error = fails(capsys, "train", data, "--out", data.parent / "run", "--recipe", recipe)
    assert "lower train.learning_rate" in error
    assert not (data.parent / "run").exists()


def test_long_words_take_no_room_from_scores(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    opened = open_data(data)
    samples = tuple(replace(sample, tags={"site": "x" * 36}) for sample in opened.samples)
    metrics = evaluate(tiny_predictor(), replace(opened, samples=samples), "all")
    Console().print_metrics(metrics)
    said = capsys.readouterr().out
    assert "images" in said
    assert "…" not in said
    dice = metrics.scores["dice"]  # of all images, and of those with the tag
    assert "{:.3f} ({:.3f}–{:.3f})".format(dice.mean, *dice.ci95) in said
    assert said.count("({:.3f}–{:.3f})".format(*dice.ci95)) >= 2
    assert said.count("x") >= 36


@pytest.mark.parametrize(
    "takes", [lambda *_: np.ones(1 << 60, np.uint8), lambda *_: torch.empty(1 << 60, dtype=torch.uint8)]
)
def test_want_of_memory_is_a_sentence(
    takes: Callable[..., object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelwise.workflows.explain.explain", takes)
    with pytest.raises(SystemExit) as ended:
        main(["explain", "unet"])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (2, 1)
    assert "lower train.batch_size or scale.size" in said
    monkeypatch.setattr("pixelwise.workflows.explain.explain", lambda *_: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):  # is a fault of ours, and to be seen
        main(["explain", "unet"])

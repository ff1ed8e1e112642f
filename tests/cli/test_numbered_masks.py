"""Plain folders of images and masks that number objects, as StarDist and Cellpose have them, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.cli.conftest import Pixelwise

from pixelwise.workflows.data import open_data

UNSURE = 99


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Four images with 30 squares of 8 × 8 pixels each, and a row of squares that nobody was sure of."""
    noise = np.random.default_rng(0)
    squares = np.kron(np.arange(1, 31).reshape(5, 6), np.pad(np.ones((8, 8), int), 4))
    ids = np.vstack([squares, np.kron(np.full((1, 6), UNSURE), np.pad(np.ones((8, 8), int), 4))])
    for folder in ("images", "masks"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for name in range(4):
        image = noise.integers(0, 256, (*ids.shape, 3), np.uint8)
        PIL.Image.fromarray(image).save(tmp_path / f"data/images/{name}.png")
        PIL.Image.fromarray(ids.astype(np.uint16)).save(tmp_path / f"data/masks/{name}.png")
    return tmp_path / "data"


def test_they_are_converted_with_the_options_of_training(
    pixelwise: Pixelwise, numbered: Path, tmp_path: Path
) -> None:
    (tmp_path / "names.csv").write_text("name,value\nbackground,0\nnucleus,1\n")
    options = ("--task", "instance", "--legend", tmp_path / "names.csv", "--ignore", UNSURE)
    done = pixelwise("convert", numbered, tmp_path / "out", "--to", "coco", *options)
    assert done.returncode == 0, done.stderr
    assert "Regions that nobody labelled: 4; left out" in done.stdout + done.stderr
    assert "4 images with 120 objects" in done.stdout
    written = json.loads((tmp_path / "out/annotations/instances.json").read_text())
    assert [one["name"] for one in written["categories"]] == ["nucleus"]
    assert {one["area"] for one in written["annotations"]} == {64}


def test_they_are_checked_and_mended_as_objects(pixelwise: Pixelwise, numbered: Path, tmp_path: Path) -> None:
    page = ("--page", tmp_path / "check.html", "--json", tmp_path / "check.json")
    options = ("--task", "instance", "--ignore", UNSURE, "--fix", tmp_path / "copy")
    done = pixelwise("check", numbered, *page, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "check.json").read_text())["n_objects"] == 120
    copy, data = open_data(tmp_path / "copy"), open_data(numbered, task="instance", ignore=UNSURE)
    assert copy.layout == "instances"
    for one, other in zip(data.samples, copy.samples, strict=True):
        for name, values in data.read(one)[1].maps.items():
            np.testing.assert_array_equal(copy.read(other)[1].maps[name], values)


def test_without_the_task_it_is_named(pixelwise: Pixelwise, numbered: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("background\nnucleus\n")
    for options in ((), ("--legend", tmp_path / "names.txt")):
        done = pixelwise("convert", numbered, tmp_path / "out", "--to", "coco", *options)
        assert done.returncode == 2
        assert "--task instance" in done.stderr
        assert done.stderr.count("\n") == 1
        done = pixelwise("check", numbered, "--page", tmp_path / "check.html", *options)
        assert done.returncode == 1
        assert "give --task instance" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [("check",), ("convert", "out", "--to", "coco")])
def test_a_task_that_there_is_not_is_told_first(
    pixelwise: Pixelwise, tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = pixelwise(command[0], tmp_path / "absent", *command[1:], "--task", "cells")
    assert done.returncode == 2
    assert "there is no task 'cells'" in done.stderr

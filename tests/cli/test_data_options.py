"""DATA as a table, legends and values to ignore, on the command line."""

from __future__ import annotations

import csv
import html
import re
import shlex
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.cli.conftest import Pixelwise

from pixelwise.evaluation import read_metrics

pytestmark = pytest.mark.slow

SKIN, LESION, UNSEEN = (0, 0, 0), (255, 0, 0), (9, 9, 9)


@pytest.fixture
def listed(lesions: Path, tmp_path: Path) -> Path:
    """A CSV of the drawings with masks in colours, a stripe of which nobody labelled; a legend beside it."""
    rows = []
    (tmp_path / "ป้าย").mkdir()
    with (lesions / "splits.csv").open(newline="", encoding="utf-8") as file:
        splits = {row["name"]: row["split"] for row in csv.DictReader(file)}
    for name, split in splits.items():
        with PIL.Image.open(lesions / "masks" / f"{name}.png") as mask:
            colours = np.where(np.asarray(mask)[..., None] > 0, LESION, SKIN).astype(np.uint8)
        colours[:, :5] = UNSEEN
        PIL.Image.fromarray(colours).save(tmp_path / "ป้าย" / f"{name}.png")
        rows.append([lesions / "images" / f"{name}.png", f"ป้าย/{name}.png", f"ใหม่/{name}", split, "A"])
    table = tmp_path / "my list.csv"
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows([["image", "mask", "name", "split", "camera"], *rows])
    (tmp_path / "colours.csv").write_text("name,colour\nbackground,#000000\nlesion,#ff0000\n")
    return table


def test_a_table_with_a_legend_from_training_to_the_command_in_its_report(
    pixelwise: Pixelwise, listed: Path, recipe: Path, tmp_path: Path
) -> None:
    out, legend = tmp_path / "run", tmp_path / "colours.csv"
    options = ("--legend", legend, "--ignore", "#090909")
    done = pixelwise("train", listed, "--out", out, "--recipe", recipe, *options)
    assert done.returncode == 0, done.stderr
    metrics = read_metrics(out / "metrics.json")
    assert set(metrics.tags) == {"camera"}
    assert all(row.name.startswith("ใหม่/lesion_") for row in metrics.images)
    for row in metrics.images:  # what is not labelled is not counted
        assert np.sum(row.counts["semantic"]["overlap"]) == row.size[0] * (row.size[1] - 5)
    report = html.unescape(re.sub(r"</?span[^>]*>", "", (out / "report.html").read_text(encoding="utf-8")))
    found = re.search(r"pixelwise (evaluate .*again\.json)", report)
    assert found
    arguments = shlex.split(found[1])
    assert [str(option) for option in options] == arguments[3:7]
    again = pixelwise(*arguments[:-1], tmp_path / "again.json")
    assert again.returncode == 0, again.stderr
    assert read_metrics(tmp_path / "again.json").scores == metrics.scores


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "The mask is in colours that no legend explains."),
        (("--legend", "absent.csv"), "absent.csv does not exist; check the path given with --legend."),
        (("--legend", "{}"), "The mask holds values that stand for no class. It holds #"),
        (("--legend", "{}", "--ignore", "9"), "--ignore: the colour '9' should be written as #rrggbb"),
        (("--legend", "{}", "--layout", "paired"), "does not hold the folders images and masks"),
    ],
)
def test_mistakes_are_said_before_training(
    pixelwise: Pixelwise, listed: Path, recipe: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    given = [option.format(tmp_path / "colours.csv") for option in options]
    done = pixelwise("train", listed, "--out", tmp_path / "run", "--recipe", recipe, *given)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run" / "model.safetensors").exists()

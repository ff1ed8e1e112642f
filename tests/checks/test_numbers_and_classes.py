"""Pictures of numbers and of classes that contradict each other: said, left out of training, kept out of formats."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.checks.test_objects import of_objects
from tests.workflows.test_convert import Heard

from pixelwise.types import CLASSES, INSTANCES
from pixelwise.workflows.check import check
from pixelwise.workflows.convert import FORMATS, convert
from pixelwise.workflows.data import open_data

SKY, CAT = 1, 2


def scene(root: Path, *, contradicts: bool = True) -> Path:
    """Two images with a cat of 20 × 12 pixels, sky above; in the second another object, and a cat without a number.

    The object, number 7, is of 6 × 10 pixels, of which 40 have the class of the background and 20 that of a cat; the
    cat without a number has 30 pixels, and a crowd of cats without a number 24.
    """
    noise = np.random.default_rng(0)
    for name in ("a", "b"):
        classes, ids, crowd = (np.zeros((48, 64), np.uint8) for _ in range(3))
        classes[:8] = SKY
        classes[12:24, 4:24], ids[12:24, 4:24] = CAT, 3
        classes[40:44, 4:10], crowd[40:44, 4:10] = CAT, 1
        if name == "b" and contradicts:
            ids[30:36, 30:40], classes[30:34, 30:35] = 7, CAT
            classes[40:45, 50:56] = CAT
        _save(root / "images" / f"{name}.png", noise.integers(0, 256, (48, 64, 3), np.uint8))
        for folder, values in (("classes", classes), ("instances", ids), ("crowd", crowd)):
            _save(root / folder / f"{name}.png", values)
    (root / "legend.csv").write_text(
        "name,value,kind\nbackground,0,\nsky,1,stuff\ncat,2,thing\nignore,255,\n"
    )
    return root


def _save(path: Path, values: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(values).save(path)


def test_both_contradictions_are_found_and_mended(tmp_path: Path) -> None:
    checked = check(scene(tmp_path / "data"))
    assert of_objects(checked) == {
        "object-background": ["instances/b.png"],
        "object-unnumbered": ["instances/b.png"],
    }
    said = {one.kind: one.places[0].detail for one in checked.result.findings}
    assert said["object-background"] == "object 7: 60 pixels"
    assert said["object-unnumbered"] == "30 pixels."
    assert checked.result.n_objects == 2  # the cats with a number
    mended = checked.mend(tmp_path / "copy")
    assert (mended.total, mended.changed, mended.left_out) == (2, 1, 0)
    with (tmp_path / "copy/changes.csv").open(newline="", encoding="utf-8") as file:
        why = {row["file"]: row["why"] for row in csv.DictReader(file)}
    assert "An object has the background's class" in why["instances/b.png"]
    assert "Pixels of a class of things have no number" in why["instances/b.png"]
    assert of_objects(check(tmp_path / "copy")) == {}


def test_a_set_that_agrees_has_neither(tmp_path: Path) -> None:
    assert of_objects(check(scene(tmp_path, contradicts=False))) == {}


def test_things_without_a_number_are_not_labelled(tmp_path: Path) -> None:
    dataset = open_data(scene(tmp_path))
    _, label = dataset.read(dataset.samples[1])
    expected = np.zeros((48, 64), np.uint8)
    expected[:8] = SKY
    expected[12:24, 4:24] = CAT
    expected[40:45, 50:56] = expected[40:44, 4:10] = 255
    np.testing.assert_array_equal(label.maps[CLASSES], expected)
    assert set(np.unique(label.maps[INSTANCES]).tolist()) == {0, 1}


@pytest.mark.parametrize("to", FORMATS)
def test_a_number_of_the_background_is_no_stuff_of_a_format(tmp_path: Path, to: str) -> None:
    heard = Heard(tmp_path / "out")
    convert(open_data(scene(tmp_path / "data")), tmp_path / "out", to, heard)
    assert heard.said[0] == (
        "Numbers whose pixels are mostly background: 1; left out, since they are no objects "
        "(pixelwise check names them)."
    )
    if to in {"coco", "yolo", "labelme"}:
        assert any(sentence.startswith("Segments of stuff: 2;") for sentence in heard.said)
    again = open_data(tmp_path / "out")
    cat = again.labels.classes.index("cat")
    areas = [[one.area for one in again.objects(sample) if one.class_id == cat] for sample in again.samples]
    assert areas == [[240], [240]]

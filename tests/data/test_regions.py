"""Objects taken of masks of classes: connected regions, read, converted and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.cli.main import main
from pixelwise.data.layouts.camvid import CLASSES as NAMES
from pixelwise.data.regions import with_regions
from pixelwise.errors import DataError
from pixelwise.types import CLASSES, IGNORE_INDEX, INSTANCES
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data

SKY, ROAD, CAR, PEDESTRIAN = (NAMES.index(name) for name in ("Sky", "Road", "Car", "Pedestrian"))


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A picture as CamVid has them: two cars apart, people of whom two touch at a corner, and what nobody labelled."""
    mask = np.full((20, 30), SKY, np.uint8)
    mask[10:] = ROAD
    mask[12:16, 2:8] = mask[12:16, 20:28] = CAR
    mask[4:10, 10:12] = mask[10:14, 12:14] = mask[5:9, 16:18] = PEDESTRIAN
    mask[:2, :2] = len(NAMES)
    folder = tmp_path / "street"
    for name, values in (("train", np.zeros((20, 30, 3), np.uint8)), ("trainannot", mask)):
        (folder / name).mkdir(parents=True)
        PIL.Image.fromarray(values).save(folder / name / "0001_a.png")
    return folder


def test_each_connected_region_is_an_object_and_the_rest_stuff(street: Path) -> None:
    data = with_regions(open_data(street), ["pedestrian", "Car"])
    assert data.labels.things == (CAR, PEDESTRIAN)
    [sample] = data.samples
    _, label = data.read(sample)
    stored = np.asarray(PIL.Image.open(street / "trainannot" / "0001_a.png"))
    assert (label.class_map == np.where(stored == len(NAMES), IGNORE_INDEX, stored)).all()
    ids, areas = np.unique(label.instance_map, return_counts=True)
    assert sorted(areas[ids > 0].tolist()) == [8, 20, 24, 32]
    assert ((label.instance_map > 0) == np.isin(stored, [CAR, PEDESTRIAN])).all()


def test_converted_they_are_the_same_to_every_command(street: Path, tmp_path: Path) -> None:
    data = with_regions(open_data(street), ["Car", "Pedestrian"])
    convert(data, tmp_path / "objects", "masks")
    again = open_data(tmp_path / "objects")
    assert (again.labels.classes, again.labels.things) == (data.labels.classes, data.labels.things)
    [one], [other] = data.samples, again.samples
    assert other.split == "train"
    before, after = data.read(one)[1].maps, again.read(other)[1].maps
    assert all((before[name] == after[name]).all() for name in (CLASSES, INSTANCES))


def test_a_class_that_is_not_there_is_named(street: Path) -> None:
    with pytest.raises(DataError, match="no class 'lorry' to take objects of; it has Sky"):
        with_regions(open_data(street), ["lorry"])


@pytest.mark.parametrize("things", ["", " , "])
def test_things_without_a_name_are_told_the_classes(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], things: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["convert", str(street), str(tmp_path / "out"), "--to", "masks", "--things", things])
    said = capsys.readouterr()
    known = ", ".join(NAMES)
    expected = f"Error: --things names no class of {street} to take objects of; it has {known}.\n"
    assert (stopped.value.code, said.out, said.err) == (2, "", expected)
    assert not (tmp_path / "out").exists()


def test_sets_that_tell_objects_apart_are_refused(street: Path) -> None:
    data = with_regions(open_data(street), ["Car"])
    with pytest.raises(DataError, match="tell no objects apart"):
        with_regions(data, ["Car"])

"""What a plan knows of real data sets."""

from __future__ import annotations

import pytest
from tests.real import RealSet

from pixelwise.recipe import Model
from pixelwise.workflows.data import open_data
from pixelwise.workflows.preparation import fingerprint


@pytest.mark.parametrize(
    ("name", "any_way"), [("dsb2018", True), ("pennfudan", False), ("tiny_coco", False), ("camvid", False)]
)
def test_nuclei_lie_any_way_and_people_and_cars_do_not(real_set: RealSet, name: str, any_way: bool) -> None:
    task = "semantic" if name == "camvid" else "instance"
    known = fingerprint(open_data(real_set(name), task=task), None, Model(), (task,))
    assert known.objects_any_way is any_way

"""Which real sets are of unlike brightness."""

from __future__ import annotations

import pytest
from tests.real import RealSet

from pixelwise.data.valuerange import find_value_range
from pixelwise.workflows.data import open_data


@pytest.mark.parametrize("name", ["dsb2018", "ph2", "ccp", "camvid", "isic2017", "pennfudan"])
def test_nuclei_are_stretched_and_skin_people_and_streets_are_not(real_set: RealSet, name: str) -> None:
    folder = real_set(name)
    dataset = open_data(folder / "PH2Dataset" if name == "ph2" else folder)
    assert (find_value_range(dataset).stretch > 0) is (name == "dsb2018")

"""Objects that windows cut are put together again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tasks.panoptic.cells import discs, fields, labelled, task

from pixelwise.tasks import PanopticResult
from pixelwise.types import INSTANCES, Label, Window


def cut(label: Label, window: Window) -> PanopticResult:
    part = Label(
        {
            name: np.ascontiguousarray(values[window.y0 : window.y1, window.x0 : window.x1])
            for name, values in label.maps.items()
        }
    )
    of = task()
    return of.decode(fields(part), of.default_settings())


def windows(size: int, side: int, step: int) -> list[Window]:
    starts = range(0, size - side + 1, step)
    return [Window(x, y, x + side, y + side) for y in starts for x in starts]


def test_objects_across_windows_are_one_again() -> None:
    label, of = discs(360, 120, radius=(4, 14)), task()
    places = windows(360, 160, 100)
    whole = of.stitch([(cut(label, place), place) for place in places], (360, 360))
    scores = of.image_scores(of.row(whole, label))
    assert scores["pq"] >= 0.98
    assert len(whole.classes) == len(whole.scores) == whole.instance_map.max()
    assert (whole.label_map > 0).tolist() == (whole.instance_map > 0).tolist()


def test_an_object_over_all_windows_is_one() -> None:
    instances = np.zeros((300, 300), np.int32)
    instances[20:280, 30:270] = 1
    label, of = labelled(instances), task()
    places = windows(300, 140, 80)
    whole = of.stitch([(cut(label, place), place) for place in places], (300, 300))
    assert whole.areas.tolist() == [260 * 240]
    assert 0 < whole.scores[0] < 1


def test_one_window_is_itself() -> None:
    label, of = discs(100, 12), task()
    place = Window(0, 0, 100, 100)
    part = cut(label, place)
    whole = of.stitch([(part, place)], (100, 100))
    assert (whole.instance_map == part.instance_map).all()
    assert whole.scores == pytest.approx(part.scores)
    assert label.maps[INSTANCES].shape == whole.label_map.shape

"""No object, one pixel, one that fills the image, a thousand: predicted, scored, drawn and written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.tasks.panoptic.cells import discs, fields, labelled, task

from pixelwise.types import INSTANCES, Label


def _one_pixel() -> Label:
    instances = np.zeros((40, 50), np.int32)
    instances[0, 49] = 1
    return labelled(instances)


def _thousand() -> Label:
    return labelled(np.arange(1024, dtype=np.int32).reshape(32, 32).repeat(9, axis=0).repeat(9, axis=1) + 1)


CASES = {
    "none": (labelled(np.zeros((40, 50), np.int32)), 0),
    "one pixel": (_one_pixel(), 1),
    "the whole image": (labelled(np.ones((40, 50), np.int32)), 1),
    "a thousand": (_thousand(), 1024),
}


@pytest.mark.parametrize("case", CASES)
def test_predicted_scored_drawn_and_written(case: str, tmp_path: Path) -> None:
    (label, count), of = CASES[case], task()
    result = of.decode(fields(label), {**of.default_settings(), "smoothing": 1.0})
    assert len(result.classes) == result.instance_map.max() == count
    scores = of.image_scores(of.row(result, label))
    for name in ("pq", "f1_50", "ap"):
        assert np.isnan(scores[name]) if count == 0 else scores[name] == pytest.approx(1, abs=0.002), name
    image = np.full((*label.size, 3), 90, np.uint8)
    drawn = of.draw(image, result, label)
    assert drawn.shape == image.shape
    assert (drawn != image).any() == (count > 0)
    written = of.write(result, tmp_path, "a", image)
    assert all(path.stat().st_size for path in written)
    assert len(json.loads((tmp_path / "a_coco.json").read_text())["annotations"]) == count
    assert len((tmp_path / "a_objects.csv").read_text().splitlines()) == count + 1


def test_what_is_found_where_nothing_is_counts_as_false() -> None:
    of, nothing = task(), CASES["none"][0]
    result = of.decode(fields(discs(50, 3)), of.default_settings())
    empty = labelled(np.zeros((50, 50), np.int32))
    row = of.row(result, empty)
    assert of.headline_score(row) == 0
    assert np.isnan(of.headline_score(of.row(of.decode(fields(nothing), of.default_settings()), nothing)))
    assert not empty.maps[INSTANCES].any()

"""COCO's masks as pycocotools has them: run lengths as text, and every object of a real set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.real import RealSet

from pixelwise.data.layouts.coco import segment_of
from pixelwise.workflows.data import open_data

mask_tools = pytest.importorskip("pycocotools.mask")
coco_tools = pytest.importorskip("pycocotools.coco")
old = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # of pycocotools itself


@old
@given(
    st.integers(1, 70),
    st.integers(1, 2000),
    st.integers(0, 2**32 - 1),
    st.sampled_from((0, 0.001, 0.5, 0.99, 1)),
)
def test_run_lengths_as_text(height: int, width: int, seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    encoded = mask_tools.encode(np.asfortranarray(mask, np.uint8))
    text = {"size": encoded["size"], "counts": encoded["counts"].decode("ascii")}
    found = segment_of(text, (height, width), 1)
    np.testing.assert_array_equal(found.to_mask(), mask)
    assert found.area == mask_tools.area(encoded)


@old
def test_every_object_of_coco_is_that_of_its_own_tools(real_set: RealSet) -> None:
    root = real_set("tiny_coco")
    dataset = open_data(root, layout="coco")
    known = {path: coco_tools.COCO(str(path)) for path in {one.labels["objects"] for one in dataset.samples}}
    looked_at = crowds = 0
    for sample in dataset.samples:
        theirs = known[sample.labels["objects"]]
        for one in dataset.objects(sample):
            annotation = theirs.anns[one.original]
            expected = theirs.annToMask(annotation).astype(bool)
            np.testing.assert_array_equal(one.to_mask(), expected)
            text = theirs.annToRLE(annotation)
            again = segment_of({**text, "counts": text["counts"].decode("ascii")}, one.size, one.class_id)
            assert again.counts == one.counts
            assert dataset.labels.classes[one.class_id] == theirs.cats[annotation["category_id"]]["name"]
            looked_at, crowds = looked_at + 1, crowds + one.is_crowd
    assert (looked_at, crowds) == (sum(len(theirs.anns) for theirs in known.values()), 10)

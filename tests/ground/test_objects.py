"""Objects without loss, and the maps made of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from pixelwise import objects as module
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, flatten, objects_by_id, objects_of, united
from pixelwise.types import CLASSES, CROWD, IGNORE_INDEX, INSTANCES

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans())
LABELS = Labels(classes=("background", "cell", "mouse", "grass"), things=(1, 2))


def box(x0: int, y0: int, x1: int, y1: int, class_id: int, *, is_crowd: bool = False) -> ObjectMask:
    mask = np.zeros((4, 6), np.bool_)
    mask[y0:y1, x0:x1] = True
    return ObjectMask.from_mask(mask, class_id, is_crowd=is_crowd)


def test_runs_go_down_the_columns() -> None:
    mask = np.array([[0, 1, 1], [0, 0, 1]], np.bool_)
    found = ObjectMask.from_mask(mask, 1)
    assert found.counts == (2, 1, 1, 2)  # column by column: 0 0 | 1 0 | 1 1
    assert (found.area, found.box) == (3, (1, 0, 3, 2))
    assert ObjectMask.from_mask(np.ones((2, 3), np.bool_), 1).counts == (0, 6)
    nothing = ObjectMask.from_mask(np.zeros((2, 3), np.bool_), 1)
    assert (nothing.counts, nothing.area, nothing.box, nothing.rings()) == ((6,), 0, (0, 0, 0, 0), [])


@pytest.mark.parametrize("counts", [(5,), (2, 5), (2, 0, 4), (-1, 7)])
def test_runs_that_do_not_fill_the_image_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="runs"):
        ObjectMask(1, (2, 3), counts)


@given(MASKS, st.randoms(use_true_random=False))
def test_a_mask_comes_back(mask: NDArray[np.bool_], random: object) -> None:
    found = ObjectMask.from_mask(mask, 1)
    np.testing.assert_array_equal(found.to_mask(), mask)
    ys, xs = np.nonzero(mask)
    if len(ys):
        x0, y0, x1, y1 = found.box
        assert (x0, y0, x1, y1) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        np.testing.assert_array_equal(found.cut_out(), mask[y0:y1, x0:x1])
        again = ObjectMask.from_cut_out(found.cut_out(), (x0, y0), (mask.shape[0], mask.shape[1]), 1)
        assert again.counts == found.counts
    other = ObjectMask.from_mask(mask[::-1], 2)
    np.testing.assert_array_equal(united([found, other]).to_mask(), mask | mask[::-1])


def test_who_has_the_pixel_where_objects_overlap() -> None:
    objects = [
        box(0, 0, 6, 4, 3),  # grass everywhere
        box(0, 0, 2, 2, 1),
        box(1, 0, 4, 3, 2),  # larger than the cell beside it
        box(0, 0, 1, 4, 2, is_crowd=True),  # smaller than either, but a crowd
        box(3, 2, 5, 4, 1),  # as large as the first cell
    ]
    maps = flatten(objects, (4, 6), LABELS)
    assert maps[INSTANCES].tolist() == [
        [2, 2, 3, 3, 0, 0],
        [2, 2, 3, 3, 0, 0],
        [4, 3, 3, 5, 5, 0],
        [4, 0, 0, 5, 5, 0],
    ]
    assert maps[CLASSES].tolist() == [
        [1, 1, 2, 2, 3, 3],
        [1, 1, 2, 2, 3, 3],
        [2, 2, 2, 1, 1, 3],
        [2, 3, 3, 1, 1, 3],
    ]
    assert maps[CROWD].tolist() == [[0] * 6, [0] * 6, [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]]
    assert {name: values.dtype.name for name, values in maps.items()} == {
        CLASSES: "uint8",
        INSTANCES: "int32",
        CROWD: "uint8",
    }
    assert CROWD not in flatten(objects, (4, 6), LABELS, crowds=False)
    assert flatten([box(0, 0, 1, 1, 1), box(0, 0, 1, 1, 2)], (4, 6), LABELS)[INSTANCES][0, 0] == 2


def test_what_none_covers_is_background_or_not_labelled() -> None:
    assert set(flatten([], (4, 6), LABELS)[CLASSES].ravel()) == {0}
    whole = Labels(classes=("cell", "grass"), background=None, things=(0,))
    assert set(flatten([], (4, 6), whole)[CLASSES].ravel()) == {IGNORE_INDEX}


def test_objects_come_back_from_maps() -> None:
    ring = np.zeros((4, 6), np.bool_)
    ring[:3, :3] = True
    ring[1, 1] = False
    apart = np.zeros((4, 6), np.bool_)
    apart[0, 4] = apart[3, 5] = True
    objects = [
        ObjectMask.from_mask(ring, 2),
        ObjectMask.from_mask(apart, 1),
        box(0, 3, 3, 4, 2, is_crowd=True),
        ObjectMask.from_mask(np.eye(4, 6, 3, dtype=np.bool_) & ~apart, 3),
        box(4, 2, 5, 3, IGNORE_INDEX),
    ]
    found = objects_of(flatten(objects, (4, 6), LABELS), LABELS)
    assert [(one.class_id, one.is_crowd, one.counts) for one in found] == [
        (one.class_id, one.is_crowd, one.counts) for one in objects
    ]
    assert [one.original for one in found] == [1, 2, 3, None, None]


@pytest.mark.parametrize("at_a_time", [1, 17, 1 << 20])
def test_objects_in_maps_are_those_of_masks(monkeypatch: pytest.MonkeyPatch, at_a_time: int) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", at_a_time)
    rng = np.random.default_rng(at_a_time)
    for _ in range(20):
        size = (int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        ids = rng.choice([0, 3, 7, 9], size).astype(np.int32)
        classes = np.where(ids > 0, rng.integers(1, 3, size), rng.choice([0, 3, 255], size)).astype(np.uint8)
        found = objects_of({CLASSES: classes, INSTANCES: ids, CROWD: (ids == 7).astype(np.uint8)}, LABELS)
        expected = [
            ObjectMask.from_mask(
                ids == number,
                int(np.bincount(classes[ids == number]).argmax()),
                is_crowd=bool(number == 7),
                original=int(number),
            )
            for number in np.unique(ids[ids > 0])
        ]
        rest = np.where(ids == 0, classes, 0)
        expected += [
            ObjectMask.from_mask(rest == class_id, class_id) for class_id in (3, 255) if class_id in rest
        ]
        assert found == expected
        about = {9: (1, False), 5: (2, True), 3: (2, False)}
        assert objects_by_id(ids, about) == [
            ObjectMask.from_mask(ids == number, class_id, is_crowd=is_crowd, original=number)
            for number, (class_id, is_crowd) in about.items()
        ]

"""Objects of an image, without loss: holes, parts that lie apart, overlaps and crowds; and the maps made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pixelwise import outlines
from pixelwise.labels import Labels
from pixelwise.types import CLASSES, CROWD, IGNORE_INDEX, INSTANCES, IdMap, Size

_AT_A_TIME = 1 << 20
"""Pixels of maps that are looked at together, so that memory beside the maps is little."""
PixelBox = tuple[int, int, int, int]
"""x0, y0, x1, y1: edges in pixels."""


@dataclass(frozen=True)
class ObjectMask:
    """One object, or one segment of stuff, by the pixels that it covers.

    Attributes:
        class_id: its class; ``IGNORE_INDEX`` for a region that nobody labelled.
        size: (height, width) of the image.
        counts: lengths of runs outside and inside in turn, the image taken column by column, beginning outside; only
            the first may be 0. This is COCO's uncompressed run-length code.
        is_crowd: many objects that nobody told apart.
        original: its id in the file it came from.
    """

    class_id: int
    size: Size
    counts: tuple[int, ...]
    is_crowd: bool = False
    original: int | None = None

    def __post_init__(self) -> None:
        if sum(self.counts) != self.size[0] * self.size[1]:
            raise ValueError(f"runs of {sum(self.counts)} pixels do not fill {self.size}")
        if any(count < (place > 0) for place, count in enumerate(self.counts)):
            raise ValueError("runs after the first are at least one pixel long")

    @classmethod
    def from_mask(
        cls, mask: NDArray[np.bool_], class_id: int, *, is_crowd: bool = False, original: int | None = None
    ) -> ObjectMask:
        """The object that covers a mask (H, W)."""
        flat = np.asarray(mask, np.bool_).ravel(order="F")
        changes = np.flatnonzero(np.diff(flat, prepend=False))
        return cls(class_id, _pair(mask.shape), _counts(changes, flat.size), is_crowd, original)

    @classmethod
    def from_cut_out(
        cls,
        cut_out: NDArray[np.bool_],
        corner: tuple[int, int],
        size: Size,
        class_id: int,
        *,
        is_crowd: bool = False,
        original: int | None = None,
    ) -> ObjectMask:
        """The object that covers a mask (h, w) whose upper left pixel is at (x, y) of an image; nothing beyond it."""
        x0, y0 = corner
        rows = cut_out.shape[0] + 1
        # A row of nothing below, so that no run goes on in the next column.
        flat = np.pad(np.asarray(cut_out, np.bool_), ((0, 1), (0, 0))).ravel(order="F")
        changes = np.flatnonzero(np.diff(flat, prepend=False))
        places = (x0 + changes // rows) * size[0] + y0 + changes % rows
        if cut_out.shape[0] == size[0]:  # but where it fills whole columns
            unique, times = np.unique(places, return_counts=True)
            places = unique[times == 1]
        return cls(class_id, size, _counts(places, size[0] * size[1]), is_crowd, original)

    @classmethod
    def from_rings(
        cls,
        rings: Iterable[outlines.Ring],
        size: Size,
        class_id: int,
        *,
        is_crowd: bool = False,
        original: int | None = None,
    ) -> ObjectMask:
        """The object inside outlines by the even–odd rule, as :func:`~pixelwise.outlines.crossings` draws them."""
        found = [outlines.crossings(ring, size) for ring in rings]
        places, times = np.unique(np.concatenate([np.empty(0, np.int64), *found]), return_counts=True)
        return cls(class_id, size, _counts(places[times % 2 == 1], size[0] * size[1]), is_crowd, original)

    def to_mask(self) -> NDArray[np.bool_]:
        """(H, W) bool."""
        inside = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(inside, self.counts).reshape(self.size, order="F")

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """(R, 2) begin and end of the runs inside, in the image taken column by column."""
        ends = np.cumsum(np.array(self.counts, np.int64))
        ends = ends[: len(ends) // 2 * 2]
        return ends.reshape(-1, 2)

    @property
    def area(self) -> int:
        """Pixels."""
        return sum(self.counts[1::2])

    @cached_property
    def box(self) -> PixelBox:
        """The smallest box of whole pixels around it; (0, 0, 0, 0) for one without pixels."""
        if not self.area:
            return 0, 0, 0, 0
        height = self.size[0]
        first, last = self.runs[:, 0], self.runs[:, 1] - 1
        over = (
            first // height != last // height
        )  # such a run reaches from the bottom of a column to the next's top
        top = 0 if over.any() else int((first % height).min())
        bottom = height if over.any() else int((last % height).max()) + 1
        return int(first[0]) // height, top, int(last[-1]) // height + 1, bottom

    def cut_out(self) -> NDArray[np.bool_]:
        """(h, w) bool: the mask within its box."""
        x0, y0, x1, y1 = self.box
        height = self.size[0]
        columns = np.zeros((x1 - x0) * height, np.bool_)
        for begin, end in (self.runs - x0 * height).tolist():
            columns[begin:end] = True
        return columns.reshape(x1 - x0, height).T[y0:y1]

    def rings(self) -> list[outlines.Ring]:
        """Outlines along the edges of its pixels, see :func:`~pixelwise.outlines.rings_of`."""
        x0, y0, _, _ = self.box
        return [ring + np.array([x0, y0]) for ring in outlines.rings_of(self.cut_out())] if self.area else []


def united(objects: Sequence[ObjectMask]) -> ObjectMask:
    """An object like the first that covers all of their pixels."""
    first = objects[0]
    runs = np.concatenate([one.runs for one in objects])
    steps = np.repeat([1, -1], len(runs))
    places = np.concatenate([runs[:, 0], runs[:, 1]])
    places, owner = np.unique(places, return_inverse=True)
    depth = np.cumsum(np.bincount(owner, weights=steps, minlength=len(places))) > 0
    changes = places[np.diff(depth, prepend=False)] if len(places) else places
    counts = _counts(changes, first.size[0] * first.size[1])
    return ObjectMask(first.class_id, first.size, counts, first.is_crowd, first.original)


def flatten(
    objects: Sequence[ObjectMask], size: Size, labels: Labels, *, crowds: bool = True
) -> dict[str, IdMap]:
    """The maps of a label, (H, W) each, by name.

    Object *n* of the list, from 1, is *n* in ``INSTANCES`` if its class is a thing; stuff is 0 there. Where objects
    overlap the smaller has the pixel, of two alike the later; crowds lie under other things, and stuff under all. What
    none covers is background, and ``IGNORE_INDEX`` in ``CLASSES`` where the labels have none.

    Args:
        crowds: with ``CROWD``, 1 where an object of a crowd has the pixel.
    """

    def depth(number: int) -> tuple[bool, bool, int]:
        one = objects[number]
        return one.class_id in labels.things, not one.is_crowd, -one.area

    outside = IGNORE_INDEX if labels.background is None else labels.background
    classes = np.full(size[0] * size[1], outside, np.uint8)
    instances = np.zeros(size[0] * size[1], np.int32)
    crowd = np.zeros(size[0] * size[1], np.uint8)
    for number in sorted(range(len(objects)), key=depth):
        one = objects[number]
        is_thing = one.class_id in labels.things
        for begin, end in one.runs.tolist():
            classes[begin:end] = one.class_id
            instances[begin:end] = number + 1 if is_thing else 0
            crowd[begin:end] = is_thing and one.is_crowd
    maps: dict[str, IdMap] = {CLASSES: classes, INSTANCES: instances, **({CROWD: crowd} if crowds else {})}
    return {name: np.ascontiguousarray(flat.reshape(size, order="F")) for name, flat in maps.items()}


def objects_of(maps: Mapping[str, IdMap], labels: Labels) -> list[ObjectMask]:
    """The objects in maps as :func:`flatten` makes them: by their ids, then stuff by class, then what is not labelled.

    An object's class is the one that most of its pixels have, be it the background's. Pixels of things without an id
    are not labelled: nobody tells which object they are of.
    """
    instances = maps[INSTANCES]
    size = _pair(instances.shape)
    runs = _Runs.of(instances, maps[CLASSES])
    found = []
    for number, rows in runs.grouped(runs.ids, runs.ids != 0):
        lengths = runs.ends[rows] - runs.begins[rows]
        class_id = int(np.bincount(runs.classes[rows], weights=lengths).argmax())
        column, row = divmod(int(runs.begins[rows[0]]), size[0])
        is_crowd = CROWD in maps and bool(maps[CROWD][row, column])
        found.append(ObjectMask(class_id, size, runs.counts(rows), is_crowd, number))
    rest = np.where(np.isin(runs.classes, labels.things), IGNORE_INDEX, runs.classes)
    for class_id, rows in runs.grouped(rest, runs.ids == 0):
        if class_id == IGNORE_INDEX and labels.background is None:
            continue  # what nothing covers is not labelled anyway
        if class_id != labels.background:
            found.append(ObjectMask(class_id, size, runs.counts(rows)))
    return found


def objects_by_id(ids: IdMap, about: Mapping[int, tuple[int, bool]]) -> list[ObjectMask]:
    """The objects in a map of ids (H, W) of which class and crowd are known, in the order in which these are listed.

    Args:
        about: (class id, is a crowd) by id; an id that the map does not hold is an object without pixels, and one that
            is not listed is left out.
    """
    size = _pair(ids.shape)
    runs = _Runs.of(ids, ids)
    rows = dict(runs.grouped(runs.ids, runs.ids != 0))
    nowhere = np.empty(0, np.int64)
    return [
        ObjectMask(class_id, size, runs.counts(rows.get(number, nowhere)), is_crowd, number)
        for number, (class_id, is_crowd) in about.items()
    ]


@dataclass(frozen=True)
class _Runs:
    """Runs of pixels alike in two maps, the image taken column by column: far fewer than there are pixels.

    Attributes:
        begins, ends: (R,) ascending.
        ids, classes: (R,) what the maps hold there.
    """

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    ids: IdMap
    classes: IdMap

    @classmethod
    def of(cls, ids: IdMap, classes: IdMap) -> _Runs:
        """Of two maps (H, W), some columns at a time."""
        height, width = ids.shape
        step = max(1, _AT_A_TIME // height)
        parts = []
        for left in range(0, width, step):
            one, other = (values[:, left : left + step].ravel(order="F") for values in (ids, classes))
            changes = np.flatnonzero((one[1:] != one[:-1]) | (other[1:] != other[:-1])) + 1
            at = np.concatenate([[0], changes])
            parts.append((left * height + at, one[at], other[at]))
        begins, found, of_class = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(begins, np.append(begins[1:], ids.size), found, of_class)

    def grouped(self, keys: IdMap, where: NDArray[np.bool_]) -> list[tuple[int, NDArray[np.int64]]]:
        """Each key of some of the runs, and the places of the runs that have it, both ascending."""
        rows = np.flatnonzero(where)
        if not len(rows):
            return []
        rows = rows[np.argsort(keys[rows], kind="stable")]
        found, begins = np.unique(keys[rows], return_index=True)
        return list(zip(found.tolist(), np.split(rows, begins[1:]), strict=True))

    def counts(self, rows: NDArray[np.int64]) -> tuple[int, ...]:
        """Runs of a mask that covers some of these, ascending."""
        begins, ends = self.begins[rows], self.ends[rows]
        touch = begins[1:] == ends[:-1]
        begins, ends = (
            begins[np.append(True, ~touch)[: len(rows)]],
            ends[np.append(~touch, True)[: len(rows)]],
        )
        return _counts(np.stack([begins, ends], axis=1).ravel(), int(self.ends[-1]))


def _counts(changes: NDArray[np.int64], total: int) -> tuple[int, ...]:
    """Runs between places where outside and inside change, ascending."""
    within = changes[changes < total]
    return tuple(np.diff(within, prepend=0, append=total).tolist())


def _pair(shape: tuple[int, ...]) -> Size:
    height, width = shape
    return height, width

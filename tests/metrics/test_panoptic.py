"""Panoptic quality is what its definition says, on COCO's examples and on scenes at random."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from tests.metrics.scenes import scene
from tests.real import RealSet

from pixelwise.labels import Labels
from pixelwise.metrics import count_objects, match_objects, overlap_matrix, segment_counts, segment_ratios
from pixelwise.metrics.panoptic import SegmentCounts
from pixelwise.types import IGNORE_INDEX

Segments = Mapping[int, tuple[int, bool]]
"""Class and crowd of each segment's id."""
Rows = Mapping[int, tuple[int, int, int, float]]
"""True and false positives, false negatives and the sum of IoU by class."""


def reference(
    truth: NDArray[np.int64], true: Segments, found: NDArray[np.int64], predicted: Segments
) -> Rows:
    """True and false positives, false negatives and the sum of IoU by class, segment by segment (Kirillov 2019).

    Both maps hold ids of segments; 0 is not labelled.
    """
    scores: dict[int, list[float]] = {}
    matched: set[tuple[str, int]] = set()
    for a, (class_id, crowd) in true.items():
        for b, (other, _) in predicted.items():
            mask, guess = truth == a, found == b
            shared = int((mask & guess).sum())
            if class_id != other or crowd or not shared:
                continue
            union = int(mask.sum()) + int(guess.sum()) - shared - int((guess & (truth == 0)).sum())
            if shared / union > 0.5:
                matched |= {("true", a), ("found", b)}
                row = scores.setdefault(class_id, [0, 0, 0, 0])
                row[0] += 1
                row[3] += shared / union
    for a, (class_id, crowd) in true.items():
        if not crowd and ("true", a) not in matched:
            scores.setdefault(class_id, [0, 0, 0, 0])[2] += 1
    for b, (class_id, _) in predicted.items():
        guess = found == b
        excused = truth == 0
        for a, (other, crowd) in true.items():
            if crowd and other == class_id:
                excused = excused | (truth == a)
        if ("found", b) not in matched and (guess & excused).sum() <= 0.5 * guess.sum():
            scores.setdefault(class_id, [0, 0, 0, 0])[1] += 1
    return {key: (int(r[0]), int(r[1]), int(r[2]), r[3]) for key, r in scores.items()}


def published(
    truth: NDArray[np.int64], true: Segments, found: NDArray[np.int64], predicted: Segments
) -> Rows:
    """The same by the procedure of panopticapi's evaluation, COCO's own: over the pairs of ids that share pixels.

    Of several crowds of a class it knows the last one alone.
    """
    size = 1 << 24  # beyond all ids
    keys, counts = np.unique(truth * size + found, return_counts=True)
    shared = {divmod(int(key), size): int(count) for key, count in zip(keys, counts, strict=True)}
    true_area, area = (
        dict(zip(*map(np.ndarray.tolist, np.unique(ids, return_counts=True)), strict=True))
        for ids in (truth, found)
    )
    tp, fp, fn, iou = Counter[int](), Counter[int](), Counter[int](), defaultdict[int, float](float)
    true_matched, matched = set[int](), set[int]()
    for (a, b), pixels in shared.items():
        if a not in true or b not in predicted or true[a][1] or true[a][0] != predicted[b][0]:
            continue
        overlap = pixels / (true_area[a] + area[b] - pixels - shared.get((0, b), 0))
        if overlap > 0.5:
            tp[true[a][0]] += 1
            iou[true[a][0]] += overlap
            true_matched.add(a)
            matched.add(b)
    crowds: dict[int, int] = {}
    for a, (class_id, is_crowd) in true.items():
        if a not in true_matched and is_crowd:
            crowds[class_id] = a
        elif a not in true_matched:
            fn[class_id] += 1
    for b in predicted.keys() - matched:
        class_id = predicted[b][0]
        left_out = shared.get((0, b), 0) + shared.get((crowds.get(class_id, -1), b), 0)
        fp[class_id] += left_out / area[b] <= 0.5
    return {c: (tp[c], fp[c], fn[c], iou[c]) for c in sorted({*tp, *fp, *fn}) if tp[c] + fp[c] + fn[c]}


def quality(rows: Rows) -> float:
    """PQ: the mean over all classes that are there."""
    return float(np.mean([iou / (tp + (fp + fn) / 2) for tp, fp, fn, iou in rows.values()]))


def ours(
    labels: Labels,
    classes: NDArray[np.uint8],
    instances: NDArray[np.int32],
    crowd: NDArray[np.uint8],
    found_classes: NDArray[np.uint8],
    found: NDArray[np.int32],
    of_object: NDArray[np.int64],
) -> Rows:
    objects = count_objects(classes, instances, crowd > 0, found, of_object, np.ones(len(of_object)))
    unlabelled = np.bincount(found_classes[classes == IGNORE_INDEX], minlength=labels.num_classes)
    counts = segment_counts(
        objects, overlap_matrix(classes, found_classes, labels.num_classes), unlabelled, labels
    )
    rows = {key: (one.tp, one.fp, one.fn, one.iou) for key, one in counts.items()}
    return {key: row for key, row in rows.items() if any(row)}


def agree(mine: Rows, theirs: Rows) -> None:
    assert mine.keys() == theirs.keys()
    for key, row in theirs.items():
        assert mine[key] == pytest.approx(row, abs=1e-12), key


@pytest.mark.parametrize("seed", range(6))
def test_scenes_at_random(seed: int) -> None:
    one = scene(seed)
    labels = Labels(classes=("background", "a", "b"), things=(1, 2))
    found_classes = np.concatenate([[0], one.found_class])[one.found].astype(np.uint8)
    mine = ours(labels, one.classes, one.instances, one.crowd, found_classes, one.found, one.found_class)
    # Background is a segment too, so that only what nobody labelled is 0; it is not scored.
    truth = np.where(one.classes == IGNORE_INDEX, 0, np.where(one.instances > 0, one.instances, 1000))
    numbers = np.unique(one.instances[one.instances > 0]).tolist()
    true = {
        n: (
            int(np.bincount(one.classes[one.instances == n]).argmax()),
            bool(one.crowd[one.instances == n].any()),
        )
        for n in numbers
    }
    predicted = {place + 1: (int(of), False) for place, of in enumerate(one.found_class)}
    for by in (reference, published):
        agree(mine, by(truth.astype(np.int64), true, one.found.astype(np.int64), predicted))


def coco_example(folder: Path, stem: str) -> tuple[NDArray[np.int64], dict[int, tuple[int, bool]], Labels]:
    """Ids of segments, their classes from 0 without gaps, and what these are."""
    categories = json.loads((folder / "panoptic_coco_categories.json").read_text())
    place = {one["id"]: at for at, one in enumerate(categories)}
    things = tuple(at for at, one in enumerate(categories) if one["isthing"])
    labels = Labels(classes=tuple(one["name"] for one in categories), background=None, things=things)
    annotations = json.loads((folder / "panoptic_examples.json").read_text())["annotations"]
    [one] = [a for a in annotations if a["file_name"].startswith(stem)]
    with PIL.Image.open(folder / "panoptic_examples" / one["file_name"].replace(".jpg", ".png")) as picture:
        colours = np.asarray(picture.convert("RGB")).astype(np.int64)
    ids = colours[..., 0] + 256 * colours[..., 1] + 65536 * colours[..., 2]
    segments = {s["id"]: (place[s["category_id"]], bool(s["iscrowd"])) for s in one["segments_info"]}
    return ids, segments, labels


def maps_of(
    ids: NDArray[np.int64], segments: Segments, labels: Labels
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.uint8], NDArray[np.int64]]:
    """Classes, objects from 1, crowds, and the class of each object."""
    classes = np.full(ids.shape, IGNORE_INDEX, np.uint8)
    instances, crowd = np.zeros(ids.shape, np.int32), np.zeros(ids.shape, np.uint8)
    of_object: list[int] = []
    for segment, (class_id, is_crowd) in segments.items():
        classes[ids == segment] = class_id
        if class_id in labels.things and (ids == segment).any():
            of_object.append(class_id)
            instances[ids == segment] = len(of_object)
            crowd[ids == segment] = is_crowd
    return classes, instances, crowd, np.array(of_object, np.int64)


@pytest.mark.parametrize("stem", ["000000142238", "000000439180"])
def test_coco_examples(real_set: RealSet, stem: str) -> None:
    ids, segments, labels = coco_example(real_set("coco_panoptic"), stem)
    classes, instances, crowd, of_object = maps_of(ids, segments, labels)
    same = ours(labels, classes, instances, crowd, classes, instances, of_object)
    assert all(row[1:3] == (0, 0) and row[0] == pytest.approx(row[3]) for row in same.values())
    rng = np.random.default_rng(int(stem))
    for _ in range(4):
        moved = ndimage.shift(ids, rng.integers(-25, 26, 2), order=0, mode="nearest")
        known = [segment for segment in segments if (moved == segment).any()]
        other = dict(zip(known, rng.permutation(known).tolist(), strict=True)) if rng.random() < 0.3 else {}
        # Of COCO's stuff a predicted class is one segment; nothing is predicted to be unlabelled.
        predicted = {n: (segments[other.get(n, n)][0], False) for n in known}
        stuff: dict[int, int] = {}
        for segment, (class_id, _) in list(predicted.items()):
            if class_id not in labels.things and stuff.setdefault(class_id, segment) != segment:
                moved[moved == segment] = stuff[class_id]
                del predicted[segment]
        moved[~np.isin(moved, list(predicted))] = next(iter(predicted))
        found_classes, found, _, found_class = maps_of(moved, predicted, labels)
        mine = ours(labels, classes, instances, crowd, found_classes, found, found_class)
        agree(mine, reference(ids, segments, moved, predicted))
        agree(mine, published(ids, segments, moved, predicted))


@pytest.mark.parametrize("stem", ["000000142238", "000000439180"])
@pytest.mark.parametrize("seed", range(4))
def test_the_published_procedure_gives_the_same(real_set: RealSet, stem: str, seed: int) -> None:
    """COCO's examples with segments that nobody labelled and crowds, predicted with mistakes of many kinds."""
    rng = np.random.default_rng([int(stem), seed])
    whole, known, labels = coco_example(real_set("coco_panoptic"), stem)
    moved, predicted = mistaken_segments(rng, whole, known, labels)
    void = [n for n in known if rng.random() < 0.2]
    crowds = {
        class_id: n for n, (class_id, _) in known.items() if class_id in labels.things and rng.random() < 0.3
    }
    truth = np.where(np.isin(whole, void), 0, whole)
    true = {n: (of, n in crowds.values()) for n, (of, _) in known.items() if n not in void}
    classes, instances, crowd, _ = maps_of(truth, true, labels)
    found_classes, found, _, found_class = maps_of(moved, predicted, labels)
    mine, theirs = (
        ours(labels, classes, instances, crowd, found_classes, found, found_class),
        published(truth, true, moved, predicted),
    )
    agree(mine, theirs)
    kinds = np.sum([row[:3] for row in theirs.values()], axis=0)
    assert (kinds > 0).all()  # some are found, some false and some missed
    assert 0.05 < quality(theirs) < 0.95
    counts = {c: SegmentCounts(*mine.get(c, (0, 0, 0, 0.0))) for c in labels.scored}
    by_class = segment_ratios([counts], labels)["pq"].by_class()[0]
    assert np.nanmean(by_class) == pytest.approx(quality(theirs), abs=1e-12)


def mistaken_segments(
    rng: np.random.Generator, ids: NDArray[np.int64], segments: Segments, labels: Labels
) -> tuple[NDArray[np.int64], dict[int, tuple[int, bool]]]:
    """Segments moved, cut in two and of other classes; of stuff a class is one, and every pixel is of some."""
    moved = ndimage.shift(ids, rng.integers(-9, 10, 2), order=0, mode="nearest")
    predicted: dict[int, tuple[int, bool]] = {}
    columns = np.arange(ids.shape[1]) + np.zeros_like(ids)
    for number in [n for n in segments if (moved == n).any()]:
        class_id = segments[number][0]
        if rng.random() < 0.2:
            class_id = segments[int(rng.choice(list(segments)))][0]
        same = [n for n, (of, _) in predicted.items() if of == class_id and class_id not in labels.things]
        moved[moved == number] = (same or [number])[0]
        predicted[(same or [number])[0]] = class_id, False
        if class_id in labels.things and rng.random() < 0.3:
            right = (moved == number) & (
                columns > np.quantile(columns[moved == number], rng.uniform(0.2, 0.8))
            )
            if right.any():
                new = 1_000_000 + len(predicted)
                moved[right] = new
                predicted[new] = class_id, False
    moved[~np.isin(moved, list(predicted))] = next(iter(predicted))
    return moved, predicted


def test_all_crowds_of_a_class_count_where_the_published_procedure_knows_the_last() -> None:
    """A predicted object of 5 pixels, 2 on either of two crowds and 1 beside them: more than half is on crowds."""
    labels = Labels(classes=("background", "cell"), things=(1,))
    truth = np.array([[1, 1, 1, 0, 2, 2, 2]], np.int64)
    true = {1: (1, True), 2: (1, True)}
    found = np.array([[0, 1, 1, 1, 1, 1, 0]], np.int32)
    mine = ours(
        labels,
        (truth > 0).astype(np.uint8),
        truth.astype(np.int32),
        (truth > 0).astype(np.uint8),
        (found > 0).astype(np.uint8),
        found,
        np.array([1]),
    )
    beside = np.where(truth == 0, 1000, truth)  # background, which is labelled
    theirs = published(beside, true, found.astype(np.int64), {1: (1, False)})
    assert (mine, theirs) == ({}, {1: (0, 1, 0, 0.0)})
    alone = {1: (1, True)}
    one = np.where(truth == 0, 1000, 1)
    assert published(one, alone, found.astype(np.int64), {1: (1, False)}) == {}


def test_worked_by_hand() -> None:
    labels = Labels(classes=("background", "sky", "cell"), things=(2,))
    truth = np.array([[1, 1, 1, 1, 2, 2, 0, 2]], np.uint8)
    numbers = np.array([[0, 0, 0, 0, 1, 1, 0, 2]], np.int32)
    predicted = np.array([[1, 1, 1, 2, 2, 2, 2, 0]], np.uint8)
    found = np.array([[0, 0, 0, 1, 1, 1, 2, 0]], np.int32)
    objects = count_objects(truth, numbers, None, found, np.array([2, 2]), np.array([0.9, 0.5]))
    assert objects.true_area.tolist() == [2, 1]
    assert objects.pairs.tolist() == [[0, 0, 2]]
    matched = match_objects(objects)
    assert (matched.missed.tolist(), matched.false.tolist()) == ([1], [1])
    counts = segment_counts(objects, overlap_matrix(truth, predicted, 3), np.zeros(3, np.int64), labels)
    ratios = segment_ratios([counts], labels)
    assert ratios["pq"].by_class()[0].tolist() == pytest.approx([3 / 4, (2 / 3) / 2])
    assert ratios["sq"].by_class()[0].tolist() == pytest.approx([3 / 4, 2 / 3])
    assert ratios["rq"].by_class()[0].tolist() == pytest.approx([1, 1 / 2])
    assert ratios["f1_50"].pooled() == pytest.approx(1 / 2)
    assert ratios["count_error"].pooled() == 0


def test_an_image_without_objects_has_no_score_unless_some_are_predicted() -> None:
    labels, empty = Labels(classes=("background", "cell"), things=(1,)), np.zeros((3, 3), np.int32)
    some = np.eye(3, dtype=np.int32)
    for found, expected in ((empty, np.nan), (some, 0.0)):
        number = np.ones(int(found.max()), np.int64)
        objects = count_objects(empty.astype(np.uint8), empty, None, found, number, np.full(len(number), 0.5))
        overlap = overlap_matrix(empty.astype(np.uint8), found.astype(np.uint8), 2)
        counts = segment_counts(objects, overlap, np.zeros(2, np.int64), labels)
        assert segment_ratios([counts], labels)["pq"].by_image() == pytest.approx(expected, nan_ok=True)


def test_small_predicted_objects_can_be_left_out_of_a_match_record() -> None:
    truth, found = np.zeros((8, 8), np.int32), np.zeros((8, 8), np.int32)
    truth[:4, :4], truth[5:, 5:] = 1, 2
    found[0, 0], found[:4, 1:5], found[5:, 5:] = 1, 2, 3  # of 1, 16 and 9 pixels
    whole = count_objects(
        (truth > 0).astype(np.uint8), truth, None, found, np.array([1, 1, 1]), np.array([0.3, 0.2, 0.1])
    )
    kept = whole.no_smaller(9)
    assert kept.found_area.tolist() == [16, 9]
    assert kept.score.tolist() == [0.2, 0.1]
    assert kept.true_area.tolist() == [16, 9]
    assert kept.pairs.tolist() == [[0, 0, 12], [1, 1, 9]]
    assert whole.no_smaller(10).pairs.tolist() == [[0, 0, 12]]

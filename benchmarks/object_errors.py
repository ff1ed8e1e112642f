"""Which field costs most: scores of a trained model's objects with its fields replaced by the truth, one by one.

    python benchmarks/object_errors.py RUN DATA [--splits CSV] [--split val]

A row whose scores are much higher than those of "as predicted" names what to mend: classes (what belongs to an object),
centres (how many there are), offsets (whose a pixel is), or the order in which scores rank the objects. The last row is
what is lost on the way from the frame to the image's own size and in the grouping. After it, how well calibrated the
objects' scores are: by fifths of the objects, those of low scores first, the mean score and the mean overlap that it is
to expect.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

import pixelwise
from pixelwise.geometry import Frame, resize
from pixelwise.tasks import PanopticTask
from pixelwise.tasks.panoptic.decoding import CENTRES, OFFSETS
from pixelwise.tasks.panoptic.rows import PanopticRow
from pixelwise.tasks.panoptic.scores import best_overlaps
from pixelwise.types import CLASSES, SPLITS, Label, LabelBatch

Values = dict[str, NDArray[np.float32]]
STRIDE = 2
FIFTHS = 5
SHOWN = ("ap", "ap50", "ap75", "pq", "f1_50", "count_error", "mean_iou")


def truth(task: PanopticTask, label: Label) -> Values:
    """Fields of a perfect network at the image's own size."""
    batch = LabelBatch({name: torch.from_numpy(np.array(ids))[None] for name, ids in label.maps.items()})
    return {name: target[0].numpy() for name, (target, _) in task.targets(batch).items()}


def mixed(predicted: Values, true: Values, names: Iterable[str]) -> Values:
    """The predicted fields with these replaced; offsets only where an object is, since elsewhere truth says nothing."""
    found = {**predicted, **{name: true[name] for name in names}}
    if OFFSETS in names:
        inside = true[CENTRES] > 0
        found[OFFSETS] = np.where(inside, true[OFFSETS], predicted[OFFSETS])
    return found


def through_frame(task: PanopticTask, label: Label, size: tuple[int, int]) -> Values:
    """Fields of a perfect network that works at ``STRIDE`` in a frame, enlarged as a network's are."""
    frame = Frame.fit(label.size, size)
    true, fields = truth(task, label), {field.name: field for field in task.fields()}
    small = frame.content_size[0] // STRIDE, frame.content_size[1] // STRIDE
    return {
        name: resize(resize(torch.from_numpy(values)[None], small), label.size)[0].numpy()
        for name, values in true.items()
        if name in fields
    }


def main() -> None:
    """Print a row for each replacement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="val")
    options = parser.parse_args()
    predictor = pixelwise.load(options.run)
    name, task = next((name, one) for name, one in predictor.tasks.items() if isinstance(one, PanopticTask))
    data = pixelwise.open_data(options.data, splits=options.splits, task=name).split(options.split)
    pairs = [data.read(sample) for sample in data.samples]
    predicted = [dict(predictor.field_values(image)[name]) for image, _ in pairs]
    labels = [label for _, label in pairs]
    true = [truth(task, label) for label in labels]
    default, tuned = task.default_settings(), predictor.settings[name]

    def rows(values: Callable[[int], Values], settings: dict[str, float]) -> list[PanopticRow]:
        return [task.row(task.decode(values(at), settings), label) for at, label in enumerate(labels)]

    def show(what: str, found: list[PanopticRow]) -> None:
        names, scored = task.whole_scores(found)
        scores = dict(zip(names, scored(np.ones(len(found))), strict=True))
        scores |= {metric: ratio.pooled() for metric, ratio in task.ratios(found).items()}
        print(f"{what:28}" + "".join(f"{scores[one]:12.3f}" for one in SHOWN), flush=True)

    print(f"{'':28}" + "".join(f"{one:>12}" for one in SHOWN))
    found = rows(predicted.__getitem__, dict(tuned))
    show("as predicted", found)
    ranked = [replace(row, objects=replace(row.objects, score=best_overlaps(row.objects))) for row in found]
    show("scores are true overlaps", ranked)
    for names in (
        (CLASSES,),
        (CENTRES,),
        (OFFSETS,),
        (CENTRES, OFFSETS),
        (CLASSES, CENTRES),
        (CLASSES, OFFSETS),
    ):
        chosen = {**tuned, "smoothing": default["smoothing"]} if CENTRES in names else dict(tuned)
        replaced = [mixed(one, other, names) for one, other in zip(predicted, true, strict=True)]
        show("true " + ", ".join(names), rows(replaced.__getitem__, chosen))
    size = predictor.preprocessing.scale.size
    perfect = [through_frame(task, label, size) for label in labels]
    show("all true, through the frame", rows(perfect.__getitem__, dict(default)))
    show_calibration(found)


def show_calibration(rows: Sequence[PanopticRow]) -> None:
    """Print mean score and overlap of objects, by fifths in the order of their scores, and the rank correlation."""
    scores = np.concatenate([row.objects.score for row in rows])
    overlaps = np.concatenate([best_overlaps(row.objects) for row in rows])
    order, off = np.argsort(scores, kind="stable"), 0.0
    print(f"{'objects':>8}{'score':>8}{'overlap':>9}")
    for part in np.array_split(order, FIFTHS):
        expected, had = scores[part].mean(), overlaps[part].mean()
        off += abs(expected - had) * len(part) / len(order)
        print(f"{len(part):8}{expected:8.3f}{had:9.3f}")
    print(f"off by {off:.3f} on average; rank correlation {spearmanr(scores, overlaps).statistic:.3f}")


if __name__ == "__main__":
    main()

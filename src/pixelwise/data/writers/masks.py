"""Pictures that number objects, as the layout ``instances`` reads them: ``images/``, ``instances/``, ``legend.csv``.

``classes/`` is written where there are several classes or regions that nobody labelled, and ``crowd/`` where there are
crowds. Images of all splits lie together; where two splits share a name, all names begin with their split.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.data.legend import UNLABELLED
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import flatten
from pixelwise.types import CLASSES, CROWD, IGNORE_INDEX, INSTANCES, IdMap

_MOST = 0xFFFF


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> int:
    """Fill a folder; the number of objects in it, stuff left aside.

    Raises:
        DataError: a class by whose name a legend means no class, or more objects than 16 bits can number.
    """
    labels = dataset.labels
    _check_names(dataset)
    void = any(o.class_id == IGNORE_INDEX for one in written for o in one.objects)
    kinds = {INSTANCES}
    if labels.num_classes > 2 or labels.background is None or void:
        kinds.add(CLASSES)
    if any(o.is_crowd for one in written for o in one.objects):
        kinds.add(CROWD)
    lines, objects = [["name", "split"]], 0
    for name, one in named(written, together=True):
        if len(one.objects) > _MOST:
            raise DataError(f"{one.sample.image} has more than {_MOST} objects; convert it to coco.")
        copy_image(one, folder / "images", name)
        maps = flatten(one.objects, image_size(one.sample.image), labels)
        objects += int(np.count_nonzero(np.unique(maps[INSTANCES])))
        for kind, values in maps.items():
            if kind in kinds:
                _save(values, folder / kind / f"{name}.png")
        if one.sample.split:
            lines.append([name, one.sample.split])
    if len(lines) > 1:
        files.write_text(folder / "splits.csv", _csv(lines))
    files.write_text(folder / "legend.csv", _csv(_legend(labels, CLASSES in kinds)))
    return objects


def _check_names(dataset: Dataset) -> None:
    """Raise :class:`DataError` for a class that would be none, since a legend takes its name for something else."""
    labels = dataset.labels
    taken = UNLABELLED | ({"background"} if labels.background is None else set())
    for name in (labels.classes[class_id] for class_id in labels.scored):
        if name.casefold() in taken:
            raise DataError(
                f"{dataset.root} has a class '{name}', a name by which a legend means no class; "
                "rename it there, or convert to another format."
            )


def _legend(labels: Labels, has_classes: bool) -> list[list[str]]:
    kinds = {**dict.fromkeys(labels.stuff, "stuff"), **dict.fromkeys(labels.things, "thing")}
    rows = [[name, str(number), kinds.get(number, "")] for number, name in enumerate(labels.classes)]
    ignored = [["ignore", str(IGNORE_INDEX), ""]] if has_classes else []
    return [["name", "value", "kind"], *rows, *ignored]


def _save(values: IdMap, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    wide = np.uint16 if values.max(initial=0) > 255 else np.uint8
    PIL.Image.fromarray(values.astype(wide)).save(path)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()

"""COCO's panoptic format: ``annotations/panoptic_train.json`` with a folder of PNGs of its name, and ``train/``.

Without splits ``annotations/panoptic.json`` with ``images/``. Where objects overlap the smaller has the pixel, and
stuff of one class is one segment. What is no object, in sets that know it, is stuff called ``background``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, flatten, objects_of
from pixelwise.types import CLASSES, IGNORE_INDEX, INSTANCES, IdMap, Json


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> int:
    """Fill a folder; the number of objects in it, stuff left aside."""
    labels = dataset.labels
    documents: dict[str, Json] = defaultdict(
        lambda: {"images": [], "annotations": [], "categories": _categories(labels)}
    )
    objects = 0
    for image_id, (name, one) in enumerate(named(written), start=1):
        part: str = one.sample.split or ""
        path = copy_image(one, folder / (part or "images"), name)
        height, width = image_size(one.sample.image)
        ids, segments = _segments(flatten(one.objects, (height, width), labels), labels)
        objects += sum(one["category_id"] - 1 in labels.things for one in segments)
        png = folder / "annotations" / _stem(part) / f"{name}.png"
        png.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(coloured(ids)).save(png)
        listed = documents[part]
        listed["images"].append({"id": image_id, "file_name": path.name, "height": height, "width": width})
        listed["annotations"].append({"image_id": image_id, "file_name": png.name, "segments_info": segments})
    for part_name, document in documents.items():
        files.write_text(folder / "annotations" / f"{_stem(part_name)}.json", json.dumps(document))
    return objects


def coloured(ids: NDArray[np.integer]) -> NDArray[np.uint8]:
    """(H, W, 3) for ids (H, W): red + 256 · green + 256² · blue is the id."""
    colours = np.empty((*ids.shape, 3), np.uint8)
    for channel in range(3):
        for row, picture in zip(ids, colours, strict=True):  # one at a time, since ids are wider than colours
            picture[:, channel] = row >> 8 * channel & 255
    return colours


def _stem(part: str) -> str:
    return f"panoptic_{part}" if part else "panoptic"


def _categories(labels: Labels) -> list[Json]:
    return [
        {"id": number, "name": name, "supercategory": name, "isthing": int(number - 1 in labels.things)}
        for number, name in enumerate(labels.classes, start=1)
    ]


def _segments(maps: dict[str, IdMap], labels: Labels) -> tuple[NDArray[np.int32], list[Json]]:
    """(H, W) the id of each pixel's segment, and what is said of them."""
    found = objects_of(maps, labels)
    rest = (maps[INSTANCES] == 0) & (maps[CLASSES] == labels.background)
    if rest.any() and labels.background is not None:
        found.append(ObjectMask.from_mask(rest, labels.background))
    ids = np.zeros(maps[CLASSES].size, np.int32)
    listed: list[Json] = []
    for one in found:
        if one.class_id == IGNORE_INDEX:
            continue
        number = _number(len(listed))
        for begin, end in one.runs.tolist():
            ids[begin:end] = number
        x0, y0, x1, y1 = one.box
        listed.append(
            {
                "id": number,
                "category_id": one.class_id + 1,
                "iscrowd": int(one.is_crowd),
                "area": one.area,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
            }
        )
    return np.ascontiguousarray(ids.reshape(maps[CLASSES].shape, order="F")), listed


def _number(place: int) -> int:
    """An id for each place, all different, whose colours are told apart by eye."""
    # An odd factor permutes the numbers below 2²⁴; 0 stands for pixels that nobody labelled, and comes last.
    return (place + 1) * 0x9E3779 % (1 << 24)

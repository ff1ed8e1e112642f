"""COCO's instances: ``annotations/instances_train.json`` with ``train/``, or ``instances.json`` with ``images/``.

An object is written as polygons where these, drawn as COCO's tools draw them, are its very pixels; else, with holes
and as a crowd, as run lengths. Areas and boxes are those of the pixels.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.objects import ObjectMask, united
from pixelwise.outlines import is_hole
from pixelwise.types import Json


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> int:
    """Fill a folder; the number of objects in it."""
    things = {class_id: number for number, class_id in enumerate(dataset.labels.things, start=1)}
    categories = [{"id": number, "name": dataset.labels.classes[i]} for i, number in things.items()]
    documents: dict[str, Json] = defaultdict(
        lambda: {"images": [], "annotations": [], "categories": categories}
    )
    annotations = 0
    for image_id, (name, one) in enumerate(named(written), start=1):
        part = one.sample.split or "images"
        path = copy_image(one, folder / part, name)
        height, width = image_size(one.sample.image)
        document = documents[part]
        document["images"].append({"id": image_id, "file_name": path.name, "height": height, "width": width})
        for thing in one.objects:
            if thing.class_id in things:
                annotations += 1
                about = {"id": annotations, "image_id": image_id, "category_id": things[thing.class_id]}
                document["annotations"].append({**about, **_annotation(thing)})
    (folder / "annotations").mkdir()
    for folder_name, document in documents.items():
        listed = "instances.json" if folder_name == "images" else f"instances_{folder_name}.json"
        files.write_text(folder / "annotations" / listed, json.dumps(document))
    return annotations


def _annotation(one: ObjectMask) -> Json:
    x0, y0, x1, y1 = one.box
    return {
        "iscrowd": int(one.is_crowd),
        "area": one.area,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "segmentation": segmentation_of(one),
    }


def segmentation_of(one: ObjectMask) -> Any:
    """Polygons, or run lengths where polygons would not be the same pixels."""
    rings = [] if one.is_crowd else one.rings()
    if rings and not any(is_hole(ring) for ring in rings):
        parts = [ObjectMask.from_rings([ring], one.size, one.class_id) for ring in rings]
        if united(parts).counts == one.counts:
            return [[int(number) for number in ring.ravel()] for ring in rings]
    return {"size": list(one.size), "counts": list(one.counts)}

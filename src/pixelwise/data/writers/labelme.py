"""labelme's JSON beside each image, as the layout ``labelme`` reads it.

Parts of one object share a ``group_id``; objects with holes are shapes of the type ``mask``; crowds carry a flag.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

import PIL.Image

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.objects import ObjectMask
from pixelwise.outlines import is_hole
from pixelwise.types import IGNORE_INDEX, Json

VERSION = "5.5.0"
"""Of labelme, whose format this is."""


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> int:
    """Fill a folder, with splits a folder for each; the number of objects in it, among them segments of stuff."""
    objects = 0
    for name, one in named(written):
        path = copy_image(one, folder / (one.sample.split or ""), name)
        height, width = image_size(one.sample.image)
        kept = [o for o in one.objects if has_shapes(o)]
        objects += len(kept)
        shapes = [
            shape
            for group, o in enumerate(kept, start=1)
            for shape in _shapes(o, dataset.labels.classes[o.class_id], group)
        ]
        document: Json = {
            "version": VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": path.name,
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
        files.write_text(path.with_suffix(".json"), json.dumps(document))
    return objects


def has_shapes(one: ObjectMask) -> bool:
    """Whether an object is written: it has pixels, and a class."""
    return one.class_id != IGNORE_INDEX and one.area > 0


def _shapes(one: ObjectMask, label: str, group: int) -> list[Json]:
    rings = one.rings()
    flags = {"crowd": True} if one.is_crowd else {}
    about: Json = {"label": label, "group_id": group if len(rings) > 1 else None, "flags": flags}
    if any(is_hole(ring) for ring in rings):
        x0, y0, x1, y1 = one.box
        png = io.BytesIO()
        PIL.Image.fromarray(one.cut_out()).save(png, "PNG")
        corners = [[x0, y0], [x1 - 1, y1 - 1]]
        text = base64.b64encode(png.getvalue()).decode("ascii")
        return [{**about, "group_id": None, "shape_type": "mask", "points": corners, "mask": text}]
    return [{**about, "shape_type": "polygon", "points": ring.tolist()} for ring in rings]

"""labelme: a JSON file of shapes beside each image, ``a.jpg`` with ``a.json``.

Polygons and rectangles count, and masks, which labelme stores as a PNG in text within a box. Shapes of one label and
one ``group_id`` are parts of one object. A flag ``crowd`` marks a crowd.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, read_json, size_in
from pixelwise.data.layouts.nesting import pictures_in
from pixelwise.data.layouts.paired import tags_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.naming import spelt
from pixelwise.data.objectsource import identity_of, things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_called
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, united
from pixelwise.types import Json, Sample, Size

NAME = "labelme"
_LEVELS = 2
_WORD = b'"shapes"'
_SIZE = ("imageHeight", "imageWidth")


@dataclass(frozen=True)
class LabelmeObjects:
    """Shapes in a JSON file for each image."""

    labels: Labels
    crowds: bool = True

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`, in the order of shapes."""
        path = sample.labels["objects"]
        document = read_json(path)
        known = said_size(document, path, size)
        if known != size:
            raise DataError(
                f"{path} is for {known[1]}×{known[0]} pixels but its image is {size[1]}×{size[0]}; "
                "label this very image."
            )
        parts: dict[Any, list[ObjectMask]] = defaultdict(list)
        for number, shape in enumerate(entry(document, "shapes", list, str(path)), start=1):
            where = f"shape {number} in {path}"
            label, group = entry(shape, "label", str, where), shape.get("group_id")
            key = (number, None) if group is None else (label, str(group))
            parts[key].append(self.part_of(shape, size, where))
        return [united(found) if len(found) > 1 else found[0] for found in parts.values()]

    def part_of(self, shape: Json, size: Size, where: str) -> ObjectMask:
        """The object, or a part of one, of a shape; :class:`DataError` for one that cannot be used."""
        class_id = self.labels.classes.index(entry(shape, "label", str, where))
        flags = shape.get("flags")
        is_crowd = isinstance(flags, dict) and flags.get("crowd") is True
        kind = shape.get("shape_type", "polygon")
        try:
            points = np.array(entry(shape, "points", list, where), np.float64).reshape(-1, 2)
            if not np.isfinite(points).all() or np.abs(points).max() > 1e6:
                raise ValueError("no points")
            if kind == "mask":
                mask = _mask(str(shape.get("mask")), points, size)
                return ObjectMask.from_mask(mask, class_id, is_crowd=is_crowd)
            if kind == "rectangle":
                (x0, y0), (x1, y1) = points
                points = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            elif kind != "polygon" or len(points) < 3:
                raise ValueError("no outline")
        except (ValueError, TypeError, binascii.Error, OSError) as error:
            raise DataError(
                f"{where} is no usable polygon, rectangle or mask ({kind}); correct it."
            ) from error
        return ObjectMask.from_rings([points], size, class_id, is_crowd=is_crowd)

    def files(self, sample: Sample) -> list[Path]:
        """The JSON file."""
        return [sample.labels["objects"]]

    def identity(self, sample: Sample) -> str:
        """Of the format and the classes."""
        return identity_of("labelme", self.labels.classes)


def said_size(document: Json, path: Path, size: Size) -> Size:
    """(height, width) that the file at ``path`` says its image has; ``size``, what it has, where it says nothing of it.

    Raises:
        DataError: an entry of the size holds nothing, or no number of pixels.
    """
    told = dict(zip(_SIZE, size, strict=True)) | {name: document[name] for name in _SIZE if name in document}
    if None in told.values():
        raise DataError(
            f"{path} does not say the size of its image ({' and '.join(_SIZE)}); if it was labelled on this very "
            f"image, write {size[0]} and {size[1]} there."
        )
    return size_in(told, str(path), _SIZE)


def _mask(text: str, points: np.ndarray[Any, np.dtype[np.float64]], size: Size) -> np.ndarray[Any, Any]:
    """A mask (H, W) from a PNG in base64, whose box has its first and last pixel as points."""
    with PIL.Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as picture:
        cut = np.asarray(picture.convert("L")) > 0
    left, top = np.trunc(points[0]).astype(int)
    mask = np.zeros(size, np.bool_)
    if left < 0 or top < 0 or mask[top : top + cut.shape[0], left : left + cut.shape[1]].shape != cut.shape:
        raise ValueError("a mask that reaches beyond the image")
    mask[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return mask


def detect(root: Path) -> bool:
    """Whether an image in ``root`` or up to two levels below has a JSON file of shapes beside it."""
    return root.is_dir() and any(_beside(image) for image in pictures_in(root, _LEVELS))


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name; an image without a JSON file is kept without labels. Classes are in order of their names.

    Raises:
        DataError: a file that is no such JSON, a shape called background, or no shape in any.
    """
    samples, names = [], set[str]()
    for image in pictures_in(root, _LEVELS):
        key = spelt(image.relative_to(root).with_suffix("").as_posix())
        listed = _beside(image)
        if listed is not None:
            for shape in entry(read_json(listed), "shapes", list, str(listed)):
                names.add(entry(shape, "label", str, f"a shape in {listed}"))
                if "background" in names:
                    raise DataError(
                        f"{listed} has a shape called 'background', which is what no shape covers; rename or remove it."
                    )
        split = next((one for word in key.split("/")[:-1] if (one := split_called(word))), None)
        tags = {} if split else tags_of(key)
        samples.append(Sample(key, image, {"objects": listed} if listed else {}, tags, split))
    if not names:
        raise DataError(f"{root} holds no shape of a class; label what is to be found.")
    labels = things_called(sorted(names))
    ordered = tuple(sorted(samples, key=lambda sample: sample.name))
    return Dataset(root, NAME, ordered, labels, source=LabelmeObjects(labels))


def _beside(image: Path) -> Path | None:
    path = image.with_suffix(".json")
    try:
        return path if path.is_file() and _WORD in path.read_bytes() else None
    except OSError:
        return None

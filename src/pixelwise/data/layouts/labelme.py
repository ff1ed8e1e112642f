"""labelme: a JSON file of shapes beside each image, ``a.jpg`` with ``a.json``, or elsewhere if it names its image.

Polygons and rectangles count, and masks, which labelme stores as a PNG in text within a box. Shapes of one label and
one ``group_id`` are parts of one object. A flag ``crowd`` marks a crowd.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, read_json, size_in
from pixelwise.data.layouts.nesting import files_in, pictures_in
from pixelwise.data.layouts.paired import holds_pairs, tags_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.misfits import advice_on_list
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

Points = NDArray[np.float64]
"""(N, 2) x and y."""


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
            advice = advice_on_list(sample.image, known, "label this very image")
            raise DataError(
                f"{path} is for {known[1]}×{known[0]} pixels but its image is {size[1]}×{size[0]}; {advice}."
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
                points = _corners(points)
            elif kind != "polygon" or len(points) < 3:
                raise ValueError("no outline")
        except (ValueError, TypeError, binascii.Error, OSError) as error:
            raise DataError(
                f"{where} is no usable polygon, rectangle or mask ({kind}); {_advice(kind)}."
            ) from error
        return ObjectMask.from_rings([points], size, class_id, is_crowd=is_crowd)

    def files(self, sample: Sample) -> list[Path]:
        """The JSON file."""
        return [sample.labels["objects"]]

    def identity(self, sample: Sample) -> str:
        """Of the format and the classes."""
        return identity_of("labelme", self.labels.classes)


def _advice(kind: Any) -> str:
    advice = {
        "polygon": "give it 3 corners or more, x and y of each",
        "rectangle": "give it two opposite corners, or all four along the axes; draw one that is turned as a polygon",
        "mask": "draw it again",
    }
    return advice.get(str(kind), "shapes of other kinds are not read: draw the object as a polygon")


def _corners(points: Points) -> Points:
    """(4, 2) the corners of a rectangle of two opposite corners, or of four in any order.

    Raises:
        ValueError: others, or a rectangle that is turned.
    """
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    if len(points) != 2 and (len(points) != 4 or {*map(tuple, points)} != {*map(tuple, corners)}):
        raise ValueError("no rectangle along the axes")
    return corners


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


def _mask(text: str, points: Points, size: Size) -> np.ndarray[Any, Any]:
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
    """Whether ``root``, or a folder up to two levels below, holds an image and its JSON file of shapes.

    Files of shapes that lie elsewhere than their images may be what masks were once made of.
    """
    if not root.is_dir():
        return False
    images = list(pictures_in(root, _LEVELS))
    if any(map(_beside, images)):
        return True
    return (
        bool(images) and not holds_pairs(root) and any(one.image for one in _elsewhere(root, images, set()))
    )


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name, else by what the JSON file calls its image; an image without one is kept without labels.

    Classes are those that occur, in order of their names.

    Raises:
        DataError: a file that is no such JSON or has no image, two of one image, a shape called background, or no
            shape in any.
    """
    samples, names = [], set[str]()
    files = _files_of(root, problems)
    for image, listed in files.items():
        key = spelt(image.relative_to(root).with_suffix("").as_posix())
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
    return Dataset(root, NAME, ordered, labels, occurring=True, source=LabelmeObjects(labels))


def without_images(root: Path) -> str | None:
    """In a sentence which file of shapes in a folder that no reader knows lacks its image; None where none does."""
    return next((one.message for one in _elsewhere(root, [], set())), None)


@dataclass(frozen=True)
class _Elsewhere:
    """A file of shapes that lies beside no image.

    Attributes:
        image: what it calls its image, if that is there.
        message: that it is not, or that the file cannot be read.
    """

    path: Path
    image: Path | None
    message: str


def _files_of(root: Path, problems: Problems) -> dict[Path, Path | None]:
    """The JSON file of each image."""
    found = {image: _beside(image) for image in pictures_in(root, _LEVELS)}
    for one in _elsewhere(root, list(found), {path for path in found.values() if path}):
        if one.image is None:
            problems.meet("pair-no-image", one.message, one.path)
        elif (other := found[one.image]) is not None:
            message = f"{one.path} and {other} are both of {one.image.name}; remove one of them."
            problems.meet("pair-clash", message, one.path, other)
        else:
            found[one.image] = one.path
    return found


def _elsewhere(root: Path, images: Sequence[Path], beside: set[Path]) -> Iterator[_Elsewhere]:
    """The files of shapes that are not among those that lie beside their images."""
    by_place = {spelt(str(image.resolve())): image for image in images}
    for path in files_in(root, _is_of_shapes, _LEVELS):
        if path in beside:
            continue
        try:
            document = read_json(path)
        except DataError as error:
            yield _Elsewhere(path, None, str(error))
            continue
        if not isinstance(document.get("shapes"), list):
            continue
        said = document.get("imagePath")
        image = by_place.get(_place(path, said)) if isinstance(said, str) else None
        advice = "put it there, or give the folder around both"
        if document.get("imageData"):
            advice += "; labelme can write the image that the file holds: labelme_export_json"
        named = f", {said!r}," if isinstance(said, str) else ""
        yield _Elsewhere(
            path, image, f"{path} holds labelme's shapes but its image{named} is not there; {advice}."
        )


def _place(path: Path, said: str) -> str:
    try:
        return spelt(str((path.parent / said.replace("\\", "/")).resolve()))
    except (OSError, ValueError):  # a name that no file can have
        return ""


def _beside(image: Path) -> Path | None:
    path = image.with_suffix(".json")
    return path if path.is_file() and _is_of_shapes(path) else None


def _is_of_shapes(path: Path) -> bool:
    try:
        return path.suffix.lower() == ".json" and _WORD in path.read_bytes()
    except OSError:
        return False

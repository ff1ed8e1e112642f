"""COCO's panoptic format: a JSON file that lists segments, and a PNG for each image that shows them (Kirillov 2019).

``annotations/panoptic_train2017.json`` with ``annotations/panoptic_train2017/a.png`` and the images in ``train2017``,
as COCO unpacks; or such a file in the folder itself, with the PNGs in a folder of its name and the images in
``images``, ``input_images`` or the folder. A pixel's segment is red + 256 · green + 256² · blue, and 0 where nobody
labelled. Categories say by ``isthing`` which are things; where the file lists none, a file ``…categories.json`` beside
it does. Stuff called ``background`` is what is no object at all, as ``pixelwise convert`` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, is_there, number_in, read_json, size_in, speaks_of
from pixelwise.data.layouts.cocolists import Listing, id_of, image_of, json_files, name_of, split_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.masks import is_deep_colour
from pixelwise.data.misfits import advice_on_list
from pixelwise.data.objectsource import identity_of
from pixelwise.data.pictures import opened, raw_mode, room_for
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, objects_by_id
from pixelwise.types import IGNORE_INDEX, Json, Sample, Size

NAME = "coco_panoptic"
BACKGROUND = "background"
VOID = 0
"""The id of pixels that nobody labelled."""
_WORDS = (b'"annotations"', b'"images"', b'"segments_info"')


@dataclass(frozen=True)
class Category:
    """A category of the file.

    Attributes:
        number: its id in the file.
    """

    number: int
    name: str
    is_thing: bool


@dataclass(frozen=True)
class PanopticObjects:
    """Segments by the PNG that shows them.

    Attributes:
        categories: class id by category id.
        segments: ``segments_info`` of each PNG.
        lists: the JSON file of each PNG.
        sizes: (height, width) that it says.
    """

    labels: Labels
    categories: Mapping[int, int]
    segments: Mapping[Path, Sequence[Json]]
    lists: Mapping[Path, Path]
    sizes: Mapping[Path, Size]
    crowds: bool = True

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`, in the file's order, with the segments' ids.

        Where the labels have a background, pixels that nobody labelled come last, as one of class ``IGNORE_INDEX``.
        """
        path = sample.labels["objects"]
        if self.sizes[path] != size:
            height, width = self.sizes[path]
            advice = advice_on_list(
                sample.image, self.sizes[path], "give the very images that were annotated"
            )
            raise DataError(
                f"{self.lists[path]} says that {sample.image.name} is {width}×{height} pixels but it is "
                f"{size[1]}×{size[0]}; {advice}."
            )
        ids = read_segments(path, size)
        about = self._about(path)
        for number in np.unique(ids).tolist():
            if number != VOID and number not in about:
                raise DataError(
                    f"{path} shows a segment {number}, which {self.lists[path].name} does not list; add it there, or "
                    "write both anew with the program that made them."
                )
        found = [one for one in objects_by_id(ids, about) if one.class_id != self.labels.background]
        if self.labels.background is None:
            return found
        void = ObjectMask.from_mask(ids == VOID, IGNORE_INDEX)
        return [*found, *[void] * bool(void.area)]

    def _about(self, path: Path) -> dict[int, tuple[int, bool]]:
        """(class id, is a crowd) of each segment by its id; of stuff none is a crowd."""
        found: dict[int, tuple[int, bool]] = {}
        for one in self.segments[path]:
            said = f"a segment of {path.name} in {self.lists[path]}"
            number, category = number_in(one, "id", said), number_in(one, "category_id", said)
            class_id = self.categories.get(category)
            if number in found or not VOID < number < 1 << 24:
                raise DataError(
                    f"{said} has the id {number}, which another has too or a PNG cannot hold; give each its own, from "
                    "1 to 16777215."
                )
            if class_id is None:
                raise DataError(f"{said} is of category {category}, which the file does not list; add it.")
            found[number] = class_id, bool(one.get("iscrowd")) and class_id in self.labels.things
        return found

    def files(self, sample: Sample) -> list[Path]:
        """The PNG."""
        return [sample.labels["objects"]]

    def identity(self, sample: Sample) -> str:
        """Of the segments of this image."""
        segments = self.segments[sample.labels["objects"]]
        return identity_of("coco_panoptic", segments, sorted(self.categories.items()))


def read_segments(path: Path, size: Size) -> NDArray[np.int32]:
    """(H, W) ids of segments in a PNG.

    Raises:
        DataError: unreadable, not in RGB of 8 bits, or of another size than the image.
    """
    with opened(path, load=False) as picture, room_for(picture.size):
        mode = raw_mode(picture)
        if is_deep_colour(picture) or picture.mode not in {"RGB", "RGBA"}:
            raise DataError(
                f"{path} is of the kind {mode}, but ids of segments are coded in RGB of 8 bits; write it anew with the "
                "program that made it."
            )
        picture.load()
        red, green, blue = (np.asarray(picture.getchannel(channel), np.int32) for channel in ("R", "G", "B"))
    if red.shape != size:
        raise DataError(
            f"{path} is {red.shape[1]}×{red.shape[0]} pixels but its image is {size[1]}×{size[0]}; "
            "make it from this very image."
        )
    ids: NDArray[np.int32] = red + (green << 8) + (blue << 16)
    return ids


def detect(root: Path) -> bool:
    """Whether ``root`` or its folder ``annotations`` holds a JSON file of segments."""
    return bool(_lists(root))


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Read every list of segments; an image that is listed without any is kept without labels.

    Raises:
        DataError: a file that is no such JSON, pictures that are not there or listed twice, or lists of different
            categories.
    """
    lists = _lists(root)
    if not lists:
        raise DataError(
            f"{root} holds no COCO panoptic annotations; put panoptic_train.json into a folder annotations."
        )
    categories, labels = _categories(lists)
    listing = Listing(root)
    samples = [
        one
        for path, document in lists.items()
        for one in _samples(root, path, document, len(lists) > 1, listing, problems)
    ]
    known = _by_png([listed for _, listed in samples if listed is not None])
    source = PanopticObjects(
        labels,
        {one.number: labels.classes.index(one.name) for one in categories},
        {png: listed.segments for png, listed in known.items()},
        {png: listed.path for png, listed in known.items()},
        {png: listed.size for png, listed in known.items()},
    )
    ordered = tuple(sorted((sample for sample, _ in samples), key=lambda one: one.name))
    return Dataset(root, NAME, ordered, labels, source=source)


@dataclass(frozen=True)
class _Listed:
    """What a JSON file says of an image."""

    png: Path
    path: Path
    segments: Sequence[Json]
    size: Size


def _by_png(listed: Sequence[_Listed]) -> dict[Path, _Listed]:
    """What is said of each PNG; :class:`DataError` where two annotations say different things of one."""
    known: dict[Path, _Listed] = {}
    for one in listed:
        other = known.setdefault(one.png, one)
        if (other.segments, other.size) != (one.segments, one.size):
            where = (
                f"{other.path} and {one.path}" if other.path != one.path else f"two annotations in {one.path}"
            )
            raise DataError(f"{where} list different segments of {one.png}; give each a PNG of its own.")
    return known


def _samples(
    root: Path, path: Path, document: Json, several: bool, listing: Listing, problems: Problems
) -> list[tuple[Sample, _Listed | None]]:
    """The samples of one JSON file; None for those that nobody labelled."""
    annotations: dict[int, Json] = {}
    for one in entry(document, "annotations", list, str(path)):
        number = number_in(one, "image_id", f"an annotation in {path}")
        if number in annotations:
            message = f"{path} annotates image {number} twice; remove one of both."
            problems.meet("annotation-stray", message, path)
        annotations[number] = one
    found: list[tuple[Sample, _Listed | None]] = []
    split = split_of(path, root)
    for image in entry(document, "images", list, str(path)):
        file = image_of(path, image, root, problems)
        annotation = annotations.pop(id_of(path, image), None)
        if file is None or not listing.is_new(path, image, file, problems):
            continue
        sample = Sample(name_of(path, image, root, several), file, {}, {}, split if several else None)
        if annotation is None:
            found.append((sample, None))
            continue
        listed = _listed(root, path, image, annotation, problems)
        if listed is not None:
            labelled = Sample(sample.name, file, {"objects": listed.png}, {}, sample.split)
            found.append((labelled, listed))
    for number in annotations:
        message = f"{path} annotates image {number}, which it does not list; add the image or remove the annotation."
        problems.meet("annotation-stray", message, path)
    return found


def _listed(root: Path, path: Path, image: Json, annotation: Json, problems: Problems) -> _Listed | None:
    said = f"the annotation of {image['file_name']} in {path}"
    name = entry(annotation, "file_name", str, said)
    folders = [path.with_suffix(""), root / path.stem, root / "panoptic", path.parent]
    png = next((folder / name for folder in folders if is_there(folder / name)), None)
    if png is None:
        message = f"{path} lists {name}, which is not in {path.stem}; put the PNGs there."
        problems.meet("pair-no-mask", message, path)
        return None
    size = size_in(image, f"the entry of {image['file_name']} in {path}")
    return _Listed(png, path, entry(annotation, "segments_info", list, said), size)


def _lists(root: Path) -> dict[Path, Json]:
    """The JSON files of segments and what they hold."""
    return {path: read_json(path) for path in json_files(root) if speaks_of(path, _WORDS)}


def _categories(lists: Mapping[Path, Json]) -> tuple[list[Category], Labels]:
    """The categories, the same in all files, and the labels that they are."""
    found: list[Category] = []
    for path, document in lists.items():
        listed = [_category(one, where) for where, one in _listed_categories(path, document)]
        found = found or listed
        if listed != found:
            raise DataError(f"{path} lists other categories than the file before it; make them alike.")
    path = next(iter(lists))
    names = [one.name for one in found]
    if len({one.number for one in found}) < len(found) or len(set(names)) < len(names):
        raise DataError(f"{path} lists a category twice, by id or by name; make all of them different.")
    if not 2 <= len(found) <= IGNORE_INDEX:
        raise DataError(f"{path} lists {len(found)} categories; between 2 and {IGNORE_INDEX} are possible.")
    background = next((i for i, one in enumerate(found) if one.name == BACKGROUND and not one.is_thing), None)
    things = tuple(i for i, one in enumerate(found) if one.is_thing)
    return found, Labels(classes=tuple(names), background=background, things=things)


def _listed_categories(path: Path, document: Json) -> list[tuple[str, Any]]:
    """(where, category) of the file, or of one ``…categories.json`` beside it."""
    if "categories" in document:
        return [(f"a category in {path}", one) for one in entry(document, "categories", list, str(path))]
    beside = next(iter(sorted(path.parent.glob("*categories.json"))), None)
    if beside is None:
        raise DataError(f"{path} lists no categories; put panoptic_coco_categories.json beside it.")
    try:
        listed = json.loads(beside.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{beside} cannot be read as JSON, it may be cut short; replace the file.") from error
    if not isinstance(listed, list):
        raise DataError(f"{beside} should hold a list of categories; replace the file.")
    return [(f"a category in {beside}", one) for one in listed]


def _category(one: Any, where: str) -> Category:
    is_thing = one.get("isthing") if isinstance(one, dict) else None
    if is_thing not in (0, 1):
        raise DataError(f"{where} lacks a usable 'isthing'; write 1 for things and 0 for stuff.")
    return Category(number_in(one, "id", where), entry(one, "name", str, where), bool(is_thing))

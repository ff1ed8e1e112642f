"""COCO's instances: JSON files that list images, categories and outlines or run-length codes of objects (Lin 2014).

``annotations/instances_train2017.json`` with ``train2017/``, as COCO unpacks; or such a file beside its images, in the
folder itself or in one called ``images``. A JSON file whose name says train, val or test is a split.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, is_there, read_json, size_in, speaks_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.naming import spelt
from pixelwise.data.objectsource import identity_of, things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.runlengths import from_text, tidy
from pixelwise.data.splits import split_called
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, united
from pixelwise.types import IGNORE_INDEX, Json, Sample, Size, SplitName

NAME = "coco"
FOLDERS = (".", "annotations")
"""Where the JSON files may lie."""
_WORDS = (b'"annotations"', b'"images"', b'"categories"', b'"segmentation"')
_LONGEST = 40
"""Characters of a segmentation that a sentence shows."""


ListedImage = tuple[Path, Path]
"""A JSON file, and an image that it lists: two splits may list one image, a leak that a check is to find."""


def listed_image(sample: Sample) -> ListedImage:
    """Where a sample comes from."""
    return sample.labels["objects"], sample.image


@dataclass(frozen=True)
class CocoObjects:
    """Annotations by the JSON file that lists them and the image file that they are of.

    Attributes:
        class_ids: by category id.
    """

    labels: Labels
    class_ids: Mapping[int, int]
    annotations: Mapping[ListedImage, Sequence[Json]]
    sizes: Mapping[ListedImage, Size]
    crowds: bool = True

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`, in the file's order, with the annotations' ids."""
        where = sample.labels["objects"]
        known = self.sizes[listed_image(sample)]
        if known != size:
            raise DataError(
                f"{where} says that {sample.image.name} is {known[1]}×{known[0]} pixels but it is {size[1]}×{size[0]}; "
                "give the very images that were annotated."
            )
        return [self.object_of(one, size, where) for one in self.annotations[listed_image(sample)]]

    def object_of(self, one: Json, size: Size, where: Path) -> ObjectMask:
        """The object of an annotation in the file ``where``; :class:`DataError` for one that cannot be used."""
        number = entry(one, "id", int, f"an annotation in {where}")
        said = f"annotation {number} in {where}"
        class_id = self.class_ids.get(entry(one, "category_id", int, said))
        if class_id is None:
            raise DataError(
                f"{said} is of category {one['category_id']}, which the file does not list; add it."
            )
        try:
            return segment_of(
                one.get("segmentation"), size, class_id, is_crowd=bool(one.get("iscrowd")), original=number
            )
        except (ValueError, TypeError, OverflowError) as error:
            shown = str(one.get("segmentation"))[:_LONGEST]
            raise DataError(f"{said} has no usable segmentation ({shown}); correct or remove it.") from error

    def files(self, sample: Sample) -> list[Path]:
        """None: one file lists the objects of many images."""
        return []

    def identity(self, sample: Sample) -> str:
        """Of the annotations of this image."""
        return identity_of("coco", self.annotations[listed_image(sample)], sorted(self.class_ids.items()))


def segment_of(
    segmentation: Any, size: Size, class_id: int, *, is_crowd: bool = False, original: int | None = None
) -> ObjectMask:
    """The object of a ``segmentation``: polygons, of which it is the union, or run lengths as numbers or text.

    Raises:
        ValueError, TypeError: something else, or run lengths of another image.
    """
    if isinstance(segmentation, dict):
        height, width = segmentation.get("size", size)
        counts = segmentation.get("counts")
        listed = from_text(counts) if isinstance(counts, str) else [int(count) for count in counts or ()]
        if (height, width) != size:
            raise ValueError("run lengths of another size")
        return ObjectMask(class_id, size, tidy(listed), is_crowd, original)
    if not isinstance(segmentation, list) or not segmentation:
        raise ValueError("no segmentation")
    parts = []
    for polygon in segmentation:
        ring = np.array(polygon, np.float64).reshape(-1, 2)
        if len(ring) < 3 or not np.isfinite(ring).all() or np.abs(ring).max() > 1e6:
            raise ValueError("no polygon")
        parts.append(ObjectMask.from_rings([ring], size, class_id, is_crowd=is_crowd, original=original))
    return united(parts) if len(parts) > 1 else parts[0]


def detect(root: Path) -> bool:
    """Whether ``root`` or its folder ``annotations`` holds a JSON file of segmentations."""
    return bool(_lists(root))


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Read every list of annotations; an image without any is labelled: it holds no object.

    Raises:
        DataError: a file that is no such JSON, images that are not there or listed twice, or lists of different
            categories.
    """
    lists = _lists(root)
    if not lists:
        raise DataError(
            f"{root} holds no COCO annotations; put instances_train.json into a folder annotations."
        )
    documents = {path: read_json(path) for path in lists}
    names = _categories(documents)
    labels = things_called([name for _, name in names])
    if labels.num_classes > IGNORE_INDEX:
        raise DataError(f"{root} has {len(names)} categories, more than {IGNORE_INDEX - 1}; merge some.")
    samples, annotations, sizes = [], dict[ListedImage, Sequence[Json]](), dict[ListedImage, Size]()
    several, listing = len(lists) > 1, Listing()
    for path, document in documents.items():
        split = split_of(path)
        by_image = defaultdict(list)
        for one in entry(document, "annotations", list, str(path)):
            by_image[entry(one, "image_id", int, f"an annotation in {path}")].append(one)
        for image in entry(document, "images", list, str(path)):
            found = image_of(path, image, root, problems)
            own = by_image.pop(entry(image, "id", int, f"an image in {path}"), [])
            if found is None or not listing.is_new(path, image, found, problems):
                continue
            annotations[path, found] = own
            sizes[path, found] = size_in(image, f"the entry of {image['file_name']} in {path}")
            name = name_of(path, image, several)
            samples.append(Sample(name, found, {"objects": path}, {}, split if several else None))
        for image_id in by_image:
            message = f"{path} has annotations of image {image_id}, which it does not list; add the image."
            problems.meet("annotation-stray", message, path)
    ids = {number: place for place, (number, _) in enumerate(names, start=1)}
    source = CocoObjects(labels, ids, annotations, sizes)
    return Dataset(root, NAME, tuple(sorted(samples, key=lambda one: one.name)), labels, source=source)


def _lists(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    found = (path for folder in FOLDERS for path in sorted((root / folder).glob("*.json")))
    return [path for path in found if path.is_file() and _names_segmentations(path)]


def _names_segmentations(path: Path) -> bool:
    # Keypoints of people have outlines too, and list the same images again.
    if path.name.startswith("person_keypoints"):
        return False
    return speaks_of(path, _WORDS, never=b'"segments_info"')


def _categories(documents: Mapping[Path, Json]) -> list[tuple[int, str]]:
    """(id, name) in the files' order, the same in all of them."""
    found: list[tuple[int, str]] = []
    for path, document in documents.items():
        listed = [
            (entry(one, "id", int, f"a category in {path}"), entry(one, "name", str, f"a category in {path}"))
            for one in entry(document, "categories", list, str(path))
        ]
        found = found or listed
        if listed != found:
            raise DataError(f"{path} lists other categories than the file before it; make them alike.")
    numbers, names = {number for number, _ in found}, {name for _, name in found}
    if not found or len(numbers) < len(found) or len(names | {"background"}) <= len(found):
        path = next(iter(documents))
        raise DataError(
            f"{path} should list categories of different ids and names, none called background; correct it."
        )
    return found


def split_of(path: Path) -> SplitName | None:
    """The split that the name of a JSON file says."""
    words = re.split(r"[^a-z]+", path.stem.casefold())
    return next((split for split in map(split_called, words) if split is not None), None)


def name_of(path: Path, image: Json, several: bool) -> str:
    """The name of a sample that a JSON file lists; of several files their splits tell equal names apart."""
    stem = spelt(Path(image["file_name"]).with_suffix("").as_posix())
    return f"{split_of(path) or path.stem}/{stem}" if several else stem


class Listing:
    """Which images were listed so far: in a file once, and in several files for different splits alone."""

    def __init__(self) -> None:
        self._ids: set[tuple[Path, int]] = set()
        self._by_image: dict[Path, list[Path]] = {}

    def is_new(self, path: Path, image: Json, found: Path, problems: Problems) -> bool:
        """Whether an entry of a JSON file is the first of this image; that it is another was noted.

        Raises:
            DataError: another file lists the image for the same split, or one of both for none.
        """
        known = self._by_image.setdefault(found, [])
        other = next((one for one in known if one != path and _of_one_split(one, path)), None)
        if other is not None:
            raise DataError(
                f"{other} and {path} both list {found.name}; keep one of them there, or join their annotations in one."
            )
        if path in known or (path, image["id"]) in self._ids:
            message = (
                f"{path} lists {image['file_name']} twice, or another image by its id {image['id']}; keep one entry "
                "of each image, with all of its annotations."
            )
            problems.meet("annotation-stray", message, path)
            return False
        known.append(path)
        self._ids.add((path, image["id"]))
        return True


def _of_one_split(one: Path, other: Path) -> bool:
    return split_of(one) is None or split_of(other) in {None, split_of(one)}


def image_of(path: Path, image: Json, root: Path, problems: Problems) -> Path | None:
    """The image file that a JSON file lists; None where it is not there, and that was noted.

    It lies in ``train2017`` for ``instances_train2017.json``, in ``images``, ``input_images`` or the folder itself.
    """
    name = entry(image, "file_name", str, f"an image in {path}")
    part = path.stem.partition("_")[2] or path.stem
    folders = [root / part, root / "images" / part, root / "images", root / "input_images", root, path.parent]
    found = next((folder / name for folder in folders if is_there(folder / name)), None)
    if found is None:
        message = f"{path} lists {name}, which is neither in {part} nor in images; put it there or remove it."
        problems.meet("pair-no-image", message, path)
    return found

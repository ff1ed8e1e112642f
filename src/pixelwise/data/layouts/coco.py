"""COCO's instances: JSON files that list images, categories and outlines or run-length codes of objects (Lin 2014).

``annotations/instances_train2017.json`` with ``train2017/``, as COCO unpacks; or such a file beside its images, in the
folder itself or in one called ``images`` or ``data``; or one in each of ``train``, ``valid`` and ``test``, as other
programs export. A JSON file is of the split that its name, or its folder's, says.
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
from pixelwise.data.jsonfiles import entry, number_in, read_json, size_in, speaks_of
from pixelwise.data.layouts.cocolists import Listing, id_of, image_of, json_files, name_of, split_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.misfits import advice_on_list
from pixelwise.data.objectsource import identity_of, things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.runlengths import from_text, tidy
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, united
from pixelwise.types import IGNORE_INDEX, Json, Sample, Size

NAME = "coco"
SEGMENTED, EMPTY, UNSEGMENTED = "segmented", "empty", "unsegmented"
"""What a list holds: segmentations, no annotation, or annotations without any segmentation."""
_WORDS = (b'"annotations"', b'"images"', b'"categories"')
_NO_ANNOTATION = re.compile(rb'"annotations"\s*:\s*\[\s*\]')
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
            advice = advice_on_list(sample.image, known, "give the very images that were annotated")
            raise DataError(
                f"{where} says that {sample.image.name} is {known[1]}×{known[0]} pixels but it is {size[1]}×{size[0]}; "
                f"{advice}."
            )
        return [self.object_of(one, size, where) for one in self.annotations[listed_image(sample)]]

    def object_of(self, one: Json, size: Size, where: Path) -> ObjectMask:
        """The object of an annotation in the file ``where``; :class:`DataError` for one that cannot be used."""
        number = number_in(one, "id", f"an annotation in {where}")
        said = f"annotation {number} in {where}"
        category = number_in(one, "category_id", said)
        class_id = self.class_ids.get(category)
        if class_id is None:
            raise DataError(f"{said} is of category {category}, which the file does not list; add it.")
        try:
            return segment_of(
                one.get("segmentation"), size, class_id, is_crowd=bool(one.get("iscrowd")), original=number
            )
        except (ValueError, TypeError, OverflowError) as error:
            if not one.get("segmentation") and one.get("bbox"):
                raise DataError(
                    f"{said} has a box but no segmentation; outline the object, or remove the annotation."
                ) from error
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
    """Whether ``root``, ``annotations`` in it or a folder of a split holds a JSON file of segmentations.

    A list without annotations will do if it is called as COCO calls it.
    """
    lists = _lists(root).items()
    return any(
        kind == SEGMENTED or (kind == EMPTY and path.name.startswith("instances")) for path, kind in lists
    )


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Read every list of annotations; an image without any is labelled: it holds no object.

    Raises:
        DataError: a file that is no such JSON, images that are not there or listed twice, or lists of different
            categories.
    """
    lists = list(_lists(root))
    if not lists:
        raise DataError(
            f"{root} holds no COCO annotations; put instances_train.json into a folder annotations."
        )
    documents = {path: document for path in lists if (document := _segmented(path, problems)) is not None}
    if not documents:
        raise DataError(_no_segmentation(lists[0]))
    names = _categories(documents)
    labels = things_called([name for _, name in names])
    if labels.num_classes > IGNORE_INDEX:
        raise DataError(f"{root} has {len(names)} categories, more than {IGNORE_INDEX - 1}; merge some.")
    samples, annotations, sizes = [], dict[ListedImage, Sequence[Json]](), dict[ListedImage, Size]()
    several, listing = len(lists) > 1, Listing(root)
    for path, document in documents.items():
        split = split_of(path, root)
        by_image = defaultdict(list)
        for one in entry(document, "annotations", list, str(path)):
            by_image[number_in(one, "image_id", f"an annotation in {path}")].append(one)
        for image in entry(document, "images", list, str(path)):
            found = image_of(path, image, root, problems)
            own = by_image.pop(id_of(path, image), [])
            if found is None or not listing.is_new(path, image, found, problems):
                continue
            annotations[path, found] = own
            sizes[path, found] = size_in(image, f"the entry of {image['file_name']} in {path}")
            name = name_of(path, image, root, several)
            samples.append(Sample(name, found, {"objects": path}, {}, split if several else None))
        for image_id in by_image:
            message = f"{path} has annotations of image {image_id}, which it does not list; add the image."
            problems.meet("annotation-stray", message, path)
    ids = {number: place for place, (number, _) in enumerate(names, start=1)}
    source = CocoObjects(labels, ids, annotations, sizes)
    return Dataset(root, NAME, tuple(sorted(samples, key=lambda one: one.name)), labels, source=source)


def without_segmentations(root: Path) -> str | None:
    """In a sentence which list in a folder that no reader knows has no segmentation; None where there is none."""
    return next(map(_no_segmentation, _lists(root)), None)


def _lists(root: Path) -> dict[Path, str]:
    """The lists of instances by what they hold."""
    return {path: kind for path in json_files(root) if (kind := _kind(path)) is not None}


def _kind(path: Path) -> str | None:
    # Keypoints of people have outlines too, and list the same images again.
    if path.name.startswith("person_keypoints"):
        return None
    if speaks_of(path, (*_WORDS, b'"segmentation"'), never=(b'"segments_info"',)):
        return SEGMENTED
    # Lists of panoptic segments and of joints may hold no annotation either.
    if not speaks_of(path, _WORDS, never=(b'"segments_info"', b'"isthing"', b'"keypoints"')):
        return None
    return EMPTY if _NO_ANNOTATION.search(path.read_bytes()) else UNSEGMENTED


def _segmented(path: Path, problems: Problems) -> Json | None:
    """What a list holds; None where it has annotations and not one segmentation, and that was noted."""
    document = read_json(path)
    listed = entry(document, "annotations", list, str(path))
    if not listed or any(isinstance(one, dict) and one.get("segmentation") for one in listed):
        return document
    problems.meet("annotation-outline", _no_segmentation(path), path)
    return None


def _no_segmentation(path: Path) -> str:
    held = "boxes" if speaks_of(path, (b'"bbox"',)) else "annotations"
    return f"{path} has {held} but no segmentation; outline the objects there, or move the file away."


def _categories(documents: Mapping[Path, Json]) -> list[tuple[int, str]]:
    """(id, name) in the files' order, the same in all of them."""
    found: list[tuple[int, str]] = []
    for path, document in documents.items():
        listed = [
            (number_in(one, "id", f"a category in {path}"), entry(one, "name", str, f"a category in {path}"))
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

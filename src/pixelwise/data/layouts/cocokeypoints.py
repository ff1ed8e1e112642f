"""People's joints as COCO writes them: ``person_keypoints_train2017.json`` and the pictures that it names.

The JSON's category says what the joints are called and which of them limbs join; any will do. Pictures lie where COCO
puts them (``train2017`` beside ``annotations``), or in a folder of the split's name, in ``images``, or beside the file.
A picture whose name is found in ``masks`` has that mask of people as well (0 and 255, or 0 and 1).
COCO counts pixels from 0, so a joint at x lies in the middle of pixel x, at x + 0.5 here; its boxes are edges.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pixelwise.data.dataset import Dataset
from pixelwise.data.jsonfiles import entry, is_there, read_json
from pixelwise.data.layouts.nesting import first_folder
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_in_name
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.skeleton import Skeleton, skeleton_of
from pixelwise.types import CocoIds, Json, People, Sample, SplitName

NAME = "coco_keypoints"
LABELS = Labels(classes=("background", "person"))
CENTRE = 0.5
"""From COCO's place of a joint, the number of a pixel, to the middle of that pixel."""

FARTHEST = 1e6
"""Pixels: nothing lies further from an image's corner."""

_ID: tuple[type[int | str], ...] = (int, str)
_NAMED = "*keypoints*.json"


@dataclass(frozen=True)
class _File:
    """A file of joints.

    Attributes:
        values: what it holds.
        skeleton: of its people.
        split: that its name tells.
    """

    path: Path
    values: Json
    category: int
    skeleton: Skeleton
    split: SplitName | None


def detect(root: Path) -> bool:
    """Whether ``root``, ``annotations`` in it or a folder up to two levels below holds a JSON of keypoints."""
    return _folder(root) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Every picture that the files name, with its people; one that shows nobody is a sample as well.

    Raises:
        DataError: another layout, a file that is no JSON of joints, files of different joints, or a picture that is
            missing.
    """
    folder = _folder(root)
    if folder is None:
        raise DataError(
            f"{root} holds no JSON of keypoints; it should be called person_keypoints_train.json."
        )
    files = [_opened(path) for path in sorted(folder.glob(_NAMED))]
    for other in files[1:]:
        if other.skeleton != files[0].skeleton:
            raise DataError(
                f"{files[0].path} and {other.path.name} name different joints or limbs; "
                "keep each in a folder of its own."
            )
    samples = [sample for file in files for sample in _samples(file, root, problems)]
    masked = sum("mask" in sample.labels for sample in samples)
    return Dataset(
        root,
        NAME,
        tuple(_by_unique_names(samples)),
        *hints.over(LABELS),
        skeleton=files[0].skeleton,
        mixed=0 < masked < len(samples),
    )


def _folder(root: Path) -> Path | None:
    return first_folder(root, lambda folder: next(folder.glob(_NAMED), None) is not None, levels=2)


def _opened(path: Path) -> _File:
    values = read_json(path)
    listed = values.get("categories")
    categories = listed if isinstance(listed, list) else []
    with_joints = [one for one in categories if isinstance(one, dict) and one.get("keypoints")]
    if len(with_joints) != 1 or not all(
        isinstance(values.get(part), list) for part in ("images", "annotations")
    ):
        raise DataError(
            f"{path} is no file of keypoints: it should hold images, annotations and one category with keypoints, "
            f"but has {len(with_joints)} of these; export the annotations as COCO keypoints."
        )
    [category] = with_joints
    number = entry(category, "id", int, f"the category of keypoints in {path}")
    names = entry(category, "keypoints", list, f"the category of keypoints in {path}")
    try:
        if not all(isinstance(name, str | int) for name in names):
            raise ValueError("a joint's name is no text")
        limbs = [(int(one) - 1, int(other) - 1) for one, other in category.get("skeleton") or ()]
        skeleton = skeleton_of([str(name) for name in names], limbs)
    except (TypeError, ValueError, OverflowError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{path}: its category of keypoints is wrong ({told}); correct the file.") from error
    return _File(path, values, number, skeleton, split_in_name(path.stem))


def _samples(file: _File, root: Path, problems: Problems) -> Iterator[Sample]:
    by_image = _by_image(file, problems)
    places = list(_places(file, root))
    listed = set()
    for picture in file.values["images"]:
        image_id = entry(picture, "id", _ID, f"an image in {file.path}")
        name = entry(picture, "file_name", str, f"an image in {file.path}")
        listed.add(image_id)
        found = next((path for place in places if name and is_there(path := place / name)), None)
        if found is None:
            problems.meet(
                "pair-no-image",
                f"{file.path} names '{name}', which is in none of its folders; put it back.",
                file.path,
            )
            continue
        people = _people(by_image.get(image_id, ()), file)
        mask = root / "masks" / Path(name).with_suffix(".png")
        labels = {"mask": mask} if mask.is_file() else {}
        ids = CocoIds(image_id, file.category)
        shown = Path(name).with_suffix("").as_posix()
        yield Sample(shown, found, labels, split=file.split, people=people, coco=ids)
    for image_id in by_image:
        if image_id not in listed:
            message = (
                f"{file.path} has annotations of image {image_id}, which it does not list; add the image."
            )
            problems.meet("annotation-stray", message, file.path)


def _by_image(file: _File, problems: Problems) -> dict[int | str, list[Json]]:
    """Annotations of people by the image that they are of; others that hold joints, or are of nothing, are problems."""
    categories = [one.get("id") for one in file.values["categories"] if isinstance(one, dict)]
    found: dict[int | str, list[Json]] = defaultdict(list)
    for one in file.values["annotations"]:
        image_id = entry(one, "image_id", _ID, f"an annotation in {file.path}")
        category = entry(one, "category_id", int, f"an annotation in {file.path}")
        said = f"{file.path}: an annotation of image {image_id} is of category {category}"
        if category == file.category:
            found[image_id].append(one)
        elif category not in categories:
            problems.meet("annotation-category", f"{said}, which the file does not list; add it.", file.path)
        elif one.get("keypoints"):
            problems.meet(
                "annotation-stray", f"{said}, which has no joints; correct the category.", file.path
            )
    return found


def _places(file: _File, root: Path) -> Iterable[Path]:
    """Folders that pictures may lie in, the more particular first."""
    above = [file.path.parent, file.path.parent.parent] if file.path.parent != root else [root]
    token = re.sub(r"^.*keypoints[_-]?", "", file.path.stem)
    names = [name for name in (token, file.split) if name]
    for folder in above:
        for name in names:
            yield from (folder / name, folder / "images" / name, folder / name / "images")
        yield from (folder / "images", folder)


def _people(annotations: Sequence[Json], file: _File) -> People:
    joints = len(file.skeleton.joints)
    empty = People.nobody(np.array(file.skeleton.partners, np.int64))
    if not annotations:
        return empty
    try:
        plain = np.array([one.get("keypoints") or [0.0] * (3 * joints) for one in annotations], np.float64)
        triples = _lengths(plain.reshape(len(annotations), joints, 3))
        boxes = _lengths(
            np.array([one["bbox"] for one in annotations], np.float64).reshape(len(annotations), 4)
        )
        areas = np.array(list(map(_area, annotations, boxes)), np.float64)
        if (boxes[:, 2:] < 0).any() or not ((areas >= 0) & (areas <= FARTHEST**2)).all():
            raise ValueError("a negative size")
        return replace(
            empty,
            keypoints=(triples[..., :2] + CENTRE).astype(np.float32),
            visibility=_visibility(triples[..., 2]),
            boxes=np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).astype(np.float32),
            areas=areas.astype(np.float32),
            is_crowd=np.array([bool(one.get("iscrowd", 0)) for one in annotations]),
        )
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(
            f"{file.path}: an annotation of image {annotations[0]['image_id']} does not hold {joints} joints of x, y "
            "and visibility, a bbox of four numbers and an area, all of them sizes that an image can have; correct "
            "the file."
        ) from error


def _area(annotation: Json, box: NDArray[np.float64]) -> float:
    """Square pixels; the box's where none are told."""
    told = annotation.get("area")
    return float(box[2] * box[3] if told is None else told)


def _lengths(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (np.abs(values) <= FARTHEST).all():  # nor where it is NaN
        raise ValueError("no pixels")
    return values


def _visibility(stored: NDArray[np.float64]) -> NDArray[np.uint8]:
    if not np.isin(stored, (0, 1, 2)).all():
        raise ValueError("visibility is 0, 1 or 2")
    return stored.astype(np.uint8)


def _by_unique_names(samples: Sequence[Sample]) -> list[Sample]:
    """Samples in order of their names; where two pictures have one name, the split is put before it."""
    counts: dict[str, int] = defaultdict(int)
    for sample in samples:
        counts[sample.name] += 1
    named = [
        replace(one, name=f"{one.split or one.image.parent.name}/{one.name}") if counts[one.name] > 1 else one
        for one in samples
    ]
    again = {one.name for one in named}
    if len(again) < len(named):
        raise DataError(f"{samples[0].image.parent}: a picture is listed twice; remove one of its entries.")
    return sorted(named, key=lambda one: one.name)

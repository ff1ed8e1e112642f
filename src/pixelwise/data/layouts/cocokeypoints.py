"""People's joints as COCO writes them: ``person_keypoints_train2017.json`` and the pictures that it names.

The JSON's category says what the joints are called and which of them limbs join; any will do. Pictures lie where COCO
puts them (``train2017`` beside ``annotations``), or in a folder of the split's name, in ``images``, or beside the file.
A picture whose name is found in ``masks`` has that mask of people as well (0 and 255, or 0 and 1).
COCO counts pixels from 0, so a joint at x lies in the middle of pixel x, at x + 0.5 here; its boxes are edges.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.coco import split_of
from pixelwise.data.layouts.nesting import first_folder
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.skeleton import Skeleton, skeleton_of
from pixelwise.types import People, Sample, SplitName

NAME = "coco_keypoints"
LABELS = Labels(classes=("background", "person"))
CENTRE = 0.5
"""From COCO's place of a joint, the number of a pixel, to the middle of that pixel."""

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
    values: Mapping[str, Any]
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
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); check the path and your rights."
        ) from error
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}); export the annotations again.") from error
    categories = values.get("categories", ()) if isinstance(values, dict) else ()
    with_joints = [one for one in categories if isinstance(one, dict) and one.get("keypoints")]
    if len(with_joints) != 1 or not all(
        isinstance(values.get(part), list) for part in ("images", "annotations")
    ):
        raise DataError(
            f"{path} is no file of keypoints: it should hold images, annotations and one category with keypoints, "
            f"but has {len(with_joints)} of these; export the annotations as COCO keypoints."
        )
    [category] = with_joints
    try:
        limbs = [(int(one) - 1, int(other) - 1) for one, other in category.get("skeleton") or ()]
        skeleton = skeleton_of([str(name) for name in category["keypoints"]], limbs)
        return _File(path, values, int(category["id"]), skeleton, split_of(path))
    except (TypeError, ValueError, KeyError, ValidationError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{path}: its category of keypoints is wrong ({told}); correct the file.") from error


def _samples(file: _File, root: Path, problems: Problems) -> Iterator[Sample]:
    by_image: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for annotation in file.values["annotations"]:
        if annotation.get("category_id") == file.category:
            by_image[annotation.get("image_id")].append(annotation)
    places = list(_places(file, root))
    for picture in file.values["images"]:
        name = str(picture.get("file_name", ""))
        found = next((path for place in places if name and (path := place / name).is_file()), None)
        if found is None:
            problems.meet(
                "pair-no-image",
                f"{file.path} names '{name}', which is in none of its folders; put it back.",
                file.path,
            )
            continue
        people = _people(by_image[picture.get("id")], file)
        mask = root / "masks" / Path(name).with_suffix(".png")
        labels = {"mask": mask} if mask.is_file() else {}
        yield Sample(Path(name).with_suffix("").as_posix(), found, labels, split=file.split, people=people)


def _places(file: _File, root: Path) -> Iterable[Path]:
    """Folders that pictures may lie in, the more particular first."""
    above = [file.path.parent, file.path.parent.parent] if file.path.parent != root else [root]
    token = re.sub(r"^.*keypoints[_-]?", "", file.path.stem)
    names = [name for name in (token, file.split) if name]
    for folder in above:
        for name in names:
            yield from (folder / name, folder / "images" / name, folder / name / "images")
        yield from (folder / "images", folder)


def _people(annotations: Sequence[Mapping[str, Any]], file: _File) -> People:
    joints = len(file.skeleton.joints)
    empty = People.nobody(np.array(file.skeleton.partners, np.int64))
    if not annotations:
        return empty
    try:
        plain = np.array([one.get("keypoints") or [0.0] * (3 * joints) for one in annotations], np.float64)
        triples = plain.reshape(len(annotations), joints, 3)
        boxes = np.array([one["bbox"] for one in annotations], np.float64).reshape(-1, 4)
        areas = [one.get("area", box[2] * box[3]) for one, box in zip(annotations, boxes, strict=True)]
        return replace(
            empty,
            keypoints=(triples[..., :2] + CENTRE).astype(np.float32),
            visibility=_visibility(triples[..., 2]),
            boxes=np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).astype(np.float32),
            areas=np.array(areas, np.float32),
            is_crowd=np.array([bool(one.get("iscrowd", 0)) for one in annotations]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{file.path}: an annotation of image {annotations[0].get('image_id')} does not hold {joints} joints of x, "
            "y and visibility, and a bbox of four numbers; correct the file."
        ) from error


def _visibility(stored: Any) -> Any:
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

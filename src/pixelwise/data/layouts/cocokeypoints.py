"""People's joints as COCO writes them: ``person_keypoints_train2017.json`` and the pictures that it names.

The JSON's category says what the joints are called and which of them limbs join; any will do. The file is known by
what it holds, whatever it is called; there may be one in each folder of a split. Pictures lie where COCO puts them
(``train2017`` beside ``annotations``), or in a folder of the split's name, in ``images``, or beside the file.
A picture whose name is found in ``masks`` has that mask of people as well (0 and 255, or 0 and 1).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from pydantic import ValidationError

from pixelwise.data.dataset import Dataset
from pixelwise.data.images import image_size
from pixelwise.data.jsonfiles import entry, is_there, number_in, read_json, size_in, speaks_of
from pixelwise.data.layouts.cocolists import Listing, spellings
from pixelwise.data.layouts.cocopeople import people_of
from pixelwise.data.layouts.nesting import first_folder, folders_in
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.misfits import advice_on_list
from pixelwise.data.naming import spelt
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_in_name
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.skeleton import Skeleton, skeleton_of
from pixelwise.types import CocoIds, Json, Sample, SplitName

NAME = "coco_keypoints"
LABELS = Labels(classes=("background", "person"))
_NAMED = "*keypoints*.json"
_WORDS = (b'"images"', b'"annotations"', b'"categories"', b'"keypoints"')
_MOST = 50
"""A folder of more JSON files holds one for each picture: those alone are looked into that are named for keypoints."""


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
            missing, listed twice, or of another size than the file says.
    """
    folder = _folder(root)
    if folder is None:
        raise DataError(
            f"{root} holds no JSON of keypoints: it should list images, annotations and categories, one of these with "
            "keypoints; export the annotations as COCO keypoints."
        )
    files = [_opened(path, root) for one in _alike(folder, root) for path in _lists(one)]
    for other in files[1:]:
        if other.skeleton != files[0].skeleton:
            raise DataError(
                f"{files[0].path} and {other.path} name different joints or limbs; "
                "keep each in a folder of its own."
            )
    listing = Listing(root)
    samples = [sample for file in files for sample in _samples(file, root, listing, problems)]
    samples = _with_masks(_by_unique_names(samples), files, root, problems)
    masked = sum("mask" in sample.labels for sample in samples)
    return Dataset(
        root,
        NAME,
        tuple(samples),
        *hints.over(LABELS),
        skeleton=files[0].skeleton,
        mixed=0 < masked < len(samples),
    )


def _folder(root: Path) -> Path | None:
    return first_folder(root, lambda folder: bool(_lists(folder)), levels=2)


def _lists(folder: Path) -> list[Path]:
    """The files of keypoints in a folder, by what they hold."""
    found = sorted(folder.glob("*.json"))
    if len(found) > _MOST:
        found = sorted(folder.glob(_NAMED))
    return [path for path in found if is_there(path) and _is_list(path)]


def _is_list(path: Path) -> bool:
    """Whether a file holds what a list of keypoints does, or is called like COCO's and no result for one picture."""
    if path.name.startswith("person_keypoints"):
        return speaks_of(path, (), never=(b'"people"',))
    return speaks_of(path, _WORDS)


def _alike(folder: Path, root: Path) -> list[Path]:
    """The folder; where it is that of a split, or ``annotations`` there, those of the other splits as well."""
    inner = "" if split_in_name(folder.name) else folder.name
    of_split = folder.parent if inner else folder
    if folder == root or of_split == root or not split_in_name(of_split.name):
        return [folder]
    return [one / inner for one in folders_in(of_split.parent) if split_in_name(one.name)]


def _split_of(path: Path, root: Path) -> SplitName | None:
    """The split that a file's name says, or that of a folder around it below ``root``."""
    folders = [folder.name for folder in path.parents if folder != root and folder.is_relative_to(root)]
    return next((split for split in map(split_in_name, [path.stem, *folders]) if split), None)


def _opened(path: Path, root: Path) -> _File:
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
    number = number_in(category, "id", f"the category of keypoints in {path}")
    names = entry(category, "keypoints", list, f"the category of keypoints in {path}")
    try:
        if not all(isinstance(name, str | int) for name in names):
            raise ValueError("a joint's name is no text")
        limbs = [(int(one) - 1, int(other) - 1) for one, other in category.get("skeleton") or ()]
        wrong = next((limb for limb in limbs if not all(0 <= joint < len(names) for joint in limb)), None)
        if wrong is not None:  # told as COCO counts, from 1
            ends = f"{wrong[0] + 1} and {wrong[1] + 1}"
            raise ValueError(f"its skeleton joins {ends}, but joints are counted from 1 to {len(names)}")
        skeleton = skeleton_of([str(name) for name in names], limbs)
    except (TypeError, ValueError, OverflowError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{path}: its category of keypoints is wrong ({told}); correct the file.") from error
    return _File(path, values, number, skeleton, _split_of(path, root))


def _samples(file: _File, root: Path, listing: Listing, problems: Problems) -> Iterator[Sample]:
    by_image = _by_image(file, problems)
    places = list(_places(file, root))
    listed = set()
    for picture in file.values["images"]:
        image_id = _id(picture, "id", f"an image in {file.path}")
        name = entry(picture, "file_name", str, f"an image in {file.path}")
        listed.add(image_id)
        forms = [*spellings(name), *spellings(_inside(name).name)]
        paths = (path for form in forms if form for place in places if is_there(path := place / form))
        found = next(paths, None)
        if found is None:
            problems.meet(
                "annotation-no-image",
                f"{file.path} names '{name}', which is in none of its folders; put it back.",
                file.path,
            )
            continue
        if not listing.is_new(file.path, picture, found, problems, image_id):
            continue
        if (misfit := _misfit(file, picture, found)) is not None:
            problems.meet("size-said", misfit, found)
            continue
        people = people_of(by_image.get(image_id, ()), file.skeleton, file.path, problems)
        shown, ids = spelt(_inside(name).as_posix()), CocoIds(image_id, file.category)
        yield Sample(shown, found, {}, split=file.split, people=people, coco=ids)
    for image_id in by_image:
        if image_id not in listed:
            message = (
                f"{file.path} has annotations of image {image_id}, which it does not list; add the image."
            )
            problems.meet("annotation-stray", message, file.path)


def _id(holder: Json, key: str, where: str) -> int | str:
    """An id, which programs write as a number, as a number in quotes, or as a text."""
    told = holder.get(key) if isinstance(holder, dict) else None
    is_text = isinstance(told, str) and not told.strip().removeprefix("-").isdecimal()
    return entry(holder, key, str, where) if is_text else number_in(holder, key, where)


def _inside(file_name: str) -> PurePosixPath:
    """A listed name without suffix, below the folder of pictures; of a path on another disk its end alone."""
    path = PurePosixPath(file_name.replace("\\", "/"))
    beyond = path.is_absolute() or PureWindowsPath(file_name).drive or ".." in path.parts
    return (PurePosixPath(path.name) if beyond else path).with_suffix("") if path.name else path


def _misfit(file: _File, picture: Json, found: Path) -> str | None:
    """In a sentence that the file tells another size of an image than it has; None where it tells none."""
    if picture.get("width") is None and picture.get("height") is None:
        return None
    said = size_in(picture, f"the entry of {picture['file_name']} in {file.path}")
    try:
        size = image_size(found)
    except DataError:  # whoever looks at every image will tell
        return None
    if size == said:
        return None
    advice = advice_on_list(found, said, "give the very images that were annotated")
    return f"{file.path} says that {found.name} is {said[1]}×{said[0]} pixels but it is {size[1]}×{size[0]}; {advice}."


def _with_masks(
    samples: Sequence[Sample], files: Sequence[_File], root: Path, problems: Problems
) -> list[Sample]:
    """The samples with their masks: ``masks/NAME.png``, or in a folder of the split there, or beside the list."""
    above = [folder for file in files for folder in (file.path.parent, file.path.parent.parent)]
    folders = [one / "masks" for one in dict.fromkeys([root, *above]) if one.is_relative_to(root)]
    folders = [folder for folder in folders if folder.is_dir()]
    found, owners = [], dict[Path, Sample]()
    for sample in samples:
        own, bare = sample.image.parent.name, PurePosixPath(sample.name).name
        names = [f"{part}/{sample.name}" for part in (sample.split, own) if part] + [sample.name, bare]
        places = (
            path
            for folder in folders
            for name in names
            for form in spellings(f"{name}.png")
            if is_there(path := folder / form) and not path.samefile(sample.image)
        )
        mask = next(places, None)
        other = owners.setdefault(mask, sample) if mask is not None else sample
        if mask is None or other is not sample:
            found.append(sample)
        else:
            found.append(replace(sample, labels={"mask": mask}))
        if mask is not None and other is not sample:
            message = (
                f"{mask} may be of {other.image} or of {sample.image}; put masks into folders in masks that are called "
                "as those of the images."
            )
            problems.meet("pair-clash", message, mask)
    return found


def _by_image(file: _File, problems: Problems) -> dict[int | str, list[Json]]:
    """Annotations of people by the image that they are of; others that hold joints, or are of nothing, are problems."""
    categories = {str(one.get("id")) for one in file.values["categories"] if isinstance(one, dict)}
    found: dict[int | str, list[Json]] = defaultdict(list)
    for one in file.values["annotations"]:
        image_id = _id(one, "image_id", f"an annotation in {file.path}")
        category = number_in(one, "category_id", f"an annotation in {file.path}")
        said = f"{file.path}: an annotation of image {image_id} is of category {category}"
        if category == file.category:
            found[image_id].append(one)
        elif str(category) not in categories:
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


def _by_unique_names(samples: Sequence[Sample]) -> list[Sample]:
    """Samples in order of their names; where two pictures have one name, the split is put before it."""
    counts: dict[str, int] = defaultdict(int)
    for sample in samples:
        counts[sample.name] += 1
    named = [
        replace(one, name=f"{one.split or one.image.parent.name}/{one.name}") if counts[one.name] > 1 else one
        for one in samples
    ]
    by_name: dict[str, Sample] = {}
    for one in named:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            raise DataError(
                f"{other.image} and {one.image} would both be called '{one.name}'; remove one of their entries, or "
                "rename it."
            )
    return sorted(named, key=lambda one: one.name)

"""Images beside masks of the same names, in the ways that people and programs lay them out.

- ``images/0006.jpg`` with ``masks/0006.png`` or ``masks/0006_mask.png``, or other usual names of the two folders;
- these two in each of ``train``, ``val`` and ``test``; or ``images/train`` with ``masks/train``; or ``train`` with
  ``train_masks``;
- ``0006.jpg`` and ``0006_mask.png`` in one folder, or a JPEG and a mask of another type by one name;
- ISIC's releases: ``ISIC-2017_Training_Data`` with ``ISIC-2017_Training_Part1_GroundTruth``.

Pictures may lie in folders of their own below these; their names then begin with the folder, which is also a tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.meaning import meaning_of
from pixelwise.data.layouts.nesting import folders_in, holds_files, holds_pictures, pictures_in
from pixelwise.data.layouts.numbering import OBJECTS, numbered
from pixelwise.data.layouts.pairing import (
    ENDINGS,
    Keys,
    Part,
    keyed,
    masks_by_image,
    samples_of,
    without_ending,
)
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_called
from pixelwise.errors import DataError
from pixelwise.types import SPLITS, SplitName

NAME = "paired"

IMAGES = frozenset({"images", "image", "imgs", "img", "jpegimages", "pngimages", "photos"})
MASKS = frozenset(
    {"masks", "mask", "labels", "label", "annotations", "annotation"}
    | {"segmentationclass", "segmentations", "gt", "groundtruth"}
)
"""Names of folders, in small letters and without what separates words."""

_LEVELS = 2  # images and masks in one folder may lie so far below it
_JPEG = frozenset({".jpg", ".jpeg"})  # a mask is not saved so, it would change its values
_SUPERPIXELS = "_superpixels"  # ISIC's, beside the images

_Kind = Literal["images", "masks", "split"]
_Role = tuple[_Kind, SplitName | None]
_Roles = Mapping[_Role, list[Path]]


@dataclass(frozen=True)
class _Place:
    """Where images and their masks are: in two folders, or in one; without masks nobody labelled them."""

    images: Path
    masks: Path | None
    split: SplitName | None = None


def detect(root: Path) -> bool:
    """Whether ``root`` holds images and masks in one of these ways."""
    return holds_pairs(root)


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name, never by order; an image without a mask is kept without labels.

    Raises:
        DataError: folders or names that leave open what belongs together, a mask without an image, or masks whose
            values leave open what they mean.
    """
    if not holds_pairs(root):
        raise DataError(f"{root} does not hold the folders images and masks; name them so.")
    parts = parts_of(root, problems)
    if hints.objects:
        return numbered(root, NAME, samples_of(parts, tags_of), OBJECTS, hints)
    masks = [mask for part in parts for mask in part.masks.values()]
    meaning = meaning_of(masks, root, hints, problems)
    samples = samples_of(parts, tags_of)
    return Dataset(root, NAME, samples, meaning.labels, meaning.coding, inferred=meaning.inferred)


def holds_pairs(root: Path, names: frozenset[str] = MASKS) -> bool:
    """Whether ``root`` holds images, and what belongs to them in folders of such names."""
    return any(place.masks is not None for place in _places(root, names))


def is_of_pairs(folder: Path) -> bool:
    """Whether a folder holds the images of pairs whose masks lie in a folder beside it."""
    return any(place.images == folder for place in _beside(folder))


def is_half(folder: Path) -> bool:
    """Whether a folder holds the images or the masks of pairs, and a folder beside it the others."""
    return any(folder in {place.images, place.masks} for place in _beside(folder))


def _beside(folder: Path) -> list[_Place]:
    """The places in the folder around it that have two folders."""
    return [place for place in _places(folder.parent, MASKS) if place.masks not in {None, place.images}]


def parts_of(root: Path, problems: Problems, names: frozenset[str] = MASKS) -> list[Part]:
    """Images, and what belongs to them in folders of such names, paired by name."""
    return _parts(_places(root, names), problems)


def _places(root: Path, names: frozenset[str]) -> list[_Place]:
    roles = _roles(root, names)
    images, masks = (_only(roles, (kind, None)) for kind in ("images", "masks"))
    if images and masks:
        return list(_two_folders(_inner(images), _inner(masks), names))
    found = [_place_of(roles, split, names) for split in SPLITS]
    places = [place for place in found if place is not None]
    if any(place.masks for place in places):
        return places
    if names != MASKS:  # what tells masks from images in one folder tells nothing else
        return []
    return [_Place(folder, folder) for folder in (images, root) if folder and _is_mixed(folder)][:1]


def _roles(folder: Path, names: frozenset[str]) -> _Roles:
    """The folders in a folder by what their names say; those of other files, as VOC's Annotations, are left out."""
    roles: dict[_Role, list[Path]] = defaultdict(list)
    for child in folders_in(folder):
        role = _role(child.name, names)
        if role is not None and (holds_pictures(child) or not holds_files(child)):
            roles[role].append(child)
    return roles


def _role(name: str, names: frozenset[str]) -> _Role | None:
    """What a folder of this name holds, and of which split."""
    words = re.split(r"[\W_]+", name.casefold())
    if names == MASKS and words[0].startswith(("isic", "isbi")):
        return _isic_role(words)
    if len(words) == 1 and (split := split_called(name)):
        return "split", split
    for rest, split_word in ((words, ""), (words[1:], words[0]), (words[:-1], words[-1])):
        split, joined = split_called(split_word), "".join(rest)
        if (split or not split_word) and joined in IMAGES | names:
            return ("images" if joined in IMAGES else "masks"), split
    return None


def _isic_role(words: list[str]) -> _Role | None:
    # ISIC-2017_Test_v2_Data, ISIC2018_Task1-2_Training_Input; the other parts are no masks of lesions.
    split = next((found for word in words if (found := split_called(word))), None)
    if split and words[-1] in {"data", "input"}:
        return "images", split
    if split and words[-1] == "groundtruth" and {"part1", "task1"} & set(words):
        return "masks", split
    return None


def _only(roles: _Roles, role: _Role) -> Path | None:
    """The folder of a role; of several, the one that holds pictures."""
    folders = roles.get(role, [])
    full = [folder for folder in folders if holds_pictures(folder)] if len(folders) > 1 else folders
    if len(full) > 1:
        names = ", ".join(folder.name for folder in full)
        raise DataError(
            f"{full[0].parent} holds {len(full)} folders of {role[0]} ({names}); "
            "keep one of them there, or list what belongs together in a CSV."
        )
    return next(iter(full or folders), None)


def _inner(folder: Path) -> Path:
    """The folder itself, or the one of the same name that an archive put into it."""
    children = folders_in(folder)
    nested = len(children) == 1 and children[0].name.casefold() == folder.name.casefold()
    return _inner(children[0]) if nested and not any(pictures_in(folder, levels=0)) else folder


def _two_folders(images: Path, masks: Path, names: frozenset[str]) -> Iterator[_Place]:
    """``images`` with ``masks``, or what they hold of each split."""
    inside, labelled = (
        {split: _only(_roles(one, names), ("split", split)) for split in SPLITS} for one in (images, masks)
    )
    if not any(inside.values()):
        yield _Place(images, masks)
        return
    _check_sorted(images, inside.values())
    if any(labelled.values()):
        _check_sorted(masks, labelled.values())
    for split, folder in inside.items():
        if folder:
            # Masks that lie together are paired with the images of every split.
            yield _Place(folder, labelled[split] if any(labelled.values()) else masks, split)


def _check_sorted(folder: Path, places: Iterable[Path | None]) -> None:
    """Raise :class:`DataError` for a picture in a folder that lies in none of the places within it."""
    known = [place for place in places if place]
    for path in pictures_in(folder):
        if not any(path.is_relative_to(place) for place in known):
            names = " and ".join(place.name for place in known)
            raise DataError(f"{path} lies outside {names}; move it into the folder of its split.")


def _place_of(roles: _Roles, split: SplitName, names: frozenset[str]) -> _Place | None:
    """What the folders of one split hold: ``train``, or ``train_images`` with ``train_masks``."""
    images, masks, both = (_only(roles, (kind, split)) for kind in ("images", "masks", "split"))
    if both and not images and not masks:
        inner = _roles(both, names)
        images, masks = (_only(inner, (kind, None)) for kind in ("images", "masks"))
        if not images and names == MASKS and _is_mixed(both):
            return _Place(both, both, split)
    images = images or both
    return _Place(images, masks, split) if images and holds_pictures(images) else None


def _is_mixed(folder: Path) -> bool:
    """Whether there are masks that are told from the images beside them, by their ending or their type."""
    pictures = list(pictures_in(folder, _LEVELS))
    keys = {path.with_suffix("").as_posix() for path in pictures}
    return bool(_beside_jpegs(pictures)) or any(
        without_ending(key) != key and without_ending(key) in keys for key in keys
    )


def _beside_jpegs(pictures: Sequence[Path]) -> set[Path]:
    """What lies beside JPEGs of the same name: masks, where most pictures come in such pairs."""
    photographs = {path.with_suffix("") for path in pictures if path.suffix.lower() in _JPEG}
    others = {path for path in pictures if path.suffix.lower() not in _JPEG}
    masks = {path for path in others if path.with_suffix("") in photographs}
    return masks if 2 * len(masks) > max(len(photographs), len(others)) else set()


def _parts(places: list[_Place], problems: Problems) -> list[Part]:
    images: dict[_Place, Keys] = {}
    masks: dict[Path, Keys] = {}
    of_masks: dict[Path, list[_Place]] = defaultdict(list)
    for place in places:
        if place.masks == place.images:
            images[place], masks[place.images] = _told_apart(place.images, problems)
        else:
            images[place] = _pictures(place.images, problems)
        if place.masks:
            of_masks[place.masks].append(place)
    for folder, sharing in of_masks.items():
        keys = {key for place in sharing for key in images[place]}
        where = sharing[0].images if len(sharing) == 1 else sharing[0].images.parent
        stored = masks.get(folder) or _pictures(folder, problems)
        masks[folder] = masks_by_image(stored, keys, where, problems)
    return [_part(place, images[place], masks) for place in places]


def _part(place: _Place, images: Keys, masks: Mapping[Path, Keys]) -> Part:
    # Images that nobody labelled are of no use to a split: they would only stop it.
    split = place.split if place.masks else None
    return Part(images, masks[place.masks] if place.masks else {}, split, place.split or "")


def _pictures(folder: Path, problems: Problems) -> Keys:
    return keyed(folder, _of_interest(folder), problems)


def _of_interest(folder: Path, levels: int | None = None) -> list[Path]:
    return [path for path in pictures_in(folder, levels) if not path.stem.casefold().endswith(_SUPERPIXELS)]


def _told_apart(folder: Path, problems: Problems) -> tuple[Keys, Keys]:
    """Images, and masks by their own keys, of one folder: by their type if that tells, else by their ending."""
    found = _of_interest(folder, _LEVELS)
    if beside := _beside_jpegs(found):
        images = keyed(folder, (path for path in found if path not in beside), problems)
        return images, keyed(folder, (path for path in found if path in beside), problems)
    pictures = keyed(folder, found, problems)
    masks = {key: path for key, path in pictures.items() if _is_mask(key, pictures)}
    images = {key: path for key, path in pictures.items() if key not in masks}
    of_images = {without_ending(key) for key in masks}
    lonely = [key for key in images if key.casefold().endswith(ENDINGS) and key not in of_images]
    for key in lonely:
        message = f"{images[key]} has no image of that name beside it; add it or remove the mask."
        problems.meet("pair-no-image", message, images.pop(key))
    return images, masks


def _is_mask(key: str, pictures: Keys) -> bool:
    return without_ending(key) != key and without_ending(key) in pictures


def tags_of(key: str) -> dict[str, str]:
    """The folder of an image, by its key."""
    folder = key.rpartition("/")[0]
    return {"folder": folder} if folder else {}

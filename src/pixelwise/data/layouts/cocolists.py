"""What COCO's lists of instances and of segments share: where they lie, and which images and splits they name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pixelwise.data.jsonfiles import entry, is_there, number_in
from pixelwise.data.layouts.nesting import folders_in
from pixelwise.data.naming import spelt
from pixelwise.data.problems import Problems
from pixelwise.data.splits import split_in_name
from pixelwise.errors import DataError
from pixelwise.types import Json, SplitName

FOLDERS = (".", "annotations")
"""Where the JSON files may lie, beside folders that are called like splits."""


_MOST = 8
"""More JSON files in a folder of images are of an image each, and would take long to look into."""


def json_files(root: Path) -> Iterator[Path]:
    """The JSON files that may be lists: in ``root``, in ``annotations``, or in folders that are called like splits."""
    if not root.is_dir():
        return
    for name in FOLDERS:
        yield from _json_in(root / name)
    for folder in folders_in(root):
        found = _json_in(folder) if split_in_name(folder.name) else []
        if len(found) <= _MOST:
            yield from found


def _json_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.json")) if path.is_file()]


def split_of(path: Path, root: Path) -> SplitName | None:
    """The split that the name of a JSON file says, or that of its folder below ``root``."""
    said = split_in_name(path.stem)
    return said if said or path.parent == root else split_in_name(path.parent.name)


def name_of(path: Path, image: Json, root: Path, several: bool) -> str:
    """The name of a sample that a JSON file lists; of several files their splits tell equal names apart."""
    stem = spelt(Path(image["file_name"].replace("\\", "/")).with_suffix("").as_posix())
    return f"{split_of(path, root) or path.stem}/{stem}" if several else stem


class Listing:
    """Which images were listed so far: in a file once, and in several files for different splits alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ids: set[tuple[Path, int | str]] = set()
        self._by_image: dict[Path, list[Path]] = {}

    def is_new(
        self, path: Path, image: Json, found: Path, problems: Problems, number: int | str | None = None
    ) -> bool:
        """Whether an entry of a JSON file is the first of this image; that it is another was noted.

        Args:
            number: the image's id there, where it may be text.

        Raises:
            DataError: another file lists the image for the same split, or one of both for none.
        """
        known = self._by_image.setdefault(found, [])
        number = id_of(path, image) if number is None else number
        other = next((one for one in known if one != path and self._of_one_split(one, path)), None)
        if other is not None:
            raise DataError(
                f"{other} and {path} both list {found.name}; keep one of them there, or join their annotations in one."
            )
        if path in known or (path, number) in self._ids:
            message = (
                f"{path} lists {image['file_name']} twice, or another image by its id {number}; keep one entry "
                "of each image, with all of its annotations."
            )
            problems.meet("annotation-stray", message, path)
            return False
        known.append(path)
        self._ids.add((path, number))
        return True

    def _of_one_split(self, one: Path, other: Path) -> bool:
        split = split_of(one, self._root)
        return split is None or split_of(other, self._root) in {None, split}


def id_of(path: Path, image: Json) -> int:
    """The id of an image that a JSON file lists."""
    return number_in(image, "id", f"an image in {path}")


def image_of(path: Path, image: Json, root: Path, problems: Problems) -> Path | None:
    """The image file that a JSON file lists; None where it is not there, and that was noted.

    It lies in ``train2017`` for ``instances_train2017.json``, in ``images``, ``input_images``, ``data`` or the folder
    itself; for a list in a folder of its split, in these places there.
    """
    name = entry(image, "file_name", str, f"an image in {path}")
    part = path.stem.partition("_")[2] or path.stem
    inside = path.parent not in {root, root / "annotations"}
    folders = [
        base / folder
        for base in ([path.parent] if inside else []) + [root]
        for folder in (part, f"images/{part}", "images", "input_images", "data", ".")
    ]
    places = (folder / spelling for folder in [*folders, path.parent] for spelling in spellings(name))
    found = next((place for place in places if is_there(place)), None)
    if found is None:
        message = f"{path} lists {name}, which is neither in {part} nor in images; put it there or remove it."
        problems.meet("pair-no-image", message, path)
    return found


def spellings(name: str) -> list[str]:
    """How a file may be called that a list names: Windows writes \\, and macOS é as e and an accent."""
    path = name.replace("\\", "/")
    forms = (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))
    return list(dict.fromkeys([name, path, *forms]))

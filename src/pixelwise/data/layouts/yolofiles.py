"""What belongs together in a YOLO set: the YAML file's splits, and the text of each image."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pixelwise.data.layouts.nesting import files_in
from pixelwise.data.naming import spelt
from pixelwise.data.problems import Problems
from pixelwise.data.splits import split_in_name
from pixelwise.data.yamltext import names_after, texts_after
from pixelwise.errors import DataError
from pixelwise.types import SPLITS, SplitName

FILES = ("data.yaml", "data.yml", "dataset.yaml")
"""The usual names of the file that names the classes."""
IMAGES, LABELS = "images", "labels"
_NO_LABELS = frozenset({"classes"})
"""Texts in ``labels`` that programs put there and that are of no image."""

Keys = Mapping[str, Path]
"""Image files by their path below the folder of the data, spelt alike on every computer."""


def listings(root: Path) -> list[Path]:
    """The YAML files that may name the classes: one of a usual name, or those that speak of splits or a path too."""
    usual = [root / name for name in FILES if _holds(root / name, "names")]
    if usual:
        return usual[:1]
    others = sorted(path for ending in ("*.yaml", "*.yml") for path in root.glob(ending))
    return [path for path in others if _holds(path, "names") and _holds(path, "train|val|path")]


def _holds(path: Path, keys: str) -> bool:
    return path.is_file() and re.search(rf"^(?:{keys})\s*:", _text(path), re.MULTILINE) is not None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _from(path: Path, key: str) -> list[str]:
    """The lines of a file from a key on."""
    lines = _text(path).splitlines()
    first = next((at for at, line in enumerate(lines) if re.match(rf"{key}\s*:", line)), len(lines))
    return lines[first:]


def class_names(path: Path) -> list[str]:
    """The names, in YAML's usual ways: ``[a, b]``, a line ``- a`` each, or a line ``0: a`` each.

    Raises:
        DataError: none of these, or two classes of one name.
    """
    names = names_after(_from(path, "names"))
    if not names or not all(names) or len({*names, "background"}) <= len(names):
        raise DataError(f"{path} should name the classes 0, 1, 2, …, all different: names: [cat, dog].")
    return names


class Splits:
    """Which split each image is of: what the YAML file says, else what its folders are called.

    Attributes:
        named: images of each split for which the file names some that are there, by their keys.
    """

    def __init__(self, listing: Path, images: Keys, problems: Problems) -> None:
        """
        Raises:
            DataError: a split whose images are said in no way that is known, or a list that names an image which is
                not there.
        """
        base = "".join(_told(listing, "path"))
        found = {
            split: {
                key
                for value in _told(listing, split)
                for key in _images_at(base, value, listing, images, problems)
            }
            for split in SPLITS
        }
        self.named: dict[SplitName, set[str]] = {split: keys for split, keys in found.items() if keys}

    def of(self, key: str, folders: tuple[str, ...]) -> SplitName | None:
        """The split of an image that lies in such folders."""
        told = [split for split, keys in self.named.items() if key in keys]
        called = next((split for folder in folders if (split := split_in_name(folder))), None)
        if not told:
            return None if called in self.named else called
        # A file must name images for val, and may repeat those of train: that tells nothing apart.
        if (
            len(told) > 1
            and called not in told
            and len({frozenset(keys) for keys in self.named.values()}) == 1
        ):
            return None
        return called if called in told else told[0]


def _told(listing: Path, key: str) -> list[str]:
    lines = _from(listing, key)
    texts = texts_after(lines) if lines else []
    if texts is None:
        raise DataError(
            f"{listing} should say for '{key}' a folder or a list of images in a .txt file, or several: [a, b]; "
            "correct it."
        )
    return texts


def _images_at(base: str, value: str, listing: Path, images: Keys, problems: Problems) -> Iterator[str]:
    """The images in a folder, or of a list, that the YAML file names."""
    root = listing.parent
    for place in _places(f"{base}/{value}"):
        if place.endswith(".txt") and (root / place).is_file():
            yield from _listed(root / place, root, images, problems)
            return
        inside = [key for key in images if place in {"", "."} or key.startswith(f"{place}/")]
        if inside:
            yield from inside
            return


def _listed(path: Path, root: Path, images: Keys, problems: Problems) -> Iterator[str]:
    """The images that a text file names, one a line."""
    folder = path.parent.relative_to(root).as_posix()
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        key = next((place for place in _places(f"{folder}/{line.strip()}") if place in images), None)
        if key is None:
            message = (
                f"{path}, line {number}: there is no image {line.strip()}; put it there or remove the line."
            )
            problems.meet("list-line", message, path)
        else:
            yield key


def _places(written: str) -> Iterator[str]:
    """Where below the data's folder a path may lead that was written on another computer, the longest first."""
    path = PurePosixPath(spelt(written.replace("\\", "/")))
    parts = [part for part in path.parts if part not in {"/", ".", ".."}]
    # A last word alone, such as images, would be found in many a folder.
    for first in range(max(1, len(parts) - 1)):
        yield "/".join(parts[first:])


def texts_of(root: Path, images: Keys, problems: Problems) -> dict[str, Path]:
    """The text of each image that has one, by the image's key.

    Names agree to the letter, or but for upper and lower case; ``a.jpg.txt`` is of ``a.jpg`` too.
    """
    texts = {
        _label_key(root, path): path
        for path in files_in(root, _is_label)
        if LABELS in path.relative_to(root).parts
    }
    wanted = {key: [stem, f"{stem}{path.suffix}"] for key, path in images.items() if (stem := _expected(key))}
    found: dict[str, Path] = {}
    for key, names in wanted.items():
        name = next((one for one in names if one in texts), None)
        if name is not None:
            found[key] = texts[name]
    used = set(found.values())
    folded = defaultdict(list)
    for name, path in texts.items():
        if path not in used:
            folded[name.casefold()].append(path)
    for key, names in wanted.items():
        near = [path for name in names for path in folded[name.casefold()]]
        if key not in found and len(near) == 1:
            found[key] = near[0]
            folded[_label_key(root, near[0]).casefold()].clear()
    for path in sorted(path for paths in folded.values() for path in paths):
        message = f"{path} has no image of that name in {IMAGES}; add it or remove the text."
        problems.meet("pair-no-image", message, path)
    return found


def _is_label(path: Path) -> bool:
    return path.suffix.lower() == ".txt" and path.stem not in _NO_LABELS


def _label_key(root: Path, path: Path) -> str:
    return spelt(path.relative_to(root).with_suffix("").as_posix())


def _expected(key: str) -> str:
    """Where the text of an image is, without its suffix: in ``labels`` in place of the last ``images``."""
    parts = PurePosixPath(key).with_suffix("").parts
    place = place_of(parts)
    return "/".join([*parts[:place], LABELS, *parts[place + 1 :]])


def place_of(parts: tuple[str, ...]) -> int:
    """At which of a path's parts its last folder ``images`` is."""
    return len(parts) - 2 - parts[:-1][::-1].index(IMAGES)

"""Pairing images with masks by their names, never by their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pixelwise.data.naming import spelt
from pixelwise.data.pictures import SUFFIXES
from pixelwise.data.problems import STRICT, Problems
from pixelwise.types import Sample, SplitName

ENDINGS = ("_segmentation", "_mask", "_lesion", "_label")
"""What people add to an image's name to name its mask, in upper or lower case."""

Keys = Mapping[str, Path]
"""Files by their path below a folder without suffix ("patient1/a"), spelt alike on every computer."""


@dataclass(frozen=True)
class Part:
    """Images and masks of one split, or of all.

    Attributes:
        images: all images.
        masks: by the key of the image; an image may have none.
        split: what the folders say.
        prefix: stands before names that would else occur in several parts.
    """

    images: Keys
    masks: Keys
    split: SplitName | None = None
    prefix: str = ""


def keyed(folder: Path, pictures: Iterable[Path], problems: Problems = STRICT) -> Keys:
    """Image files by key.

    Raises:
        DataError: two of one key, or a name that is not in UTF-8.
    """
    found: dict[str, Path] = {}
    for path in pictures:
        if any("\ud800" <= letter <= "\udfff" for letter in path.name):  # bytes that are no UTF-8
            problems.meet(
                "file-name", f"{path.name!a} in {path.parent} is not named in UTF-8; rename it.", path
            )
            continue
        key = spelt(path.relative_to(folder).with_suffix("").as_posix())
        if key in found:
            message = f"{path} and {found[key].name} have the same name; rename or remove one of them."
            problems.meet("pair-clash", message, path, found[key])
            continue
        found[key] = path
    return found


def without_ending(key: str) -> str:
    """A mask's key without what people add to name it; the key itself where they added nothing."""
    ending = next((one for one in ENDINGS if key.casefold().endswith(one)), "")
    return key[: len(key) - len(ending)]


def masks_by_image(masks: Keys, images: Collection[str], folder: Path, problems: Problems = STRICT) -> Keys:
    """Masks by the key of their image: their own, or what is left without an ending or the image's suffix.

    Args:
        folder: where the images are, for the error.

    Raises:
        DataError: a mask without an image, or two of one image.
    """
    found: dict[str, Path] = {}
    named = {key: next((one for one in _image_names(key) if one in images), None) for key in masks}
    advice = "add it or remove the mask"
    if len(named) > 1 and images and not any(named.values()):
        advice = f"no mask there has the name of an image, such as '{min(images)}': rename them"
    for key, path in masks.items():
        image = named[key]
        if image is None:
            message = f"{path} has no image of that name in {folder}; {advice}."
            problems.meet("pair-no-image", message, path)
        elif image in found:
            message = f"{path} and {found[image].name} are both masks of '{image}'; remove one of them."
            problems.meet("pair-clash", message, path, found[image])
        else:
            found[image] = path
    return found


def samples_of(
    parts: Sequence[Part], tags: Callable[[str], dict[str, str]] = lambda key: {}
) -> tuple[Sample, ...]:
    """Samples in order of their names; where two parts share a name, all names begin with their part's.

    Args:
        tags: of an image, by its key.
    """
    counts = Counter(key for part in parts for key in part.images)
    apart = any(count > 1 for count in counts.values())
    samples = [
        Sample(
            f"{part.prefix}/{key}" if apart and part.prefix else key,
            image,
            {"mask": part.masks[key]} if key in part.masks else {},
            tags(key),
            part.split,
        )
        for part in parts
        for key, image in part.images.items()
    ]
    return tuple(sorted(samples, key=lambda sample: sample.name))


def _image_names(key: str) -> list[str]:
    """What the image of a mask may be called, the likeliest first: a_mask, a, and for a.jpg.png also a."""
    names = [key, without_ending(key)]
    for name in tuple(names):
        path = PurePosixPath(name)
        if path.suffix.lower() in SUFFIXES:
            names.append(path.with_suffix("").as_posix())
    return list(dict.fromkeys(names))

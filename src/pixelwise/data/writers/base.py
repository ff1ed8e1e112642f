"""What all writers share: samples with their objects, and copies of images."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelwise.errors import DataError
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample


@dataclass(frozen=True)
class Written:
    """A sample and all of its objects."""

    sample: Sample
    objects: tuple[ObjectMask, ...]


def named(written: Sequence[Written]) -> list[tuple[str, Written]]:
    """A name of one word for each sample, its file's without folders and suffix.

    Raises:
        DataError: two samples that would have the same.
    """
    found: dict[str, Written] = {}
    for one in written:
        # A split's folder is written anew; other folders become part of the name.
        name = one.sample.name.removeprefix(f"{one.sample.split}/").replace("/", "_")
        if name in found:
            raise DataError(
                f"{one.sample.image} and {found[name].sample.image.name} would both be called '{name}'; rename one."
            )
        found[name] = one
    return list(found.items())


def copy_image(one: Written, folder: Path, name: str) -> Path:
    """The image as it is, in a folder under a name; its new path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{one.sample.image.suffix}"
    shutil.copyfile(one.sample.image, path)
    return path

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


def named(written: Sequence[Written], *, together: bool = False) -> list[tuple[str, Written]]:
    """A name of one word for each sample, its file's without folders and suffix; no other of its split has it.

    Args:
        together: all splits lie in one folder, so that names begin with the split where two splits share one.

    Raises:
        DataError: two samples that would lie in one place.
    """
    begins = together and share_names(written)
    found: dict[tuple[str, str], Written] = {}
    for one in written:
        split = one.sample.split or ""
        name = f"{split}_{_own_name(one)}" if begins and split else _own_name(one)
        key = ("" if together else split, name)
        if key in found:
            raise DataError(
                f"{one.sample.image} and {found[key].sample.image.name} would both be called '{name}'; rename one."
            )
        found[key] = one
    return [(name, one) for (_, name), one in found.items()]


def share_names(written: Sequence[Written]) -> bool:
    """Whether samples of several splits have one name."""
    places = {(one.sample.split, _own_name(one)) for one in written}
    return len({name for _, name in places}) < len(places)


def _own_name(one: Written) -> str:
    # A split's folder is written anew; other folders become part of the name.
    return one.sample.name.removeprefix(f"{one.sample.split}/").replace("/", "_")


def copy_image(one: Written, folder: Path, name: str) -> Path:
    """The image as it is, in a folder under a name; its new path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{one.sample.image.suffix}"
    shutil.copyfile(one.sample.image, path)
    return path

"""Where the objects of a set come from, when its labels are not masks of class ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample, Size


class ObjectSource(Protocol):
    """Reads the objects of one image at a time; a layout that tells objects apart brings one."""

    @property
    def labels(self) -> Labels:
        """What class ids in objects mean."""
        ...

    @property
    def crowds(self) -> bool:
        """Whether such a set can hold crowds."""
        ...

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """The objects of a sample whose image has this (height, width).

        Raises:
            DataError: a file that cannot be read or does not fit the image.
        """
        ...

    def files(self, sample: Sample) -> list[Path]:
        """The files that belong to this sample alone and decide what its objects are."""
        ...

    def identity(self, sample: Sample) -> str:
        """A digest of all else that decides it."""
        ...


def identity_of(*plain: Any) -> str:
    """A digest of plain JSON values."""
    return hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=20).hexdigest()


def things_called(names: Sequence[str], stuff: Sequence[str] = ()) -> Labels:
    """Labels of a set of objects: a background, which is not scored, then things, then stuff."""
    things = tuple(range(1, len(names) + 1))
    return Labels(classes=("background", *names, *stuff), background=0, things=things)

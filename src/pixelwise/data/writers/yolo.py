"""YOLO's segmentation sets, as the layout ``yolo`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.data.yamltext import quoted
from pixelwise.objects import ObjectMask
from pixelwise.outlines import joined
from pixelwise.types import SPLITS, SplitName

_NEEDED: tuple[SplitName, ...] = ("train", "val")
"""Ultralytics refuses a set that does not name these."""


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> int:
    """Fill a folder; the number of objects in it.

    Holes and parts are joined by cut lines, crowds and stuff left out.
    """
    numbers = {class_id: number for number, class_id in enumerate(dataset.labels.things)}
    objects = 0
    for name, one in named(written):
        part = one.sample.split or ""
        copy_image(one, folder / "images" / part, name)
        kept = [o for o in one.objects if o.class_id in numbers and o.area and not o.is_crowd]
        objects += len(kept)
        text = folder / "labels" / part / f"{name}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(text, "".join(f"{numbers[o.class_id]} {_outline(o)}\n" for o in kept))
    # Paths are from the file's folder where no `path` says otherwise.
    lines = [f"{split}: images{'/' * bool(part)}{part}\n" for split, part in _parts(written).items()]
    names = "".join(f"  {n}: {quoted(dataset.labels.classes[i])}\n" for i, n in numbers.items())
    files.write_text(folder / "data.yaml", f"{''.join(lines)}names:\n{names}")
    return objects


def borrowed_splits(written: Sequence[Written]) -> dict[SplitName, str]:
    """The splits without images of their own for which others' are named, and the folder of these."""
    return {split: part for split, part in _parts(written).items() if split != (part or "train")}


def _parts(written: Sequence[Written]) -> dict[SplitName, str]:
    """The folder within ``images`` of each split; the empty name where there are no splits."""
    own = {one.sample.split for one in written}
    found: dict[SplitName, str] = {split: split for split in SPLITS if split in own}
    return {**dict.fromkeys(_NEEDED, next(iter(found), "")), **found}


def _outline(one: ObjectMask) -> str:
    ring = joined(one.rings()) / (one.size[1], one.size[0])
    return " ".join(f"{number:.9g}" for number in ring.ravel())

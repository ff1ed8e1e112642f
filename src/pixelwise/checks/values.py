"""What masks hold: values that stand for no class, shades, and masks that say too little."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from pixelwise.checks.examine import MaskFacts
from pixelwise.checks.finding import Found
from pixelwise.checks.maskfacts import MaskContent, patches
from pixelwise.checks.subject import Subject
from pixelwise.types import IGNORE_INDEX

_LOOKS = {
    "numbered": "mask-numbered",
    "smoothed": "mask-smoothed",
    "soft": "mask-soft",
    "jpeg": "mask-jpeg",
    "near-colours": "mask-near-colours",
    "photo": "mask-photo",
}

_FEWEST_MASKS = 8  # of less a class that is in one is no wonder
_FEW = 0.01  # share of the masks
_HARDLY_ANY = 1e-5  # share of the pixels
_COUNTS = 3  # different numbers of objects that a set of masks which number them has at least
_MOST_MASKS = 0.9  # share of the masks that hold every number up to their highest
_FEWEST_PATCHES, _MOST_PATCHES = (
    0.75,
    1.5,
)  # by number; a class that surrounds another has a hole and counts as none


def find(subject: Subject) -> Iterator[Found]:
    """Faults of values, mask by mask and of all masks together."""
    for _, mask, content in subject.masks:
        yield from _one(subject, mask, content)
    yield from _coding(subject)
    yield from _single_valued(subject)
    numbered = list(_numbered(subject))
    yield from numbered or chain(_classes(subject), _rare(subject))


def class_pixels(subject: Subject, content: MaskContent) -> dict[int, int]:
    """Pixels by class id, of the values that stand for one."""
    found: dict[int, int] = defaultdict(int)
    for value, count in content.counts.items():
        if value in subject.coding.ids:
            found[subject.coding.ids[value]] += count
    return dict(found)


def _one(subject: Subject, mask: MaskFacts, content: MaskContent) -> Iterator[Found]:
    place = subject.place
    path = mask.file.path
    if content.look == "coloured":
        colours = _listed(sorted(content.counts), coloured=True)
        yield "mask-coloured", place(path, detail=f"Colours: {colours}.")
        return
    if content.look != "clean":
        yield _LOOKS[content.look], place(path, detail=f"{_many(content)} values.")
        return
    unknown = sorted(value for value in content.counts if value not in subject.coding.ids)
    both = subject.coding.either and {1, 255} <= set(content.counts)
    if unknown or both:
        yield (
            "mask-unknown-value",
            place(path, detail=_unknown(unknown, content)),
        )
        return
    if not subject.is_binary:
        return
    pixels = class_pixels(subject, content)
    if not pixels.get(1):
        yield "mask-empty", place(path)
    elif not pixels.get(0):
        yield "mask-full", place(path)


def _coding(subject: Subject) -> Iterator[Found]:
    """Two ways of writing the same two classes."""
    if not subject.coding.either:
        return
    clean = [
        (mask.file.path, set(content.counts)) for _, mask, content in subject.masks if content.look == "clean"
    ]
    ones = [path for path, values in clean if values == {0, 1}]
    pair = {0, 255} if subject.coding.ids[255] == 1 else None  # not where it is to be ignored
    full = [path for path, values in clean if values == pair]
    if ones and full:
        fewer = min(ones, full, key=len)
        values = "0 and 1" if fewer is ones else "0 and 255"
        for path in fewer:
            yield "mask-mixed", subject.place(path, detail=f"It uses {values}.")
    elif full:
        yield "mask-0-255", subject.place(_folder(full), detail=f"{len(full)} mask{'s' * (len(full) != 1)}.")


def _single_valued(subject: Subject) -> Iterator[Found]:
    """No mask tells one class from another; values that stand for none may yet do."""
    ids, masks = subject.coding.ids, subject.masks
    held = [
        {ids.get(value, f"unknown {value}") for value in content.counts} - {IGNORE_INDEX}
        for _, _, content in masks
    ]
    if masks and all(len(classes) < 2 for classes in held):
        yield "mask-single-value", subject.place(_folder([mask.file.path for _, mask, _ in masks]))


def _numbered(subject: Subject) -> Iterator[Found]:
    """Masks that number objects, and were taken for classes since the numbers are small.

    Classes leave gaps where one is missing, and lie in several patches; objects are counted from 1 in each mask anew.
    """
    if subject.is_binary or not subject.dataset.inferred:
        return
    several = [
        (mask.file.path, content, set(content.counts) - {IGNORE_INDEX})
        for _, mask, content in subject.masks
        if content.look == "clean" and len(content.counts) > 1
    ]
    counted = [one for one in several if one[2] == set(range(len(one[2])))]
    if len({len(held) for _, _, held in counted}) < _COUNTS or len(counted) < _MOST_MASKS * len(several):
        return
    found = objects = 0
    for _, content, held in counted:
        small, are_objects = content.small, np.isin(content.small, list(held - {0}))
        found += patches(small, are_objects)
        objects += len(np.unique(small[are_objects]))
    if _FEWEST_PATCHES * objects <= found <= _MOST_PATCHES * objects:
        for path, _, held in counted:
            yield "mask-numbered", subject.place(path, detail=f"It holds 0 to {len(held) - 1}.")


def _classes(subject: Subject) -> Iterator[Found]:
    """Classes that never occur, or never in training."""
    by_split: dict[str | None, set[int]] = defaultdict(set)
    for one, _, content in subject.masks:
        if content.look == "clean":
            by_split[one.sample.split] |= set(class_pixels(subject, content))
    present = set().union(*by_split.values()) if by_split else set()
    labels = subject.dataset.labels
    if present:
        for class_id, name in enumerate(labels.classes):
            if class_id not in present:
                yield "class-gap", subject.place(subject.dataset.root, detail=f"Class {class_id}, '{name}'.")
    if by_split.get("train"):
        for split in ("val", "test"):
            for class_id in sorted(by_split.get(split, set()) - by_split["train"] - {IGNORE_INDEX}):
                detail = f"Class {class_id}, '{labels.classes[class_id]}', in {split}."
                yield "class-untrained", subject.place(subject.dataset.root, detail=detail)


def _rare(subject: Subject) -> Iterator[Found]:
    """Classes that nothing names, and of which there is so little that they may be a slip of the hand."""
    if subject.is_binary or not subject.dataset.inferred:
        return
    masks = [(mask.file.path, content) for _, mask, content in subject.masks if content.look == "clean"]
    pixels = sum(content.pixels for _, content in masks)
    for class_id in sorted(subject.objects):
        held = [(path, content.counts[class_id]) for path, content in masks if class_id in content.counts]
        few = len(masks) >= _FEWEST_MASKS and len(held) <= max(1, _FEW * len(masks))
        if held and (few or sum(count for _, count in held) < _HARDLY_ANY * pixels):
            for path, count in held:
                yield (
                    "class-rare",
                    subject.place(path, detail=f"Class {class_id}: {count} pixel{'s' * (count != 1)}."),
                )


def _folder(paths: list[Path]) -> Path:
    """The innermost folder that holds them all."""
    return Path(os.path.commonpath([path.parent for path in paths]))


def _unknown(unknown: Sequence[int], content: MaskContent) -> str:
    """Which values stand for no class; none where the mask has both ways of writing the object."""
    holds = f"It holds {_listed(sorted(content.counts), coloured=content.coloured)}"
    return f"{holds}; unknown: {_listed(unknown, coloured=content.coloured)}." if unknown else f"{holds}."


def _many(content: MaskContent) -> str:
    return f"{len(content.counts)}" if len(content.counts) < 1024 else "Over 1000"


def _listed(values: Sequence[int], *, coloured: bool) -> str:
    shown = ", ".join(f"#{value:06x}" if coloured else str(value) for value in values[:8])
    return shown + (", …" if len(values) > 8 else "")

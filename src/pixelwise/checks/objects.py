"""Sets that tell objects apart: what is wrong with annotations and with the pictures that number objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Subject
from pixelwise.types import INSTANCES, Sample

SEVERAL = 0.3
"""Share of numbers in several pieces from which they are taken for classes."""
_FEWEST = 3
"""Numbers in several pieces that this takes at least."""
_MOST_CLASSES = 20
"""Different numbers that classes have at most."""
SPECK, USUAL = 3, 100
"""Objects of so few pixels are specks, where the median object has so many."""
_MOST_NAMED = 3


def find(subject: Subject) -> Iterator[Found]:
    """Faults of objects, image by image and of the set as a whole."""
    classes = _are_classes(subject)
    areas = [area for facts in subject.told_apart.values() for area in facts.areas]
    usual = float(np.median(areas)) if areas else 0.0
    for one in subject.examined:
        facts = subject.told_apart.get(one.sample.name)
        if facts is None:
            continue
        path = where(one.sample)
        details: dict[str, list[str]] = defaultdict(list)
        for kind, detail in facts.faults:
            if kind != "object-pieces" or not classes:
                details[kind].append(subject.shown(detail.removeprefix(str(path)).strip()))
        if classes and facts.ids[1]:
            details["ids-classes"].append(
                f"{facts.ids[1]} of {sum(facts.ids)} numbers are in several pieces."
            )
        specks = sum(0 < area <= SPECK for area in facts.areas)
        spoilt = any(kind.startswith("ids-") for kind, _ in facts.faults)
        if specks and usual >= USUAL and not spoilt:
            details["object-speck"].append(f"{specks}; usual are {usual:.0f} pixels.")
        for kind, said in details.items():
            yield kind, subject.place(path, detail=joined(said))


def where(sample: Sample) -> Path:
    """The file to name: the label's own, else the image."""
    path = sample.labels.get(INSTANCES) or sample.labels.get("objects")
    # A list of many images says nothing of where.
    shared = path is None or (path.is_file() and path.stem != sample.image.stem)
    return sample.image if shared or path is None else path


def _are_classes(subject: Subject) -> bool:
    """Whether the numbers in pictures are those of classes: few ones in all, many of them in several pieces."""
    facts = [one for one in subject.told_apart.values() if sum(one.ids)]
    several, total = sum(one.ids[1] for one in facts), sum(sum(one.ids) for one in facts)
    numbers = {number for one in facts for number in one.numbers}
    return several >= _FEWEST and several >= SEVERAL * total and len(numbers) <= _MOST_CLASSES


def joined(said: list[str]) -> str:
    """The first few of what there is to say of an image, and how many more there are."""
    more = f"; and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return "; ".join(said[:_MOST_NAMED]) + more

"""All checks of a data set, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pixelwise.checks import content, files, fitting, joints, likeness, objects, pairs, sizes, values
from pixelwise.checks.examine import Examined
from pixelwise.checks.finding import Finding, gather
from pixelwise.checks.looker import Looker
from pixelwise.checks.objectfacts import ObjectFacts
from pixelwise.checks.subject import Subject
from pixelwise.data.dataset import Dataset
from pixelwise.data.duplicates import Match

CHECKS = (
    files.find,
    pairs.find,
    sizes.find,
    values.find,
    content.find,
    fitting.find,
    objects.find,
    joints.find,
    likeness.find,
)


def look_at(
    dataset: Dataset, looker: Looker, on_sample: Callable[[int], None] = lambda done: None
) -> Subject:
    """Decode every file once, several at a time, and compare all images; a file that cannot be read is no error.

    Args:
        looker: may have looked at masks already.
        on_sample: called with the number of samples examined so far.
    """
    coding = dataset.mask_coding
    found: list[Examined] = []
    told_apart: dict[str, ObjectFacts] = {}
    # Decoding leaves Python to other threads; many more than cores would only wait for each other.
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        examined = pool.map(lambda sample: looker.look(sample, coding), dataset.samples)
        for done, one in enumerate(examined, start=1):
            found.append(one)
            on_sample(done)
        whole = [one for one in found if one.image.file.fault is None and one.sample.labels]
        if dataset.source is not None:
            facts = pool.map(
                lambda one: looker.look_at_objects(dataset, one.sample, one.image.file.size), whole
            )
            told_apart = {one.sample.name: each for one, each in zip(whole, facts, strict=True)}
    return Subject(dataset, found, coding, _near_duplicates(found, looker), told_apart)


def _near_duplicates(examined: Sequence[Examined], looker: Looker) -> list[Match]:
    """Matches by places in ``examined``; those that could not be read are compared with nothing."""
    signatures = {
        place: one.image.signature for place, one in enumerate(examined) if one.image.signature is not None
    }
    places = list(signatures)
    matches = looker.matches(list(signatures.values()))
    return [replace(match, first=places[match.first], second=places[match.second]) for match in matches]


def find_all(subject: Subject) -> list[Finding]:
    """What is wrong, errors first."""
    return gather(found for check in CHECKS for found in check(subject))

"""All checks of a data set, in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pixelwise.checks import content, files, fitting, likeness, pairs, sizes, values
from pixelwise.checks.examine import Examined
from pixelwise.checks.finding import Finding, gather
from pixelwise.checks.remembered import recall_or_examine
from pixelwise.checks.subject import Subject
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset

CHECKS = (files.find, pairs.find, sizes.find, values.find, content.find, fitting.find, likeness.find)


def look_at(dataset: Dataset, cache: Cache, on_sample: Callable[[int], None] = lambda done: None) -> Subject:
    """Decode every file once, several at a time; a file that cannot be read is a fault, never an error.

    Args:
        cache: remembers what was learned of files that do not change.
        on_sample: called with the number of samples examined so far.
    """
    coding = dataset.mask_coding
    found: list[Examined] = []
    # Decoding leaves Python to other threads; a few more than cores, since some wait for the disk.
    with ThreadPoolExecutor((os.cpu_count() or 1) + 2) as pool:
        examined = pool.map(lambda sample: recall_or_examine(sample, coding, cache), dataset.samples)
        for done, one in enumerate(examined, start=1):
            found.append(one)
            on_sample(done)
    return Subject(dataset, found, coding)


def find_all(subject: Subject) -> list[Finding]:
    """What is wrong, errors first."""
    return gather(found for check in CHECKS for found in check(subject))

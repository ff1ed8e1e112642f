"""All checks of a data set, in order."""

from __future__ import annotations

from collections.abc import Callable

from pixelwise.checks import content, files, fitting, likeness, pairs, sizes, values
from pixelwise.checks.examine import examine
from pixelwise.checks.finding import Finding, gather
from pixelwise.checks.subject import Subject
from pixelwise.data.dataset import Dataset

CHECKS = (files.find, pairs.find, sizes.find, values.find, content.find, fitting.find, likeness.find)


def look_at(dataset: Dataset, on_sample: Callable[[int], None] = lambda done: None) -> Subject:
    """Examine all files of a data set; ``on_sample`` hears how many samples are done."""
    return Subject(dataset, examine(dataset.samples, dataset.mask_coding, on_sample), dataset.mask_coding)


def find_all(subject: Subject) -> list[Finding]:
    """What is wrong, errors first."""
    return gather(found for check in CHECKS for found in check(subject))

"""What the values in masks mean where no layout tells: by a legend, or by the values themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pixelwise.data.legend import Hints, Legend, find_legend
from pixelwise.data.masks import MaskCoding, stored_values
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX

MOST_CLASSES = 64
"""More classes than that without a legend are grey levels of a smoothed mask."""

_WITH_BORDER = MaskCoding(MappingProxyType({0: 0, 1: 1, IGNORE_INDEX: IGNORE_INDEX}))


@dataclass(frozen=True)
class Meaning:
    """Labels and coding as in :class:`~pixelwise.data.dataset.Dataset`; ``inferred`` where values alone tell them."""

    labels: Labels
    coding: MaskCoding | None
    inferred: bool


def meaning_of(masks: Sequence[Path], root: Path, hints: Hints, problems: Problems = STRICT) -> Meaning:
    """What masks mean: by the person's legend, by one that lies in ``root``, or guessed from what they all hold.

    Raises:
        DataError: a legend that cannot be understood, masks in colour or of two values that are no usual pair.
    """
    legend = hints.legend or find_legend(root)
    if legend is not None and not _is_open(legend):
        return Meaning(*replace(hints, legend=legend).over(legend.labels), inferred=False)
    found = _guessed(masks, hints, problems)
    if legend is not None:
        found = _named(found, legend)
    return Meaning(*replace(hints, legend=None).over(found.labels, found.coding), inferred=found.inferred)


def _is_open(legend: Legend) -> bool:
    """Whether a list of two names leaves open how the masks spell them, 0 and 1 or 0 and 255."""
    return legend.coding is None and legend.labels.num_classes == 2


def _named(found: Meaning, legend: Legend) -> Meaning:
    if found.labels.num_classes > 2:
        raise DataError(
            f"{legend.path} names 2 classes but the masks hold values up to {found.labels.num_classes - 1}; "
            "name every class, the background too."
        )
    return Meaning(legend.labels, found.coding or MaskCoding.of(found.labels), inferred=False)


def _guessed(masks: Sequence[Path], hints: Hints, problems: Problems) -> Meaning:
    # A mask that breaks the rule for two values is told apart from class ids by what all masks hold together.
    ignored = hints.ignored()
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:  # more would wait for each other
        values = pool.map(stored_values if problems is STRICT else hints.values_of, masks)
        held = [set(found) - {ignored} for found in values]
    if problems is not STRICT:
        held = _majority(held)
    present = set[int]().union(*held)
    ids = present - {IGNORE_INDEX}
    if problems is STRICT:
        _check_pair(present, masks)
    if ids and 1 < max(ids) <= MOST_CLASSES:
        classes = tuple(f"class {i}" for i in range(max(ids) + 1))
        return Meaning(Labels(classes=classes, background=None), None, inferred=True)
    # Else two classes; of grey levels, reading a mask will say what is wrong.
    labels = Labels(classes=("background", "object"))
    bordered = present <= {0, 1, IGNORE_INDEX} and any({1, IGNORE_INDEX} <= values for values in held)
    return Meaning(labels, _WITH_BORDER if bordered else None, inferred=True)


def _majority(held: Sequence[set[int]]) -> list[set[int]]:
    """What the masks hold that agree with most: faulty ones among them must not decide what the others mean."""
    several = [values for values in held if len(values) > 1]
    pairs = [values for values in several if values in ({0, 1}, {0, IGNORE_INDEX})]
    plain = [values for values in several if len(values) <= MOST_CLASSES]
    if 2 * len(pairs) > len(several):
        full = [values for values in pairs if IGNORE_INDEX in values]
        # Beside masks of 0 and 1 others may hold further ids; beside 0 and 255 nothing else makes sense.
        plain = (
            pairs if full else [values for values in plain if max(values - {IGNORE_INDEX}) <= MOST_CLASSES]
        )
    return plain or list(held)


def _check_pair(present: Set[int], masks: Sequence[Path]) -> None:
    if len(present) == 2 and present not in ({0, 1}, {0, IGNORE_INDEX}):
        raise DataError(
            f"the masks in {masks[0].parent} hold the values {min(present)} and {max(present)}; "
            "save two classes as 0 and 255, or as 0 and 1, or say in a file given with --legend what they mean."
        )

"""Drawing splits by a seed: what belongs together stays together, and every kind of image gets its share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.types import SplitName

MOST_VALUES = 20
"""Drawn splits are not balanced by tags of more values than that."""

Together = Sequence[Collection[str]]
"""Names of samples that must lie in one split, set by set."""
NO_KINDS: Mapping[str, str] = {}

Part = TypeVar("Part")


def draw_splits(
    dataset: Dataset,
    seed: int,
    *,
    val: float = 0.15,
    test: float = 0.2,
    together: Together = (),
    kinds: Mapping[str, str] = NO_KINDS,
) -> Dataset:
    """Draw splits at random by ``seed``, each combination of tags and kinds in the same shares.

    Samples of one group (:attr:`Dataset.group`) are kept in one split, and those that belong together otherwise. Tags
    of many values (an age, a patient's number) are not balanced: every image would be a kind of its own.

    Args:
        val, test: shares of the samples; the rest trains.
        together: sets of names that must lie in one split; those that overlap are joined.
        kinds: of samples by name, to be balanced as a tag is (small and large objects, say).
    """
    order = _order(dataset, seed, together, kinds)
    shares: dict[SplitName, float] = {"train": 1 - val - test, "val": val, "test": test}
    splits = _dealt([len(unit) for unit in order], shares)
    return dataset.with_splits(
        {name: split for unit, split in zip(order, splits, strict=True) for name in unit}
    )


def draw_parts(
    dataset: Dataset, count: int, seed: int, *, together: Together = (), kinds: Mapping[str, str] = NO_KINDS
) -> dict[str, int]:
    """The part of every sample by name, 0 to ``count`` - 1, drawn as :func:`draw_splits` draws splits.

    Parts are of about one size, and none is empty.

    Raises:
        DataError: fewer groups of samples that belong together than parts.
    """
    order = _order(dataset, seed, together, kinds)
    if len(order) < count:
        only = (
            f"{len(order)} image{'s' * (len(order) != 1)}"
            if len(order) == len(dataset)
            else f"{len(order)} group{'s' * (len(order) != 1)} of images that belong together"
        )
        raise DataError(
            f"{dataset.root} has {only} to learn from, too few for {count} folds; "
            f"{f'give at the most --folds {len(order)}' if len(order) > 1 else 'train without --folds'}."
        )
    parts = _dealt([len(unit) for unit in order], dict.fromkeys(range(count), 1 / count))
    return {name: part for unit, part in zip(order, parts, strict=True) for name in unit}


def _order(
    dataset: Dataset, seed: int, together: Together, kinds: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Units of samples in the order in which they are dealt, drawn by ``seed``; those of one kind follow each other."""
    units = _units(dataset, together)
    keys = _keys(dataset, kinds)
    generator = np.random.default_rng(seed)
    by_key: dict[tuple[tuple[str, str], ...], list[tuple[str, ...]]] = defaultdict(list)
    for unit in units:
        if len(unit) == 1:
            by_key[keys[unit[0]]].append(unit)
    # The large ones first, while there is room to make up for them; those of one size by the kind of most in them.
    order = sorted(
        (unit for unit in units if len(unit) > 1),
        key=lambda unit: (-len(unit), Counter(keys[n] for n in unit).most_common(1), generator.random()),
    )
    for key in sorted(by_key):
        alike = sorted(by_key[key])
        order += [alike[i] for i in generator.permutation(len(alike))]
    return order


def carve_validation(
    dataset: Dataset,
    seed: int,
    share: float = 0.15,
    *,
    together: Together = (),
    kinds: Mapping[str, str] = NO_KINDS,
) -> Dataset:
    """Move a share of the training samples to validation, drawn by ``seed``; at least one, never all.

    Where all training samples belong together none is moved.
    """
    training = dataset.split("train")
    if len(_units(training, together)) < 2:
        return dataset
    share = min(max(share, 1 / len(training)), 1 - 1 / len(training))
    drawn = draw_splits(training, seed, val=share, test=0.0, together=together, kinds=kinds)
    names = {sample.name for sample in drawn.split("val").samples}
    if len(names) in {0, len(training)}:  # a few large units may leave one side with none
        smallest = min(_units(training, together), key=len)
        names = set(smallest)
    return replace(
        dataset,
        samples=tuple(replace(s, split="val") if s.name in names else s for s in dataset.samples),
    )


def joined(sets: Together) -> list[set[str]]:
    """Sets of which no two overlap: those that do are made one; none is empty."""
    part_of: dict[str, set[str]] = {}
    for names in sets:
        parts = {id(part_of[name]): part_of[name] for name in names if name in part_of}
        whole = max(parts.values(), key=len, default=set[str]())
        new = set(names).union(*parts.values()) - whole
        whole |= new
        part_of |= dict.fromkeys(new, whole)
    return list({id(part): part for part in part_of.values()}.values())


def _units(dataset: Dataset, together: Together) -> list[tuple[str, ...]]:
    """All samples, those that belong together in one tuple, by name."""
    names = [sample.name for sample in dataset.samples]
    groups: dict[str, set[str]] = defaultdict(set)
    for sample in dataset.samples:
        if dataset.group is not None and dataset.group in sample.tags:
            groups[sample.tags[dataset.group]].add(sample.name)
    present = set(names)
    sets = joined([*groups.values(), *({*one} & present for one in together)])
    found = [tuple(sorted(one)) for one in sets]
    taken = {name for unit in found for name in unit}
    return sorted([*found, *((name,) for name in names if name not in taken)])


def _keys(dataset: Dataset, kinds: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """What every sample is balanced by."""
    balanced = _balanced_tags(dataset)
    found = {}
    for sample in dataset.samples:
        tags = sorted((tag, value) for tag, value in sample.tags.items() if tag in balanced)
        found[sample.name] = (*tags, ("", kinds.get(sample.name, "")))
    return found


def _balanced_tags(dataset: Dataset) -> set[str]:
    values: dict[str, set[str]] = defaultdict(set)
    for sample in dataset.samples:
        for tag, value in sample.tags.items():
            values[tag].add(value)
    values.pop(dataset.group or "", None)  # all of a group go to one split
    return {tag for tag, found in values.items() if len(found) <= MOST_VALUES and len(found) < len(dataset)}


def _dealt(sizes: Sequence[int], shares: Mapping[Part, float]) -> list[Part]:
    # Each goes where most is owed, so that every stretch of the ordered list, hence every kind, gets its shares.
    owed = dict.fromkeys(shares, 0.0)
    dealt: list[Part] = []
    for size in sizes:
        for part, share in shares.items():
            owed[part] += share * size
        dealt.append(max(shares, key=lambda part: owed[part]))
        owed[dealt[-1]] -= size
    return dealt

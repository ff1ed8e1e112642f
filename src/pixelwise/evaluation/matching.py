"""Scores of several runs on the images that they share."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pixelwise.errors import DataError
from pixelwise.evaluation.intervals import Values
from pixelwise.evaluation.schema import ImageRow, Metrics
from pixelwise.evaluation.units import Units, count_of, units_of

FEWEST_IMAGES = 2


@dataclass(frozen=True)
class Matched:
    """What can be compared.

    Attributes:
        images: rows of the first run, in its order, of the images that all runs have a score of.
        scores: (runs, images) of the headline metric.
        n_unshared: images that some run lacks.
        n_undefined: shared images on which some run has no score.
        units: (images,) what is resampled as one.
    """

    images: tuple[ImageRow, ...]
    scores: Values
    n_unshared: int
    n_undefined: int
    units: Units


def match(runs: Sequence[tuple[str, Metrics]]) -> Matched:
    """Match images by name.

    Args:
        runs: what a person calls each run, and its scores; at least one.

    Raises:
        DataError: other metrics, other splits, images of one name that differ, or fewer than 2 to compare.
    """
    first_name, first = runs[0]
    rows = [{row.name: row for row in metrics.images} for _, metrics in runs]
    for (name, metrics), theirs in zip(runs[1:], rows[1:], strict=True):
        _check_alike(first_name, first, name, metrics)
        for row in first.images:
            if row.name in theirs:
                _check_same(row, theirs[row.name], first_name, name)
    every = dict.fromkeys(name for one in rows for name in one)
    shared = [row.name for row in first.images if all(row.name in one for one in rows)]
    if len(shared) < FEWEST_IMAGES:
        _check_odd([name for name, _ in runs], rows)
        raise DataError(
            f"{_listed([name for name, _ in runs])} were scored on other images and share {len(shared)}; evaluate "
            "them on the same data: pixelwise evaluate RUN DATA --split test --json FILE."
        )
    scores = np.array([[one[name].scores.get(first.headline, math.nan) for name in shared] for one in rows])
    known = np.isfinite(scores).all(axis=0)
    count = int(known.sum())
    if count < FEWEST_IMAGES:
        raise DataError(
            f"{_listed([name for name, _ in runs])} share {count} image{'s' * (count != 1)} on which "
            f"all have a score ({first.headline}); evaluate them on more images."
        )
    images = tuple(rows[0][name] for name, kept in zip(shared, known, strict=True) if kept)
    units = _units(images, runs)
    return Matched(images, scores[:, known], len(every) - len(shared), int((~known).sum()), units)


def _units(images: Sequence[ImageRow], runs: Sequence[tuple[str, Metrics]]) -> Units:
    """By the group of the first run that was told one: what belongs together belongs together for all."""
    group = next((metrics.group for _, metrics in runs if metrics.group), None)
    units = units_of([row.tags for row in images], group)
    if count_of(units) < FEWEST_IMAGES:
        raise DataError(
            f"{_listed([name for name, _ in runs])} were scored on images that share one value of “{group}”, which "
            "tell nothing of how values differ; evaluate them on images of several."
        )
    return units


def _check_odd(names: Sequence[str], rows: Sequence[Collection[str]]) -> None:
    """Raise :class:`DataError` for the runs that share too few images with most others, where these share enough."""
    shares = ([len(set(one) & set(other)) >= FEWEST_IMAGES for other in rows] for one in rows)
    kept = max(shares, key=sum)
    others = [name for name, is_kept in zip(names, kept, strict=True) if is_kept]
    odd = [name for name in names if name not in others]
    if odd and len(others) > 1:
        raise DataError(
            f"{_listed(odd)} {'was' if len(odd) == 1 else 'were'} scored on other images than {_listed(others)}; leave "
            "out what does not belong, or evaluate all on the same data: pixelwise evaluate RUN DATA --split test "
            "--json FILE."
        )


def _check_alike(first_name: str, first: Metrics, name: str, metrics: Metrics) -> None:
    if (metrics.tasks, metrics.headline) != (first.tasks, first.headline):
        raise DataError(
            f"{first_name} is scored by {first.headline} ({', '.join(first.tasks)}) but {name} by "
            f"{metrics.headline} ({', '.join(metrics.tasks)}); compare models of one task."
        )
    if metrics.split != first.split:
        raise DataError(
            f"{first_name} was scored on the split '{first.split}' but {name} on '{metrics.split}'; evaluate both on "
            "the same: pixelwise evaluate RUN DATA --split test --json FILE."
        )


def _check_same(one: ImageRow, other: ImageRow, first_name: str, name: str) -> None:
    """Images of one name may be of two data sets, and those of one set in other splits."""
    if one.size != other.size or _truth(one) != _truth(other):
        raise DataError(
            f"{first_name} and {name} were scored on other data: their image '{one.name}' differs in size or in its "
            "mask; evaluate both on the same data."
        )
    if one.split != other.split and None not in (one.split, other.split):
        raise DataError(
            f"{first_name} has the image '{one.name}' in its split '{one.split}' but {name} in '{other.split}'; "
            "train both with one --splits file."
        )


def _truth(row: ImageRow) -> list[list[int]]:
    """By task: pixels of the classes in the truth, sorted, since two models may number classes differently."""
    overlaps = (counts.get("overlap", []) for counts in row.counts.values() if isinstance(counts, dict))
    return [sorted(pixels for line in overlap if (pixels := sum(line))) for overlap in overlaps]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]

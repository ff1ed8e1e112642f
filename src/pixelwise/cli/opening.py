"""Opening data that is to be checked before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixelwise.checks import Looker
    from pixelwise.data.dataset import Dataset


def to_check(
    *,
    cache: Path | None,
    data: Path,
    splits: Path | None,
    layout: str | None,
    legend: Path | None,
    ignore: str | None,
    group_by: str | None,
    task: str | None = None,
) -> tuple[Looker, Dataset]:
    """The data as it lies, faults and all, and what has begun to look at its files."""
    from pixelwise.checks import Looker
    from pixelwise.data.cache import Cache
    from pixelwise.workflows.data import open_data

    looker = Looker(Cache.at(cache))
    dataset = open_data(
        data,
        splits=splits,
        layout=layout,
        legend=legend,
        ignore=ignore,
        group_by=group_by,
        task=task,
        strict=False,
        values_of=looker.values,
    )
    return looker, dataset

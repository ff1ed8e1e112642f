"""``pixelwise check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.opening import to_check
from pixelwise.cli.options import (
    CacheOption,
    DataArgument,
    GroupOption,
    IgnoreOption,
    LayoutOption,
    LegendOption,
    SplitsOption,
    TaskOption,
)
from pixelwise.cli.outputs import check_json, check_page
from pixelwise.cli.status import FOUND_ERRORS


def check(
    data: DataArgument,
    splits: SplitsOption = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="RUN",
            help="Rank labels by how far predictions contradict them: of a run that was trained with --folds, each by "
            "the model that never saw the image.",
        ),
    ] = None,
    page: Annotated[
        Path, typer.Option(metavar="FILE", help="Write the findings with pictures there.")
    ] = Path("check.html"),
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all findings there.")
    ] = None,
    fix: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write a repaired copy into this new folder.")
    ] = None,
    task: TaskOption = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    cache: CacheOption = None,
) -> None:
    """Look for faults in DATA: files, pairs, masks, duplicates, leaks.

    pixelwise check PH2Dataset --splits splits.csv

    Ends with status 1 if there are errors: those keep the data from being used, or make scores untrue.
    """
    from pixelwise.checks.mend import check_apart, check_free
    from pixelwise.cli.console import Console
    from pixelwise.workflows.check import check as check_data
    from pixelwise.workflows.choosetasks import parse_tasks

    parse_tasks(task)
    check_json(json)
    check_page(page)
    if fix is not None:
        check_free(fix)
    looker, dataset = to_check(
        cache=cache,
        data=data,
        splits=splits,
        layout=layout,
        legend=legend,
        ignore=ignore,
        group_by=group_by,
        task=task,
    )
    if fix is not None:
        check_apart(dataset, fix)
    with Console() as console:
        checked = check_data(dataset, run=run, looker=looker, listener=console)
        checked.write_page(page)
    if json is not None:
        checked.result.write(json)
    console.print_check(checked.result)
    console.print(f"Pictures of them: {page}")
    if fix is not None:
        mended = checked.mend(fix)
        console.print(
            f"Repaired copy: {fix}: of {mended.total} samples {mended.changed} changed, "
            f"{mended.left_out} left out; changes.csv lists why."
        )
        if dataset.any_way_up:
            console.print(
                "Its folders do not say that its pictures have no up and down: train on it with "
                "--set augment.rotate=180 --set augment.vflip=0.5."
            )
    if checked.result.count("error"):
        raise typer.Exit(FOUND_ERRORS)

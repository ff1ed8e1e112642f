"""``pixelwise evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.options import (
    DataArgument,
    GroupOption,
    IgnoreOption,
    LayoutOption,
    LegendOption,
    ModelArgument,
    Split,
    SplitsOption,
)
from pixelwise.cli.outputs import check_json, check_new


def evaluate(
    model: ModelArgument,
    data: DataArgument,
    split: Annotated[Split, typer.Option(help="Which images to score.")] = Split.all,
    splits: SplitsOption = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all scores there, as in metrics.json."),
    ] = None,
    coco: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the joints found there, as COCO's list of results with DATA's ids.",
        ),
    ] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
) -> None:
    """Score MODEL on the labelled images of DATA.

    pixelwise evaluate run PH2Dataset --splits splits.csv --split test

    Each image is predicted and scored at its own size.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.data import open_data
    from pixelwise.workflows.evaluate import evaluate as evaluate_model
    from pixelwise.workflows.evaluate import task_of

    check_json(json)
    check_new(coco, "--coco")
    task = task_of(model)
    dataset = open_data(
        data, splits=splits, layout=layout, legend=legend, ignore=ignore, group_by=group_by, task=task
    )
    with Console() as console:
        metrics = evaluate_model(model, dataset, split=split.value, coco=coco, listener=console)
    if json is not None:
        metrics.write(json)
    console.print_metrics(metrics)

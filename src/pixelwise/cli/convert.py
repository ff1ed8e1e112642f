"""``pixelwise convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.options import IgnoreOption, LayoutOption, LegendOption, SplitsOption, TaskOption


def convert(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of images and objects.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Write into this new folder.")],
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="coco, coco-panoptic, yolo, labelme or masks.")
    ],
    splits: SplitsOption = None,
    task: TaskOption = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    things: Annotated[
        str | None,
        typer.Option(
            metavar="CLASSES",
            help="Where DATA has masks of classes: those, after commas, whose connected regions become objects.",
        ),
    ] = None,
) -> None:
    """Write DATA anew in a format that other programs read.

    pixelwise convert PennFudanPed converted --to coco

    Before anything is written it says what that format cannot hold.
    """
    from pixelwise.cli.console import Console
    from pixelwise.data.regions import with_regions
    from pixelwise.workflows.choosetasks import parse_tasks
    from pixelwise.workflows.convert import convert as convert_data
    from pixelwise.workflows.data import open_data

    parse_tasks(task)  # whose name is told before anything is read
    dataset = open_data(data, splits=splits, task=task, layout=layout, legend=legend, ignore=ignore)
    with Console() as console:
        if things is not None:
            names = [name.strip() for name in things.split(",") if name.strip()]
            dataset = with_regions(dataset, names)
            console.say(
                f"Objects of {', '.join(names)} are connected regions of the masks: those that touch are one, and one "
                "that something hides in part is several."
            )
        done = convert_data(dataset, out, to, console)
    console.print(f"{done.out}: {done.images} images with {done.objects} objects.")

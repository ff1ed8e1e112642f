"""``pixelwise convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of images and objects.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Write into this new folder.")],
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="coco, coco-panoptic, yolo, labelme or masks.")
    ],
    splits: Annotated[
        Path | None,
        typer.Option("--splits", metavar="CSV", help="Columns name and split (train, val or test)."),
    ] = None,
    layout: Annotated[str | None, typer.Option(help="How DATA is laid out; recognised if not given.")] = None,
) -> None:
    """Write DATA anew in a format that other programs read; says first what that format cannot hold."""
    from pixelwise.cli.console import Console
    from pixelwise.workflows.convert import convert as convert_data
    from pixelwise.workflows.data import open_data

    dataset = open_data(data, splits=splits, layout=layout)
    with Console() as console:
        done = convert_data(dataset, out, to, console)
    console.print(f"{done.out}: {done.images} images with {done.objects} objects.")

"""``pixelwise demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli import STARTED
from pixelwise.cli.options import MAX_SEED


def demo(
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="New folder for the drawings and the run.")
    ] = Path("pixelwise-demo"),
    budget: Annotated[str, typer.Option(metavar="TIME", help="Time for everything.")] = "2m",
    images: Annotated[int, typer.Option(min=12, metavar="N", help="How many pictures to draw.")] = 100,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Random seed.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demo.")] = False,
) -> None:
    """Draw pictures of lesions, train on them, evaluate and report.

    pixelwise demo --out pixelwise-demo

    The report is report.html in the folder run of --out.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.budget import parse_budget
    from pixelwise.workflows.demo import demo as run_demo

    seconds = parse_budget(budget)
    with Console() as console:
        run = run_demo(
            out,
            budget=seconds,
            images=images,
            seed=seed,
            overwrite=overwrite,
            listener=console,
            started=STARTED,
        )
    console.print_run(run)

"""``pixelwise compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.options import IgnoreOption, LayoutOption, LegendOption
from pixelwise.cli.outputs import check_json, check_page


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN", help="Folders of finished runs, or files that evaluate --json wrote; two or more."
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RUN…",
            help="What the others are compared with: one run, or with --recipe three or more of one recipe. The "
            "first RUN if not given.",
        ),
    ] = None,
    recipe: Annotated[
        bool,
        typer.Option(
            "--recipe",
            help="Compare recipes, not models, from three seeds or more of each. Without --against, runs are put "
            "together whose recipes are the same apart from the seed.",
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA", help="Folder of the images, to show those on which the runs differ most."
        ),
    ] = None,
    page: Annotated[Path, typer.Option(metavar="FILE", help="Write the page there.")] = Path("compare.html"),
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.")
    ] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
) -> None:
    """Say which model or recipe is better, and how sure that is.

    They are compared on the same images. Models: pixelwise compare RUN RUN. Recipes: pixelwise compare --recipe a1 a2
    a3 --against b1 b2 b3.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.compare import compare as compare_runs
    from pixelwise.workflows.compare import scored_tasks
    from pixelwise.workflows.data import open_data

    check_json(json)
    check_page(page)
    dataset = None
    if data is not None:
        task = scored_tasks([*(against or ()), *runs])
        dataset = open_data(data, layout=layout, legend=legend, ignore=ignore, task=task)
    with Console() as console:
        compared = compare_runs(runs, against=against or (), recipes=recipe, data=dataset, listener=console)
    compared.write_page(page)
    if json is not None:
        compared.result.write(json)
    console.print_comparison(compared.result, compared.without)
    console.print(f"Page: {page}")

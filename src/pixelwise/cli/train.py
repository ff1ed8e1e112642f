"""``pixelwise train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli import STARTED
from pixelwise.cli.opening import to_check
from pixelwise.cli.options import (
    BudgetOption,
    CacheOption,
    DataArgument,
    DrawnSplitsOption,
    EpochsOption,
    GroupOption,
    IgnoreOption,
    JointsOption,
    LayoutOption,
    LegendOption,
    NetworkOption,
    SeedOption,
    SettingsOption,
    TaskOption,
)

MAX_FOLDS = 20
"""As the recipe has it, which takes long to import."""


def train(
    data: DataArgument,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="New folder for model, recipe, log, metrics and report.")
    ],
    splits: DrawnSplitsOption = None,
    task: TaskOption = None,
    joints: JointsOption = None,
    budget: BudgetOption = None,
    epochs: EpochsOption = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=MAX_FOLDS,
            metavar="N",
            help="Cross-validation: N models share the budget; each image is scored by the model not trained on it.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recipe.toml; planned from DATA if not given.")
    ] = None,
    network: NetworkOption = None,
    settings: SettingsOption = None,
    seed: SeedOption = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="Train although given splits leak; metrics and report say so."),
    ] = False,
    compared: Annotated[
        bool,
        typer.Option(
            "--baseline/--no-baseline", help="Score the best method without training beside the model."
        ),
    ] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out that was killed.")
    ] = False,
    cache: CacheOption = None,
) -> None:
    """Train a model on DATA, score it on the test split and report.

    pixelwise train PH2Dataset --splits splits.csv --out run --budget 5m

    Ctrl-C ends training early with a usable model. Without --budget and --epochs it takes 5 minutes.
    """
    from pixelwise.cli.console import Console
    from pixelwise.recipe import parse_setting, read_recipe
    from pixelwise.workflows.runfolder import check_free
    from pixelwise.workflows.train import train as train_model
    from pixelwise.workflows.wishes import check_words

    if not resume:
        check_free(out)
    given = read_recipe(recipe) if recipe else None
    chosen = dict(parse_setting(text) for text in settings or ())
    check_words(network, chosen, task)
    looker, dataset = to_check(
        cache=cache,
        data=data,
        splits=splits,
        layout=layout,
        legend=legend,
        ignore=ignore,
        group_by=group_by,
        task=None if joints else task,
    )
    with Console() as console:
        run = train_model(
            dataset,
            out,
            recipe=given,
            network=network,
            settings=chosen,
            budget=budget,
            epochs=epochs,
            seed=seed,
            task=task,
            joints=joints,
            folds=folds,
            listener=console,
            resume=resume,
            looker=looker,
            allow_leaks=allow_leaks,
            compared=compared,
            cache=cache,
            started=STARTED,
        )
    console.print_run(run)

"""``pixelwise plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.opening import to_check
from pixelwise.cli.options import (
    BudgetOption,
    CacheOption,
    DataArgument,
    EpochsOption,
    GroupOption,
    IgnoreOption,
    JointsOption,
    LayoutOption,
    LegendOption,
    NetworkOption,
    SeedOption,
    SettingsOption,
    SplitsOption,
    TaskOption,
)
from pixelwise.cli.outputs import check_new


def plan(
    data: DataArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the recipe there, to be changed and given to train --recipe."
        ),
    ] = None,
    splits: SplitsOption = None,
    task: TaskOption = None,
    joints: JointsOption = None,
    budget: BudgetOption = None,
    epochs: EpochsOption = None,
    network: NetworkOption = None,
    settings: SettingsOption = None,
    seed: SeedOption = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    cache: CacheOption = None,
) -> None:
    """Say how train would train on DATA, every choice with its reason.

    pixelwise plan PH2Dataset --splits splits.csv --budget 5m --out recipe.toml

    Nothing is trained. Data that train would refuse is refused, but for splits that leak, which are told.
    """
    from pixelwise.cli.console import Console
    from pixelwise.recipe import parse_setting
    from pixelwise.workflows.budget import parse_budget
    from pixelwise.workflows.choosetasks import parse_tasks
    from pixelwise.workflows.plan import plan as plan_recipe
    from pixelwise.workflows.wishes import Wishes

    check_new(out)
    wishes = Wishes(
        network=network,
        settings=dict(parse_setting(text) for text in settings or ()),
        budget=None if budget is None else parse_budget(budget),
        epochs=epochs,
        seed=seed,
        tasks=parse_tasks(task),
    )
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
        planned = plan_recipe(dataset, wishes, looker, console, joints)
    if out is not None:
        planned.recipe.write(out)
        console.print(f"Recipe: {out}")

"""The runs that a person wants compared, and which of them are of one recipe."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from pixelwise.errors import DataError
from pixelwise.evaluation import Contestant, Metrics, read_metrics
from pixelwise.evaluation.comparison import FEWEST_RUNS
from pixelwise.recipe import Recipe, by_dotted_name, read_recipe
from pixelwise.workflows import runfolder

CHANCE = {"seed", "train.threads", "train.precision"}
"""Settings in which runs of one recipe may differ: the last two are measured, by each run for itself."""
CHANCE_WORDS = "seed, threads and precision"
MOST_NAMED = 4
"""Settings that are named where recipes differ in more."""


@dataclass(frozen=True)
class FoundRun:
    """A run on disk.

    Attributes:
        name: what it is called in results.
        recipe: None where only its scores are at hand.
        model: its model file, where it is at hand.
    """

    name: str
    metrics: Metrics
    recipe: Recipe | None
    model: Path | None

    @property
    def contestant(self) -> Contestant:
        """What is compared of it."""
        return Contestant(self.name, self.metrics, self.recipe.seed if self.recipe else None)


@dataclass(frozen=True)
class Group:
    """Runs on one side: a model, or several runs of a recipe."""

    name: str
    runs: tuple[FoundRun, ...]


def find_runs(paths: Sequence[Path]) -> list[FoundRun]:
    """Read scores, recipes and where models are.

    Args:
        paths: folders of runs, or files that ``evaluate --json`` wrote.

    Raises:
        DataError: no such run, or one that is given twice.
        RecipeError: a recipe that cannot be read.
    """
    where = [path.parent if path.name == runfolder.MODEL else path for path in paths]
    twice = [path for path, count in Counter(path.resolve() for path in where).items() if count > 1]
    if twice:
        raise DataError(f"{twice[0]} is given twice; a run cannot be compared with itself.")
    short = [path.resolve().name if path.is_dir() else path.stem for path in where]
    unique = len(set(short)) == len(short)
    return [_read(path, name if unique else str(path)) for path, name in zip(where, short, strict=True)]


def _read(path: Path, name: str) -> FoundRun:
    scores = path / runfolder.METRICS if path.is_dir() else path
    if not scores.is_file():
        what = f"holds no {runfolder.METRICS}" if path.is_dir() else "does not exist"
        raise DataError(f"{path} {what}; give the folder of a finished run, or what evaluate --json wrote.")
    folder = scores.parent if scores.name == runfolder.METRICS else None
    recipe = folder / runfolder.RECIPE if folder else None
    model = folder / runfolder.MODEL if folder else None
    return FoundRun(
        name,
        read_metrics(scores),
        read_recipe(recipe) if recipe and recipe.is_file() else None,
        model if model and model.is_file() else None,
    )


def by_recipe(runs: Sequence[FoundRun]) -> list[Group]:
    """Runs in groups of one recipe each, apart from the seed, in the order that they come in.

    Raises:
        DataError: a run without a recipe, or all of one recipe.
    """
    groups: dict[str, list[FoundRun]] = {}
    for run in runs:
        if run.recipe is None:
            raise DataError(
                f"{run.name} has no {runfolder.RECIPE} beside its scores; tell the recipes apart by hand: "
                "--recipe RUN RUN RUN --against RUN RUN RUN."
            )
        groups.setdefault(str(sorted(_settings(run.recipe).items())), []).append(run)
    if len(groups) == 1:
        raise DataError(
            "all of these runs are of one recipe; add runs of another, or divide them by hand: "
            "--recipe RUN RUN RUN --against RUN RUN RUN."
        )
    return named(list(groups.values()))


def named(groups: Sequence[Sequence[FoundRun]]) -> list[Group]:
    """Groups by what the names of their runs have in common, or by the first of them."""
    common = [_common([run.name for run in runs]) for runs in groups]
    if "" in common or len(set(common)) < len(common):
        common = [f"{runs[0].name} and {len(runs) - 1} more" for runs in groups]
    return [Group(name, tuple(runs)) for name, runs in zip(common, groups, strict=True)]


def check_seeds(groups: Sequence[Group]) -> None:
    """Raise :class:`DataError` where a group has fewer than 3 runs, or one run twice."""
    for group in groups:
        names = ", ".join(run.name for run in group.runs)
        if len(group.runs) < FEWEST_RUNS:
            differing = recipes_differ(groups)
            raise DataError(
                f"the recipe of {names} has {len(group.runs)} run{'s' * (len(group.runs) != 1)}, and a recipe needs "
                f"{FEWEST_RUNS} or more to be compared; train it with other seeds"
                f"{' (' + differing[0].rstrip('.') + ')' if differing else ''}."
            )
        seeds = [(run.name, run.recipe.seed if run.recipe else None) for run in group.runs]
        for at, (name, seed) in enumerate(seeds):
            for other, of_other in seeds[:at]:
                if seed is not None and seed == of_other:
                    raise DataError(
                        f"{other} and {name} are both of the seed {seed}, so they are one model; "
                        "train with --seed 0, 1, 2 and so on."
                    )
        _check_distinct(group)


def _check_distinct(group: Group) -> None:
    """Where no recipe tells the seed, scores tell whether two runs are one."""
    seen: dict[str, FoundRun] = {}
    for run in group.runs:
        scores = str([(row.name, sorted(row.scores.items())) for row in run.metrics.images])
        other = seen.setdefault(scores, run)
        if other is not run and (other.recipe is None or run.recipe is None):
            raise DataError(
                f"{other.name} and {run.name} have the same scores on every image, so they are one model; "
                "give runs of different seeds."
            )


def recipes_differ(groups: Sequence[Group]) -> list[str]:
    """A sentence on the settings in which the recipes of groups differ; none where a recipe is not known."""
    every = {group.name: [_settings(run.recipe) for run in group.runs if run.recipe] for group in groups}
    if not all(every.values()):
        return []
    firsts = {name: settings[0] for name, settings in every.items()}
    between = _differing(list(firsts.values()))
    return [
        f"Recipes differ in {_listed(between, firsts)}."
        if between
        else f"The recipes are the same, apart from {CHANCE_WORDS}."
    ]


def mixed_recipes(groups: Sequence[Group]) -> list[str]:
    """A sentence for each group whose runs are not of one recipe."""
    notes = []
    for group in groups:
        within = _differing([_settings(run.recipe) for run in group.runs if run.recipe])
        if within:
            notes.append(
                f"The runs of {group.name} are not of one recipe: they differ in {', '.join(within)}."
            )
    return notes


def _settings(recipe: Recipe) -> dict[str, Any]:
    """Settings by dotted names, without those of chance."""
    every = by_dotted_name(recipe.model_dump(mode="json"))
    return {name: value for name, value in every.items() if name not in CHANCE}


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for one in settings for name in one)
    return [name for name in names if any(one.get(name) != settings[0].get(name) for one in settings)]


def _listed(names: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Settings by name, each with its value in every group."""
    shown = []
    for name in names[:MOST_NAMED]:
        values = (f"{one.get(name, '–')} in {group}" for group, one in settings.items())
        shown.append(f"{name} ({', '.join(values)})")
    more = len(names) - MOST_NAMED
    return ", ".join(shown) + (f" and {more} more settings" if more > 0 else "")


def _common(names: Sequence[str]) -> str:
    """The beginning that names share, without what introduces a number."""
    shared = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return re.sub(r"([-_ .]+(seed|s)\d*)?[-_ .]*$", "", "".join(letters[0] for letters in shared))

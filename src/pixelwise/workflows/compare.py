"""Runs compared on the images that they share, and pictures of where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelwise.data.dataset import Dataset
from pixelwise.data.folds import Folds, read_folds
from pixelwise.errors import DataError
from pixelwise.evaluation import (
    OUT_OF_FOLD,
    Comparison,
    Scored,
    compare_sides,
    labelled_like,
    score_images,
)
from pixelwise.prediction import Ensemble, Predictor, check_format, load
from pixelwise.report.comparepage import Beside, Shown, write_comparison
from pixelwise.tasks import AnyTask, SemanticTask
from pixelwise.types import Image
from pixelwise.workflows import runfolder
from pixelwise.workflows.contestants import (
    FoundRun,
    Group,
    by_recipe,
    check_seeds,
    find_runs,
    mixed_recipes,
    named,
    recipes_differ,
)
from pixelwise.workflows.data import open_data, words_for
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import Run
from pixelwise.workflows.shell import shell_line

LOOKING = "--layout", "--legend", "--ignore"
"""Options of ``compare`` that say how its images are read."""
PICTURES = 6
"""Images shown of a pair; of several pairs half as many each, and twice as many of all together at most."""
SAME = 0.01
"""How far a score may be from the recorded one, on another computer, for the model and image to be those of then."""


@dataclass(frozen=True)
class Compared:
    """A comparison and what its page shows.

    Attributes:
        pictures: by pair, in the order of its ``differ_most``.
        without: why there are no pictures, or not all; empty where there are.
        command: what gives this comparison again.
    """

    result: Comparison
    pictures: tuple[tuple[Shown | Beside, ...], ...]
    without: str
    command: str

    def write_page(self, path: Path | str) -> None:
        """Write the page, whole or not at all."""
        write_comparison(Path(path), self.result, self.pictures, self.without, self.command)


def compare(
    runs: Sequence[Run | Path | str],
    *,
    against: Sequence[Run | Path | str] = (),
    recipes: bool = False,
    data: Dataset | Path | str | None = None,
    listener: Listener | None = None,
) -> Compared:
    """Say which of several models, or recipes, is better on the same images.

    Args:
        runs: finished runs, their folders, or files that ``evaluate --json`` wrote.
        against: what they are compared with: one run, or where recipes are compared the runs of one recipe. Without
            it that is the first of ``runs``.
        recipes: compare recipes, of 3 runs or more each. ``runs`` are then one recipe where ``against`` is given;
            else they are put together by their recipes, apart from the seed.
        data: the images, to show those on which the runs differ most.

    Raises:
        DataError: runs that cannot be compared, or ``data`` that is not what they were scored on.
    """
    folders, others = ([_path(run) for run in given] for given in (runs, against))
    groups = _groups(folders, others, recipes)
    if recipes:
        check_seeds(groups)
    result = compare_sides(
        [(group.name, [run.contestant for run in group.runs]) for group in groups],
        recipes=recipes,
        notes=mixed_recipes(groups) if recipes else (),
        remarks=recipes_differ(groups) if recipes else (),
    )
    opened = open_data(data, task=scored_tasks([*others, *folders])) if isinstance(data, Path | str) else data
    pictures, without = _pictures(groups, result, opened, listener or Listener())
    return Compared(result, pictures, without, _command(folders, others, recipes, opened))


def scored_tasks(runs: Sequence[Path]) -> str:
    """What the first of these was scored for, by which data is opened: names of tasks, with a comma between.

    Raises:
        DataError: there is no such run.
    """
    return ",".join(find_runs(runs[:1])[0].metrics.tasks)


def _path(run: Run | Path | str) -> Path:
    return run.folder if isinstance(run, Run) else Path(run)


def _groups(runs: Sequence[Path], against: Sequence[Path], recipes: bool) -> list[Group]:
    """The sides, the reference first."""
    if not runs or len(runs) + len(against) < 2:
        raise DataError("one run alone cannot be compared; give two or more.")
    if len(against) > 1 and not recipes:
        raise DataError(
            "models are compared with one of them; give one run with --against, or compare recipes with --recipe."
        )
    found = find_runs([*against, *runs])
    if not recipes:
        return [Group(run.name, (run,)) for run in found]
    return named([found[: len(against)], found[len(against) :]]) if against else by_recipe(found)


def _command(runs: Sequence[Path], against: Sequence[Path], recipes: bool, data: Dataset | None) -> str:
    words = ["pixelwise", "compare", *(["--recipe"] if recipes else []), *map(str, runs)]
    words += ["--against", *map(str, against)] if against else []
    words += (
        ["--data", *map(str, words_for(data.opened or (data.root,), *LOOKING))] if data is not None else []
    )
    return shell_line(words)


def _pictures(
    groups: Sequence[Group], result: Comparison, data: Dataset | None, listener: Listener
) -> tuple[tuple[tuple[Shown | Beside, ...], ...], str]:
    """Pictures by pair, and why there are none or not all."""
    nothing: tuple[tuple[Shown | Beside, ...], ...] = tuple(() for _ in result.pairs)
    lacking = [run.name for group in groups for run in group.runs if run.model is None]
    if data is None:
        return (
            nothing,
            "There are no pictures, since the images were not given; name their folder with --data.",
        )
    if lacking:
        return (
            nothing,
            f"There are no pictures, since no model lies beside the scores of {', '.join(lacking)}.",
        )
    each = (
        PICTURES if len(result.pairs) == 1 else max(1, min(PICTURES // 2, 2 * PICTURES // len(result.pairs)))
    )
    there = {sample.name for sample in data.samples}
    if not any(image.name in there for image in result.images):
        raise DataError(
            f"{data.root} holds none of the images that are compared; give their folder with --data."
        )
    wanted = [[name for name in pair.differ_most if name in there][:each] for pair in result.pairs]
    viewer = _Viewer(data, listener, sum(map(len, wanted)))
    found = tuple(
        tuple(viewer.show(name, group, groups[0]) for name in names)
        for names, group in zip(wanted, groups[1:], strict=True)
    )
    gone = len({name for pair in result.pairs for name in pair.differ_most[:each] if name not in there})
    return found, f"{gone} of the images that differ most are not in {data.root}." if gone else ""


class _Viewer:
    """Predicts single images again, to show them."""

    def __init__(self, data: Dataset, listener: Listener, total: int) -> None:
        self.data, self.listener, self.total = data, listener, total
        self.done = 0
        self.predictors: dict[str, Predictor] = {}
        self.folds: dict[str, Folds] = {}

    def show(self, name: str, one: Group, other: Group) -> Shown | Beside:
        """An image as a run of each side sees it: of several, the one whose score is in the middle."""
        first, second = _middle(one.runs, name), _middle(other.runs, name)
        by_one, by_other = self._scored(first, name), self._scored(second, name)
        self.done += 1
        self.listener.scored(self.done, self.total)
        runs, scores = (first.name, second.name), (_score(first, name), _score(second, name))
        if not isinstance(by_one.task, SemanticTask):
            return Beside(name, by_one.drawn(), by_other.drawn(), runs, scores)
        return Shown(
            name=name,
            image=by_one.image,
            truth=by_one.scored.truth.class_map,
            one=by_one.result.label_map,
            other=by_other.result.label_map,
            labels=(by_one.task.labels, by_other.task.labels),
            runs=runs,
            scores=scores,
        )

    def _scored(self, run: FoundRun, name: str) -> _Again:
        # Data may be labelled for some of a model's tasks alone, and so scored.
        predictor = self._predictor(run, name).only(run.metrics.tasks)
        check_format(self.data.pixel_format, predictor.preprocessing.values, self.data.root)
        alone = self.data.where(lambda sample: sample.name == name)
        cropped = alone.cropped(predictor.preprocessing.scale.crop)
        scored = next(score_images(predictor, labelled_like(predictor, cropped)))
        found = _Again(predictor, scored)
        again = found.task.image_scores(scored.rows[found.name])[run.metrics.headline]
        if not abs(again - _score(run, name)) <= SAME:
            raise DataError(
                f"{run.name} scores {again:.3f} on the image '{name}' of {self.data.root} but its metrics say "
                f"{_score(run, name):.3f}; give with --data what it was scored on, or evaluate it again."
            )
        return found

    def _predictor(self, run: FoundRun, name: str) -> Predictor:
        """What scored the image: of a run of folds, the model that never saw it."""
        assert run.model is not None
        if run.name not in self.predictors:
            self.predictors[run.name] = load(run.model)
        predictor = self.predictors[run.name]
        if run.metrics.split != OUT_OF_FOLD or not isinstance(predictor, Ensemble):
            return predictor
        if run.name not in self.folds:
            self.folds[run.name] = read_folds(run.model.parent / runfolder.FOLDS, self.data)
        fold = self.folds[run.name].fold_of(name)
        return predictor if fold is None or fold >= len(predictor.members) else predictor.members[fold]


@dataclass(frozen=True)
class _Again:
    """An image that was predicted and scored again."""

    predictor: Predictor
    scored: Scored

    @property
    def name(self) -> str:
        """Of the task whose headline is compared: the first."""
        return next(iter(self.predictor.tasks))

    @property
    def task(self) -> AnyTask:
        return self.predictor.tasks[self.name]

    @property
    def result(self) -> Any:
        return self.scored.prediction[self.name]

    @property
    def image(self) -> Image:
        """(H, W, 3), as people see it."""
        return self.predictor.viewable(self.scored.image)

    def drawn(self) -> Image:
        """The same with result and truth drawn into it."""
        return self.task.draw(self.image, self.result, self.scored.truth)


def _middle(runs: Sequence[FoundRun], name: str) -> FoundRun:
    order = sorted(runs, key=lambda run: _score(run, name))
    return order[(len(order) - 1) // 2]


def _score(run: FoundRun, name: str) -> float:
    return next(row.scores[run.metrics.headline] for row in run.metrics.images if row.name == name)

"""The schema of what ``pixelwise compare --json`` writes, and how it follows from matched scores.

The file is documented in ``docs/compare.md``. Numbers that are undefined are ``null`` in the file and NaN in Python.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.evaluation.comparison import difference, holm, mean_interval
from pixelwise.evaluation.intervals import FEW, Values
from pixelwise.evaluation.matching import Matched, match
from pixelwise.evaluation.numbers import Estimate, Interval, Number, Strict
from pixelwise.evaluation.schema import Metrics
from pixelwise.metrics import METRICS

SCHEMA: Literal["pixelwise.comparison/1"] = "pixelwise.comparison/1"
Verdict = Literal["better", "worse", "not shown"]
LEVEL = 0.05
MODELS = (
    "Models are compared as they are; another seed of the same recipe may come out otherwise. To compare recipes, "
    "train 3 seeds of each and add --recipe."
)
RECIPES = (
    "Recipes are compared: intervals tell how far the figures could move with other seeds and other images. Of 3 seeds "
    "each they are wide, and only large differences show."
)


class RunScore(Strict):
    """One run."""

    name: str
    seed: int | None = Field(description="Of its recipe, where that is known.")
    score: Estimate = Field(description="Mean of the headline metric over the images compared.")


class Side(Strict):
    """A model, or the runs of one recipe."""

    name: str
    score: Estimate = Field(description="Mean over the images compared and, of a recipe, over its runs.")
    runs: tuple[RunScore, ...]


class Pair(Strict):
    """One side against the reference."""

    name: str
    reference: str
    difference: Estimate = Field(description="Mean over images of its score less the reference's.")
    probability: Number = Field(description="That it is the better one: the share of resamples.")
    p_value: Number = Field(description="Two-sided, of no difference, for this pair alone.")
    p_adjusted: Number = Field(description="The same with regard to the number of pairs (Holm).")
    verdict: Verdict = Field(description="What `p_adjusted` below 0.05 allows to say.")
    effect: Estimate = Field(description="Mean difference over its standard deviation between images.")
    win_share: Estimate = Field(description="Share of images on which it is higher, ties counted half.")
    differ_most: tuple[str, ...] = Field(description="Names of images, the greatest difference first.")

    @property
    def sentence(self) -> str:
        """What is claimed."""
        if self.verdict == "not shown":
            return f"No difference between {self.name} and {self.reference} is shown."
        return f"{self.name} is {self.verdict} than {self.reference}."


class ImageScores(Strict):
    """One image."""

    name: str
    image: str
    scores: dict[str, Number] = Field(description="By side; of a recipe the mean over its runs.")


class Comparison(Strict):
    """All of the file."""

    schema_: Literal["pixelwise.comparison/1"] = Field(default=SCHEMA, alias="schema")
    pixelwise: str = Field(description="Version that wrote the file.")
    compares: Literal["models", "recipes"]
    data: str = Field(description="Name of the folder of data.")
    split: str
    metric: str = Field(description="The headline metric; higher is better.")
    n_images: int = Field(description="Images compared.")
    n_unshared: int = Field(description="Images left out because some run was not scored on them.")
    n_undefined: int = Field(description="Images left out because some run has no score on them.")
    sides: tuple[Side, ...] = Field(description="The reference first.")
    pairs: tuple[Pair, ...]
    images: tuple[ImageScores, ...]
    notes: tuple[str, ...] = Field(
        default=(), description="What a reader must know of these runs and images."
    )
    remarks: tuple[str, ...] = Field(default=(), description="How to read such a comparison.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def to_json(self) -> str:
        """The text of the file: UTF-8, indented, NaN as null."""
        return json.dumps(
            self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False, allow_nan=False
        )

    def write(self, path: Path) -> None:
        """Write the file whole or not at all."""
        files.write_text(path, self.to_json() + "\n")


@dataclass(frozen=True)
class Contestant:
    """A run to compare: what it is called, its scores and, where known, its seed."""

    name: str
    metrics: Metrics
    seed: int | None = None


def compare_sides(
    sides: Sequence[tuple[str, Sequence[Contestant]]],
    *,
    recipes: bool,
    notes: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compare every side with the first.

    Args:
        sides: at least two names with their runs; several runs each where recipes are compared.
        recipes: whether runs stand for what their recipe could have made, or for themselves.
        notes, remarks: what there is to say besides.

    Raises:
        DataError: scores that cannot be matched.
    """
    runs = [run for _, members in sides for run in members]
    matched = match([(run.name, run.metrics) for run in runs])
    ends = np.cumsum([len(members) for _, members in sides])[:-1]
    scores = np.split(matched.scores, ends)
    first = runs[0].metrics
    return Comparison(
        pixelwise=__version__,
        compares="recipes" if recipes else "models",
        data=first.data,
        split=first.split,
        metric=first.headline,
        n_images=len(matched.images),
        n_unshared=matched.n_unshared,
        n_undefined=matched.n_undefined,
        sides=tuple(
            _side(name, members, one, matched, recipes)
            for (name, members), one in zip(sides, scores, strict=True)
        ),
        pairs=_pairs([name for name, _ in sides], scores, matched, recipes),
        images=_images([name for name, _ in sides], scores, matched),
        notes=(*notes, *_notes(runs, matched)),
        remarks=(*remarks, RECIPES if recipes else MODELS, *_several(len(sides) - 1)),
    )


def _side(name: str, members: Sequence[Contestant], scores: Values, matched: Matched, recipes: bool) -> Side:
    runs = tuple(
        RunScore(name=run.name, seed=run.seed, score=_own(run, one, matched))
        for run, one in zip(members, scores, strict=True)
    )
    if not recipes:
        return Side(name=name, score=runs[0].score, runs=runs)
    interval = mean_interval(scores, over_runs=True, units=matched.units)
    return Side(name=name, score=Estimate(value=float(scores.mean()), ci95=_held(interval)), runs=runs)


def _own(run: Contestant, scores: Values, matched: Matched) -> Estimate:
    """A run's mean score on the images compared: as its metrics say it, where those are all of its images.

    Of objects and joints, which are counted over all images together, metrics give the interval of the pooled score.
    """
    said, metric = run.metrics.scores.get(run.metrics.headline), METRICS.get(run.metrics.headline)
    means = metric is not None and not metric.of_objects
    if said is not None and means and run.metrics.n_images - said.n_undefined == len(matched.images):
        return Estimate(value=said.value, ci95=said.ci95)
    return Estimate(
        value=float(scores.mean()),
        ci95=_held(mean_interval(scores[None], over_runs=False, units=matched.units)),
    )


def _held(interval: Interval) -> Interval:
    """Within what a score can be."""
    return max(0.0, interval[0]), min(1.0, interval[1])


def _pairs(
    names: Sequence[str], scores: Sequence[Values], matched: Matched, recipes: bool
) -> tuple[Pair, ...]:
    found = [difference(one, scores[0], over_runs=recipes, units=matched.units) for one in scores[1:]]
    adjusted = holm([one.p_value for one in found])
    pairs = []
    for name, of_side, one, p_value in zip(names[1:], scores[1:], found, adjusted, strict=True):
        by_image = np.abs(of_side.mean(axis=0) - scores[0].mean(axis=0))
        order = np.argsort(-by_image, kind="stable")
        pairs.append(
            Pair(
                name=name,
                reference=names[0],
                difference=Estimate(value=one.mean, ci95=one.mean_ci95),
                probability=one.probability,
                p_value=one.p_value,
                p_adjusted=p_value,
                verdict="not shown" if p_value >= LEVEL else "better" if one.mean > 0 else "worse",
                effect=Estimate(value=one.effect, ci95=one.effect_ci95),
                win_share=Estimate(value=one.wins, ci95=one.wins_ci95),
                differ_most=tuple(matched.images[at].name for at in order if by_image[at] > 0),
            )
        )
    return tuple(pairs)


def _images(names: Sequence[str], scores: Sequence[Values], matched: Matched) -> tuple[ImageScores, ...]:
    by_side = [one.mean(axis=0) for one in scores]
    return tuple(
        ImageScores(
            name=row.name,
            image=row.image,
            scores={name: float(one[at]) for name, one in zip(names, by_side, strict=True)},
        )
        for at, row in enumerate(matched.images)
    )


def _notes(runs: Sequence[Contestant], matched: Matched) -> list[str]:
    """What the matching left out, and what the runs' own metrics say."""
    notes = []
    if len(matched.images) < FEW:
        notes.append(
            f"Only {len(matched.images)} images are compared: intervals of so few are themselves unsure."
        )
    if matched.n_unshared:
        notes.append(f"{matched.n_unshared} images that not all runs were scored on are left out.")
    if matched.n_undefined:
        notes.append(
            f"{matched.n_undefined} images on which some run has no score are left out: there is no truth, and what a "
            "run wrongly found there is not counted against it."
        )
    said: dict[str, list[str]] = {}
    for run in runs:
        for note in run.metrics.notes:
            said.setdefault(note, []).append(run.name)
    return [*notes, *(f"Of {', '.join(names)}: {note}" for note, names in said.items())]


def _several(pairs: int) -> list[str]:
    """What several intervals at once mean (Boole's inequality, so that it is true however they depend)."""
    if pairs < 2:
        return []
    return [
        f"{pairs} comparisons are made at once. Where nothing differed at all, one or more of {pairs} such intervals "
        f"would leave out 0 in up to {min(100, 5 * pairs)} of 100 tables like this. So better and worse are said only "
        "after Holm's correction, which keeps the chance of any false claim in the table below 5%; intervals and "
        "probabilities are each for itself."
    ]

"""The page of a comparison: every method without training, its score and what it makes of the same images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from pixelwise import files
from pixelwise.baselines.comparison import Comparison, MethodScores
from pixelwise.evaluation.intervals import FEW
from pixelwise.report import charts
from pixelwise.report.contours import contour
from pixelwise.report.layered import Layer, Picture, make_picture
from pixelwise.report.templates import template
from pixelwise.types import Image, LabelMap

MOST_CORNERS = 5000
"""A speckled mask has very many corners; its outline is drawn coarsely beyond that number."""
HERO_WIDTH, BAR_WIDTH = 320, 240


@dataclass(frozen=True)
class Shown:
    """An image that every method is shown on.

    Attributes:
        name: the image's name in the data set.
        kind: a word on it: "hard", for one.
        image: (H, W, 3).
        truth: (H, W) class ids, 255 where nobody labelled.
        masks: (H, W) class ids by the method's name.
    """

    name: str
    kind: str
    image: Image
    truth: LabelMap
    masks: Mapping[str, LabelMap]


@dataclass(frozen=True)
class _Picture:
    """What one method makes of an image."""

    picture: Picture
    score: float


@dataclass(frozen=True)
class _Entry:
    method: MethodScores
    bar: Markup
    choice: str
    pictures: list[_Picture]


def write_baselines(path: Path, comparison: Comparison, shown: Sequence[Shown], notes: Sequence[str]) -> None:
    """Write the page, whole or not at all.

    Args:
        comparison: the scores, the best method first.
        shown: the images that every method is shown on.
        notes: what a reader must know to judge the scores.
    """
    scores = [one.metrics.scores["dice"] for one in comparison.methods]
    domain = charts.score_domain([value for score in scores for value in (score.mean, score.ci95[0])])
    backdrops = [_backdrop(one) for one in shown]
    kinds = [one.kind for one in shown]
    entries = [_entry(one, shown, backdrops, domain) for one in comparison.methods]
    best = scores[0]
    hero = charts.interval(best.mean, *best.ci95, domain, width=HERO_WIDTH)
    page = template("baseline.html.jinja").render(
        title=comparison.data,
        comparison=comparison,
        thing=next(iter(comparison.methods[0].metrics.classes.values()))[0].name,
        entries=entries,
        axis=charts.interval_axis(domain, BAR_WIDTH),
        hero=hero + charts.interval_axis(domain, HERO_WIDTH) if hero else hero,
        backdrops=backdrops,
        kinds=kinds,
        notes=notes,
        few=FEW,
    )
    files.write_text(path, page)


def _entry(
    method: MethodScores, shown: Sequence[Shown], backdrops: Sequence[Picture], domain: charts.Domain
) -> _Entry:
    score = method.metrics.scores["dice"]
    by_name = {row.name: row.scores["dice"] for row in method.metrics.images}
    return _Entry(
        method=method,
        bar=charts.interval(score.mean, *score.ci95, domain, width=BAR_WIDTH),
        choice=_choice_text(method.choice),
        pictures=[
            _Picture(_over(backdrop, number, one.masks[method.name]), by_name.get(one.name, math.nan))
            for number, (one, backdrop) in enumerate(zip(shown, backdrops, strict=True))
        ],
    )


def _over(backdrop: Picture, number: int, mask: LabelMap) -> Picture:
    """The picture of a mask over an image and a truth that the page holds once, as ``b`` and ``t`` with its number."""
    [truth] = backdrop.layers
    layers = (
        replace(truth, stored=f"t{number}"),
        Layer("predicted", {"": contour(mask == 1, MOST_CORNERS)}),
    )
    return replace(backdrop, layers=layers, stored=f"b{number}")


def _choice_text(choice: Mapping[str, str | float]) -> str:
    """ "plane main, blur 2, object dark, keep largest"."""
    return ", ".join(
        f"{name} {value if isinstance(value, str) else f'{value:g}'}" for name, value in choice.items()
    )


def _backdrop(one: Shown) -> Picture:
    """An image with its truth, which is in the page once and shown many times."""
    truth = Layer("truth", {"": contour(one.truth == 1, MOST_CORNERS)})
    return make_picture(one.name, one.image, one.truth, (truth,), longest=640, most_corners=MOST_CORNERS)

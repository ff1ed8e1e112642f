"""What a task without sections of its own adds to the page of a run: pictures as the task draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pixelwise.evaluation.schema import Metrics
from pixelwise.report.layered import Picture, Shown
from pixelwise.report.parts import Section, TaskPart
from pixelwise.report.templates import jpeg, template
from pixelwise.types import Image


@dataclass(frozen=True)
class Drawn:
    """An image with truth and result drawn into it.

    Attributes:
        name: the image's name in the data set.
        image: (H, W, 3), as :meth:`~pixelwise.tasks.base.Task.draw` returns it.
        score: the headline score of this image.
        tags: facts about the image.
    """

    name: str
    image: Image
    score: float
    tags: Mapping[str, str]


def drawn_part(
    metrics: Metrics,
    task: str,
    exhibits: Mapping[str, Sequence[Drawn]],
    *,
    asked: str,
    gives: str,
    main: str | None = None,
) -> TaskPart:
    """A part with nothing but pictures.

    Args:
        task: its name in ``metrics``.
        exhibits: images to show under "worst", "median", "best" (other headings are shown as named).
        asked, gives: as in :class:`TaskPart`.
        main: metric of the exhibits' scores; the headline of ``metrics`` if not given.
    """
    shown = {
        heading: [_shown(one, f"{task}-{place}-{index}") for index, one in enumerate(items, 1)]
        for place, (heading, items) in enumerate(exhibits.items(), 1)
        if items
    }
    body = template("pictures.html.jinja").render(
        task=task,
        main=main or metrics.headline,
        about="truth and result drawn into it",
        shown=shown,
        kinds=[],
        colours={},
        unlabelled=False,
    )
    return TaskPart(
        asked=asked,
        gives=gives,
        sections=[Section(f"{task}-pictures", "Pictures", "failures", Markup(body))] if shown else [],
        shown={one.picture.name: one.id for items in shown.values() for one in items},
    )


def _shown(one: Drawn, name: str) -> Shown:
    height, width = one.image.shape[:2]
    picture = Picture(one.name, width, height, jpeg(one.image), "", ())
    return Shown(name, picture, one.tags, one.score)

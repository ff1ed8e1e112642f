"""Charts as inline SVG: intervals, strips of dots, learning curves.

Every function returns markup that is safe to place in a page: texts are escaped here. Colours and fonts come
from the page's style sheet by class, so that a chart follows light, dark and print. Lengths are in units of
the drawing; the page scales it to the width it has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import Markup, escape

from pixelwise.evaluation.intervals import quantile_interval
from pixelwise.report.templates import within_text

Domain = tuple[float, float]

INTERVAL_WIDTH, INTERVAL_HEIGHT, INTERVAL_PAD = 140, 16, 9
DOT = 7.0
"""Diameter of a dot, with the gap to the next."""
TALLEST = 110.0
"""Height of the tallest stack of dots; a taller one is drawn with dots that overlap."""
SQUARE = 330.0
"""Side of a square chart."""
MOST_DOTS = 1000
"""A strip of more dots than that is drawn as a histogram: nobody points at one of so many."""
COLOURS = 6
"""Curves of one chart that are told apart by colour alone."""
MOST_POINTS = 400
"""A curve with more points shows every k-th of them and the last."""


@dataclass(frozen=True)
class Dot:
    """One image in a strip.

    Attributes:
        link: the id of its picture on the page, where there is one.
        unit: number of what is resampled as one with it; None where it is one of its own.
    """

    score: float
    title: str
    link: str = ""
    unit: int | None = None


@dataclass(frozen=True)
class Strip:
    """A row of dots under a heading."""

    label: str
    dots: Sequence[Dot]


@dataclass(frozen=True)
class Point:
    """A point of a curve; ``title`` is shown on hover."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Line:
    """One of several curves of a chart, by the name that its points are told by."""

    name: str
    points: Sequence[Point]


def finite(values: Sequence[float]) -> list[float]:
    """The values that are neither NaN nor infinite."""
    return [value for value in values if math.isfinite(value)]


def score_domain(values: Sequence[float]) -> Domain:
    """The part of 0–1 that shows all values: up to 1, and from 0 where half of the range is needed anyway."""
    lowest = min(finite(values), default=0.0)
    low = math.floor(lowest * 10 - 0.1) / 10
    return (0.0 if low < 0.5 else min(low, 0.8), 1.0)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round numbers (1, 2, 2.5 or 5 times a power of ten apart) within [low, high]."""
    rough = max(high - low, 1e-12) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [index * step for index in range(first, last + 1)]
    return [low]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Labels with as many decimals as the one that needs most, so that they line up; thousands apart."""
    if any(value and not 1e-4 <= abs(value) < 1e7 for value in values):
        return [minus(f"{value:.3g}") for value in values]
    digits = next((n for n in range(6) if all(abs(value - round(value, n)) < 1e-7 for value in values)), 6)
    return [minus(f"{value:,.{digits}f}") for value in values]


def minus(number: str) -> str:
    """A formatted number with a true minus sign before it."""
    return f"−{number[1:]}" if number.startswith("-") else number


def interval(
    mean: float,
    low: float,
    high: float,
    domain: Domain,
    *,
    reference: float = math.nan,
    width: int = INTERVAL_WIDTH,
) -> Markup:
    """A mean with its interval as a bar; a thin line marks ``reference``. Nothing for an undefined mean."""
    if not math.isfinite(mean):
        return Markup("")
    at = _scale(domain, INTERVAL_PAD, width - INTERVAL_PAD)
    middle, parts = INTERVAL_HEIGHT / 2, []
    parts.append(_line("grid", at(domain[0]), middle, at(domain[1]), middle))
    if math.isfinite(reference):
        parts.append(_line("reference", at(reference), 0, at(reference), INTERVAL_HEIGHT))
    if math.isfinite(low) and math.isfinite(high):
        x, length = at(low), max(at(high) - at(low), 1.0)
        parts.append(
            f'<rect class="range" x="{x:.1f}" y="{middle - 3.5}" width="{length:.1f}" height="7" rx="3.5"/>'
        )
    parts.append(f'<circle class="mean" cx="{at(mean):.1f}" cy="{middle}" r="3.5"/>')
    within = " to ".join(minus(f"{end:.3f}") for end in (low, high))
    known = math.isfinite(low) and math.isfinite(high)
    label = minus(f"{mean:.3f}") + (f", 95% interval {within}" if known else ", no interval")
    return _svg("interval", width, INTERVAL_HEIGHT, label, parts)


def interval_axis(domain: Domain, width: int = INTERVAL_WIDTH) -> Markup:
    """The axis of :func:`interval`, for the foot of its table."""
    at = _scale(domain, INTERVAL_PAD, width - INTERVAL_PAD)
    marks = [domain[0], (domain[0] + domain[1]) / 2, domain[1]]
    named = zip(marks, tick_labels(marks), strict=True)
    labels = [_text(at(value), 11, label, "tick", "middle") for value, label in named]
    return _svg("interval", width, INTERVAL_HEIGHT, "axis of the intervals", labels)


def strips(
    rows: Sequence[Strip], domain: Domain, axis_label: str, width: int, *, marked_from: int | None = None
) -> Markup:
    """Dots stacked over a common score axis, one row a strip, with a triangle at each row's median.

    Rows of ``marked_from`` dots or more have an open triangle at their 5th percentile too. Rows of more than
    ``MOST_DOTS`` are drawn as a histogram.
    """
    marks = ticks(*domain, 11 if width > 500 else 6)
    labels = tick_labels(marks)
    margin = max(14.0, 3.4 * max(len(label) for label in labels))  # half a label stands beyond the last mark
    right = width - margin
    at = _scale(domain, margin, right)
    parts: list[str] = []
    top = 0.0
    bodies: list[str] = []
    for row in rows:
        drawn, height = _strip(row, at, top, width, marked_from)
        bodies += drawn
        top += height
    for value, label in zip(marks, labels, strict=True):
        parts.append(_line("grid", at(value), 22, at(value), top))
        parts.append(_text(at(value), top + 14, label, "tick", "middle"))
    parts.append(_text(right, top + 32, axis_label, "axis-label", "end"))
    about = f"{axis_label} of each image: {', '.join(row.label for row in rows)}"
    return _svg("strips", width, top + 38, about, parts + bodies)


def curve(
    points: Sequence[Point],
    *,
    x_label: str,
    y_label: str,
    best: Literal["max"] | None = None,
    zero: bool = False,
) -> Markup:
    """One learning curve; ``best`` marks and names the highest point, ``zero`` starts the y axis at 0.

    Points whose y is not finite are left out.
    """
    return curves([Line("", points)], x_label=x_label, y_label=y_label, best=best, zero=zero)


def curves(
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    best: Literal["max"] | None = None,
    zero: bool = False,
) -> Markup:
    """Learning curves over common axes; of several each has a colour of its own, and ``best`` marks nothing.

    Points whose y is not finite are left out.
    """
    points = [point for line in lines for point in line.points]
    width, height, left, right, top, bottom = 420.0, 250.0, 46.0, 408.0, 34.0, 206.0
    kept = [_thinned([point for point in line.points if math.isfinite(point.y)]) for line in lines]
    known = [point.y for of_line in kept for point in of_line]
    low_x, high_x = _spread([point.x for point in points], pad=0.0)
    low_y, high_y = _spread(known + ([0.0] if zero else []), pad=0.06)
    low_y = max(low_y, 0.0) if zero or all(value >= 0 for value in known) else low_y
    at_x, at_y = _scale((low_x, high_x), left, right), _scale((low_y, high_y), bottom, top)
    parts = [
        _text(0, 14, y_label, "axis-label", "start"),
        _text(right, height - 6, x_label, "axis-label", "end"),
    ]
    marks = ticks(low_y, high_y, 6)
    for value, label in zip(marks, tick_labels(marks), strict=True):
        parts.append(_line("grid", left, at_y(value), right, at_y(value)))
        parts.append(_text(left - 8, at_y(value) + 4, label, "tick", "end"))
    marks = ticks(low_x, high_x, 6)
    for value, label in zip(marks, tick_labels(marks), strict=True):
        parts.append(_text(at_x(value), bottom + 18, label, "tick", "middle"))
    several = len(lines) > 1
    for number, (line, shown) in enumerate(zip(lines, kept, strict=True)):
        places = [(at_x(point.x), at_y(point.y), point) for point in shown]
        colour = f" {series(number)}" if several else ""
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        parts.append(f'<polyline class="curve{colour}" points="{corners}"/>')
        radius = 3.0 if len(places) <= 60 and not several else 1.5
        told = f"{line.name}, " if line.name else ""
        parts += [_dot(f"curve-dot{colour}", x, y, radius, told + point.title) for x, y, point in places]
        if best and places and not several:
            parts += _best(max(places, key=lambda place: place[2].y), left, right)
    return _svg("curve-chart", width, height, f"{y_label} by {x_label}", parts)


def series(number: int) -> str:
    """Classes of the colour of one of several curves, counted from 0; beyond ``COLOURS`` they are dashed."""
    return f"series-{number % COLOURS}" + (" dashed" if number >= COLOURS else "")


@dataclass(frozen=True)
class Ranged:
    """A point of :func:`reliability` with the interval of its y."""

    x: float
    y: float
    low: float
    high: float
    title: str


def reliability(points: Sequence[Ranged], *, label: str, x_label: str, y_label: str) -> Markup:
    """How often what is said with a probability is so: on the diagonal, as often as said. Both axes are 0–1."""
    parts, at_x, at_y = _square((0.0, 1.0), label, x_label, y_label)
    for point in points:
        x = at_x(point.x)
        if math.isfinite(point.low) and math.isfinite(point.high):
            top, height = at_y(point.high), max(at_y(point.low) - at_y(point.high), 1.0)
            parts.append(
                f'<rect class="range" x="{x - 3:.1f}" y="{top:.1f}" width="6" height="{height:.1f}" rx="3"/>'
            )
    places = " ".join(f"{at_x(point.x):.1f},{at_y(point.y):.1f}" for point in points)
    parts.append(f'<polyline class="curve" points="{places}"/>')
    parts += [_dot("curve-dot", at_x(point.x), at_y(point.y), 3.0, point.title) for point in points]
    return _svg("square-chart", SQUARE, SQUARE, f"{label}: {y_label} by {x_label}", parts)


def scatter(points: Sequence[Point], *, label: str, x_label: str, y_label: str) -> Markup:
    """Two scores of the same images against each other, both 0–1; on the diagonal they are equal.

    Points that lack one of the two are left out.
    """
    shown = [point for point in points if math.isfinite(point.x) and math.isfinite(point.y)]
    domain = score_domain([value for point in shown for value in (point.x, point.y)])
    parts, at_x, at_y = _square(domain, label, x_label, y_label)
    parts += [_dot("dot", at_x(point.x), at_y(point.y), 3.0, point.title) for point in shown]
    return _svg("square-chart", SQUARE, SQUARE, f"{label}: {y_label} by {x_label}", parts)


def _square(domain: Domain, label: str, x_label: str, y_label: str) -> tuple[list[str], _Scale, _Scale]:
    """Title, axes, grid and diagonal of a square chart whose axes share a domain."""
    left, right, top, bottom = 46.0, SQUARE - 12.0, 40.0, SQUARE - 46.0
    at_x, at_y = _scale(domain, left, right), _scale(domain, bottom, top)
    parts = [
        _text(0, 12, label, "best-label", "start"),
        _text(0, 30, y_label, "axis-label", "start"),
        _text(right, SQUARE - 8, x_label, "axis-label", "end"),
    ]
    marks = ticks(*domain, 6)
    for value, text in zip(marks, tick_labels(marks), strict=True):
        parts.append(_line("grid", left, at_y(value), right, at_y(value)))
        parts.append(_line("grid", at_x(value), top, at_x(value), bottom))
        parts.append(_text(left - 8, at_y(value) + 4, text, "tick", "end"))
        parts.append(_text(at_x(value), bottom + 18, text, "tick", "middle"))
    parts.append(_line("reference", at_x(domain[0]), at_y(domain[0]), at_x(domain[1]), at_y(domain[1])))
    return parts, at_x, at_y


def _best(place: tuple[float, float, Point], left: float, right: float) -> list[str]:
    x, y, point = place
    anchor = "start" if x < left + 40 else "end" if x > right - 40 else "middle"
    ring = f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
    return [ring, _text(x, y - 12, f"best {point.y:.3f}", "best-label", anchor)]


def _strip(
    row: Strip, at: _Scale, top: float, width: int, marked_from: int | None
) -> tuple[list[str], float]:
    """The marks of one row and its height, the heading included."""
    dots = sorted((dot for dot in row.dots if math.isfinite(dot.score)), key=lambda dot: dot.score)
    stacks: dict[int, list[Dot]] = {}
    for dot in dots:
        stacks.setdefault(round(at(dot.score) / DOT), []).append(dot)
    tallest = max((len(stack) for stack in stacks.values()), default=1)
    rise = min(DOT, TALLEST / tallest)
    base = top + 30 + rise * (tallest - 1) + DOT
    scores = [dot.score for dot in dots]
    marked = marked_from is not None and len(dots) >= marked_from
    said = _strip_figures(dots, marked and width > 500) if marked_from is not None and dots else ""
    heading = _short(row.label, int(width - 6.4 * len(said)) // 9)
    parts = [
        f'<text class="strip-label" x="0" y="{top + 15:.1f}">',
        f"{escape(heading)}<title>{escape(row.label)}</title></text>",
    ]
    if said:
        parts.append(_text(at.end, top + 15, said, "tick", "end"))
    parts.append(_line("axis", at.start, base, at.end, base))
    for column, stack in stacks.items():
        # A stack stands at its bin, so that neighbours never overlap; the exact score is in the title.
        x = min(max(column * DOT, at.start), at.end)
        if len(dots) > MOST_DOTS:
            parts.append(_column(x, base, rise * len(stack), f"{len(stack):,} of {len(dots):,}"))
            continue
        parts += [
            _dot("dot", x, base - DOT / 2 - rise * i, 3.0, dot.title, dot.link) for i, dot in enumerate(stack)
        ]
    if dots:
        parts.append(_triangle("median", at(percentile(scores, 50)), base))
    if marked:
        parts.append(_triangle("fifth", at(percentile(scores, 5)), base))
    return parts, base + 20 - top


def _strip_figures(dots: Sequence[Dot], marked: bool) -> str:
    """ "median 0.954 (0.932–0.961) · 5th percentile 0.853 (0.000–0.887)", with their 95% intervals."""
    scores = [dot.score for dot in dots]
    units = np.array([-1 - at if dot.unit is None else dot.unit for at, dot in enumerate(dots)])
    median, fifth = (
        within_text(percentile(scores, share), quantile_interval(np.array(scores), share / 100, units=units))
        for share in (50, 5)
    )
    return f"median {median}" + (f" · 5th percentile {fifth}" if marked else "")


def _triangle(kind: str, x: float, base: float) -> str:
    return f'<path class="{kind}" d="M{x:.1f} {base + 2:.1f}l5 8h-10z"/>'


def _column(x: float, base: float, height: float, title: str) -> str:
    place = f'x="{x - DOT / 2 + 0.5:.1f}" y="{base - height:.1f}" width="{DOT - 1}" height="{height:.1f}"'
    return f'<rect class="dot" {place}><title>{escape(title)}</title></rect>'


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    stride = max(-(-len(points) // MOST_POINTS), 1)
    return points[::-1][::stride][::-1]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The percentile of ascending values, linear between two of them, as NumPy takes it."""
    place = (len(ordered) - 1) * share / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _spread(values: Sequence[float], pad: float) -> Domain:
    """The range of the finite values, widened by ``pad`` of itself; never empty."""
    known = finite(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high <= low:
        return low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return low - pad * (high - low), high + pad * (high - low)


@dataclass(frozen=True)
class _Scale:
    """A linear map of ``domain`` onto [start, end]; what lies outside is held at the ends."""

    domain: Domain
    start: float
    end: float

    def __call__(self, value: float) -> float:
        low, high = self.domain
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return self.start + share * (self.end - self.start)


def _scale(domain: Domain, start: float, end: float) -> _Scale:
    return _Scale(domain, start, end)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _dot(kind: str, x: float, y: float, radius: float, title: str, link: str = "") -> str:
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius}"'
    dot = f'<circle class="{kind}" {place}><title>{escape(title)}</title></circle>'
    return f'<a class="shown" href="#{escape(link)}" aria-label="{escape(title)}">{dot}</a>' if link else dot


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(kind: str, width: float, height: float, label: str, parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    role = "group" if "<a " in body else "img"  # what is an image to a screen reader holds no links
    about = f'role="{role}" aria-label="{escape(label)}"'
    return Markup(f'<svg class="{kind}" viewBox="0 0 {width:.0f} {height:.0f}" {about}>{body}</svg>')

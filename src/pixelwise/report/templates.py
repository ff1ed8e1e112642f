"""The templates of the pages, and the words that they write numbers in."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

import jinja2
import PIL.Image
from markupsafe import Markup, escape

from pixelwise.evaluation import OUT_OF_FOLD
from pixelwise.metrics import METRICS
from pixelwise.types import Image

LONGEST_SIDE = 800
"""Images are shown at no more than this many pixels on their long side; contours stay at full resolution."""

_OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*")


def template(name: str) -> jinja2.Template:
    """A template of this folder by its file name."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.PackageLoader("pixelwise.report", ""),
    )
    environment.filters |= {
        "score": score_text,
        "value": value_text,
        "range": range_text,
        "span": span_text,
        "percent": percent_text,
        "mean": mean_text,
        "metric": metric_text,
        "meaning": meaning_text,
        "time": time_text,
        "short": short_time_text,
        "count": count_text,
        "field": field_text,
        "signed": signed_text,
        "signed_span": signed_span_text,
        "probability": probability_text,
        "readable": readable_text,
        "unbroken": unbroken_text,
    }
    environment.globals |= {"page_script": Markup(page_script()), "script_digest": script_digest()}
    return environment.get_template(name)


@cache
def page_script() -> str:
    """What a page adds to itself where scripts run."""
    return (resources.files("pixelwise.report") / "page.js").read_text(encoding="utf-8").strip()


@cache
def script_digest() -> str:
    """The SHA-256 by which a page's policy allows its own script and no other, in base64."""
    return base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode("ascii")


def jpeg(image: Image, longest: int = LONGEST_SIDE) -> str:
    """Base64 of a JPEG with at most ``longest`` pixels on its long side."""
    picture = PIL.Image.fromarray(image)
    picture.thumbnail((longest, longest), PIL.Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=82, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def score_text(value: float) -> str:
    """A score with three decimals."""
    return "n/a" if math.isnan(value) else number_text(value, 3)


def number_text(value: float, digits: int) -> str:
    """A number with its true minus, and without one where it rounds to 0."""
    return f"{value:z.{digits}f}".replace("-", "−")


def value_text(value: float, unit: str = "") -> str:
    """A score with three decimals, a distance with two and its unit."""
    return score_text(value) if not unit or math.isnan(value) else f"{number_text(value, 2)} {unit}"


def range_text(interval: tuple[float, float], unit: str = "") -> str:
    """An interval of scores or distances; one of distances may have no upper end."""
    digits, (low, high) = (2 if unit else 3), interval
    if math.isnan(high) and not math.isnan(low):
        return f"{number_text(low, digits)}–∞"
    return "n/a" if math.isnan(low) else _ends_text(interval, digits)


def span_text(interval: tuple[float, float]) -> str:
    """An interval in words; one that is undefined is said to be so."""
    return "n/a" if any(math.isnan(end) for end in interval) else _ends_text(interval, 3)


def within_text(
    value: float, interval: tuple[float, float], form: Callable[[float], str] = score_text
) -> str:
    """A number with its interval, where it has one, both in ``form``."""
    known = not any(math.isnan(end) for end in interval)
    return f"{form(value)} ({_joined_text([form(end) for end in interval])})" if known else form(value)


def value_within_text(value: float, interval: tuple[float, float], unit: str = "") -> str:
    """A score or a distance with its interval, where it has one."""
    known = not math.isnan(interval[0])
    return value_text(value, unit) + (f" ({range_text(interval, unit)})" if known else "")


def _ends_text(interval: tuple[float, float], digits: int) -> str:
    return _joined_text([number_text(end, digits) for end in interval])


def _joined_text(ends: Sequence[str]) -> str:
    # Beside a minus sign the dash of a range would look like one.
    return (" to " if any(end.startswith("−") for end in ends) else "–").join(ends)


def percent_text(share: float) -> str:
    """A share in per cent."""
    # One decimal where whole per cent would round to a flat 0 or 100.
    return "n/a" if math.isnan(share) else f"{share:.{int(0 < share < 0.1 or 0.99 < share < 1)}%}"


def signed_text(value: float, digits: int = 4) -> str:
    """A difference with its sign; of scores with a decimal more than these have."""
    return "n/a" if math.isnan(value) else f"{value:+z.{digits}f}".replace("-", "−")


def signed_span_text(interval: tuple[float, float], digits: int = 4) -> str:
    """The interval of a difference in words."""
    if any(map(math.isnan, interval)):
        return "n/a"
    return " to ".join(signed_text(end, digits) for end in interval)


def probability_text(share: float) -> str:
    """A probability in per cent; as few resamples tell, never certain."""
    if math.isnan(share):
        return "n/a"
    return "< 0.1%" if share < 0.001 else "> 99.9%" if share > 0.999 else f"{share:.1%}"


def readable_text(name: str) -> str:
    """The name of a tag or a setting as people write it: "clinical diagnosis"."""
    return name.replace("_", " ")


def images_text(count: int, split: str) -> str:
    """ "40 test images"; those of folds are no split, and just images."""
    kind = {"all": "", OUT_OF_FOLD: "", "train": "training ", "val": "validation "}.get(split, f"{split} ")
    return f"{count:,} {kind}image{'s' * (count != 1)}"


def unbroken_text(text: str) -> Markup:
    """Text whose options, such as ``--group-by``, stay in one piece where a line ends at a hyphen."""
    return Markup(_OPTION.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))


def listed(names: Sequence[str]) -> str:
    """ "road, car and tree"."""
    return " and ".join([", ".join(names[:-1])] * (len(names) > 1) + list(names[-1:]))


def metric_text(name: str) -> str:
    """A metric as people write it; one that carries its task's name keeps it."""
    task, _, metric = name.rpartition(".")
    title = METRICS[metric].title if metric in METRICS else metric
    return f"{task}: {title}" if task else title


def mean_text(name: str) -> str:
    """What a headline's value is: "mean Dice"; "PQ" of objects or joints, which are counted over all images."""
    metric = METRICS.get(name.rpartition(".")[2])
    return metric_text(name) if metric is not None and metric.of_objects else f"mean {metric_text(name)}"


def meaning_text(name: str) -> str:
    """What a metric means, in a sentence; empty where nothing is known of it."""
    metric = name.rpartition(".")[2]
    return METRICS[metric].meaning if metric in METRICS else ""


def count_text(number: float) -> str:
    """A large number for people: "9,728", "4.6 million", "7.9 billion"."""
    for limit, word in ((1e9, "billion"), (1e6, "million")):
        if number >= limit:
            return f"{number / limit:,.1f} {word}"
    return f"{number:,.0f}"


def field_text(field: float) -> str:
    """A receptive field for people."""
    return "all" if math.isinf(field) else f"{field:.0f}"


def short_time_text(seconds: float) -> str:
    """Seconds with two decimals; what is shorter than a hundredth is said to be so."""
    return "<0.01" if seconds < 0.01 else f"{seconds:.2f}"


def time_text(seconds: float) -> str:
    """A duration in the unit that suits it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

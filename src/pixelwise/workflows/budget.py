"""Lengths of time as people write them, and what of a budget is left for training."""

from __future__ import annotations

import re
import time

from pixelwise.errors import RecipeError

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_budget(text: str) -> float:
    """Seconds from "90s", "5m", "1h" or "1h30m".

    Raises:
        RecipeError: anything else, or nothing.
    """
    compact = text.strip().lower().replace(" ", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise RecipeError(f"'{text}' is no length of time; write it like 90s, 5m or 1h30m.")
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise RecipeError(f"'{text}' leaves no time to train; write it like 90s, 5m or 1h30m.")
    return seconds


def format_seconds(seconds: float) -> str:
    """ "48 s", "5 min" or "1 h 05 min", for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def check_budget(started: float, budget: float, reserve: float) -> None:
    """Refuse a budget of which too little is left to train.

    Args:
        started: moment on the monotonic clock that the budget counts from.
        reserve: seconds that evaluation and report will take.

    Raises:
        RecipeError: what comes before and after training takes nearly all of it.
    """
    now = time.monotonic()
    if started + budget - reserve - now < 0.1 * budget:
        needed = now - started + reserve
        raise RecipeError(
            f"a budget of {format_seconds(budget)} is too short here: reading, evaluating and reporting take "
            f"{format_seconds(needed)}; give at least --budget {int(2 * needed) + 1}s."
        )


def kept_for_later(whole: float, ending: float, left: int) -> float:
    """Seconds that a fold has to leave, of all that are left when it begins.

    Args:
        whole: seconds until all has to be done; those that the fold was at work before it was resumed are added.
        ending: of these, for what comes after all folds: evaluation and report.
        left: folds that have no model yet, with this one; what is not for the ending is shared equally.

    >>> kept_for_later(100.0, 20.0, 4)
    80.0
    >>> kept_for_later(40.0, 20.0, 1)
    20.0
    """
    return ending + max(0.0, whole - ending) * (left - 1) / left

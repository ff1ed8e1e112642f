"""Masks that do not follow the edges of their images: moved, mirrored, turned, exchanged, or another image's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.checks.finding import Found
from pixelwise.checks.fit import Fit, Plane, fit
from pixelwise.checks.strangers import find_strangers
from pixelwise.checks.subject import Subject
from pixelwise.data.workers import worked

NEAR = 0.015
"""Share of the longest side up to which the best shift is none."""
GOOD = 3.4
"""Standard deviations that the correlation of a fitting mask reaches, as a rule."""
DOUBTFUL = 0.6
"""Share of the usual fit of a set below which a mask is tried turned, and no shift explains one of a stranger."""

TURNS: dict[str, Callable[[Plane], Plane]] = {
    "mirrored left to right": lambda plane: plane[:, ::-1],
    "mirrored upside down": lambda plane: plane[::-1],
    "turned by 180°": lambda plane: plane[::-1, ::-1],
    "turned by 90° clockwise": lambda plane: np.rot90(plane, -1),
    "turned by 90° counter-clockwise": lambda plane: np.rot90(plane),
    "mirrored along the diagonal": lambda plane: plane.T,
}


@dataclass(frozen=True)
class _Fitted:
    path: Path
    grey: Plane
    classes: Plane
    fit: Fit


def find(subject: Subject) -> Iterator[Found]:
    """Masks that would follow the edges of their images better elsewhere, or nowhere."""
    fitted = _fit_all(subject)
    if not fitted:
        return
    together = _common_shift(fitted)
    if together is not None:
        detail = f"All masks lie {_where(*together)}."
        yield "mask-shifted", subject.place(subject.dataset.root, detail=detail)
        return
    strange = find_strangers([(one.grey, one.classes) for one in fitted], [one.fit.here for one in fitted])
    for one, other in [*strange.exchanged, *((other, one) for one, other in strange.exchanged)]:
        detail = f"It follows the image of {fitted[other].path.name}, and that one this image."
        yield "mask-exchanged", subject.place(fitted[one].path, detail=detail)
    exchanged, alone = {place for swap in strange.exchanged for place in swap}, set(strange.alone)
    least = _least_gain([one.fit for one in fitted])
    doubtful = _doubtful([one.fit for one in fitted])
    usual = float(np.median([one.fit.here for one in fitted]))
    # A stranger's mask fits somewhere by chance; one that was moved fits there as the others do where they lie.
    rest = [
        (one, one.fit.here < doubtful, place in alone and one.fit.best < DOUBTFUL * usual)
        for place, one in enumerate(fitted)
        if place not in exchanged
    ]
    for found in worked(lambda one: list(_one(subject, *one, least=least)), rest):
        yield from found


def best_turn(grey: Plane, classes: Plane) -> str | None:
    """How a mask that does not fit as it lies fits well, of ``TURNS``; None where it does in no way."""
    found = {
        name: fit(grey, np.ascontiguousarray(turned))
        for name, turn in TURNS.items()
        if (turned := turn(classes)).shape == grey.shape
    }
    known = {name: one for name, one in found.items() if one is not None}
    if not known:
        return None
    name = max(known, key=lambda name: known[name].here)
    return name if known[name].here > GOOD and known[name].distance <= 2 * NEAR else None


def _fit_all(subject: Subject) -> list[_Fitted]:
    coding = subject.coding.ids

    def fitted(pair: tuple[Path, Plane, NDArray[np.unsignedinteger]]) -> _Fitted | None:
        path, grey, stored = pair
        values, ranks = np.unique(stored, return_inverse=True)
        ids = np.array([coding.get(int(value), 0) for value in values], np.uint8)
        classes = ids[ranks].reshape(stored.shape)
        found = fit(grey, classes) if grey.shape == classes.shape and len(set(ids.tolist())) > 1 else None
        return None if found is None else _Fitted(path, grey, classes, found)

    pairs = [
        (mask.file.path, one.image.grey, content.small)
        for one, mask, content in subject.pairs
        if content.look == "clean" and all(value in coding for value in content.counts)
    ]
    return [one for one in worked(fitted, pairs) if one is not None]


def _one(
    subject: Subject, one: _Fitted, is_doubtful: bool, is_strange: bool, *, least: float
) -> Iterator[Found]:
    found = one.fit
    turn = best_turn(one.grey, one.classes) if is_doubtful else None
    if turn is not None:
        yield "mask-turned", subject.place(one.path, detail=f"It fits {turn}.")
    elif is_strange:
        yield "mask-misfit", subject.place(one.path)
    elif found.distance > NEAR and found.best - found.here > least and found.best > GOOD:
        yield "mask-shifted", subject.place(one.path, detail=f"It lies {_where(*found.shift)}.")


def _common_shift(fitted: Sequence[_Fitted]) -> tuple[float, float] | None:
    """The shift that most masks share; None where it is none."""
    shifts = np.array([one.fit.shift for one in fitted])
    middle = np.median(shifts, axis=0)
    agreeing = np.hypot(*(shifts - middle).T) <= NEAR
    if len(fitted) < 3 or np.hypot(*middle) <= NEAR or agreeing.mean() < 0.6:
        return None
    return float(middle[0]), float(middle[1])


def _least_gain(fits: Sequence[Fit]) -> float:
    """Gain in correlation that is no chance: sets whose masks follow the edges closely allow less."""
    return float(np.clip(4 * np.percentile([one.best - one.here for one in fits], 90), 1.2, 2.5))


def _doubtful(fits: Sequence[Fit]) -> float:
    """Correlation below which a mask may be turned; none in a set whose masks follow the edges loosely."""
    here = np.array([one.here for one in fits])
    limit = DOUBTFUL * float(np.median(here))
    return limit if np.percentile(here, 15) > limit else -np.inf


def _where(x: float, y: float) -> str:
    """A better shift in words: where the mask lies, seen from where it should."""
    parts = [
        f"{abs(amount):.1%} too far {names[amount > 0]}"
        for amount, names in ((x, ("right", "left")), (y, ("down", "up")))
        if abs(amount) > NEAR / 2
    ]
    return " and ".join(parts) + " (of the longest side)"

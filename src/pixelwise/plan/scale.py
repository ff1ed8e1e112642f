"""How large the frame is, and whether images are cut: as large as the masks need and the time allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pixelwise.geometry import usual_frame, usual_size
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.recipe import Scale
from pixelwise.tiling import Tiling
from pixelwise.types import Size

SMALLEST = 224
"""Square root of the smallest frame's area; what rates are for."""
SIDES = (SMALLEST, 256, 288, 320, 352, 384, 416, 448, 512)
ENOUGH = 0.997
"""A ceiling that a larger frame hardly lifts: networks err ten times as much."""
EPOCHS = 25
"""Passes over the training images that are worth more than a larger frame which masks need."""
PLENTY = 60
"""Passes that are worth more than a larger frame which masks do without, or than one larger than the images."""
LIGHT = 352
"""Square root of the largest area of a frame that is larger than masks need: a step of 8 then takes about 2 GB."""
FINEST = 2.0
"""Times that a frame may be as long as images that it shows no more of: fields are half as fine as the frame."""
TRAINING_SHARE = 0.85
"""Of a budget, that is left for training, about."""

TILE = (320, 320)
ZOOMS = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Factors that images are scaled by before they are cut."""
GAIN = 0.03
"""What tiles must add to the ceiling: they cost time, and a network sees less around each pixel."""
PREDICTING_SHARE = 0.25
"""Of a budget, that predicting validation and test images tile by tile may take."""
PREDICTING_RATE = 1.5
"""Images that are predicted, mirrored too, while one is trained on, about."""


@dataclass(frozen=True)
class ScalePlan:
    """A scale and why."""

    scale: Scale
    reason: str


def plan_scale(known: Fingerprint, asked: Mapping[str, Any] = MappingProxyType({})) -> ScalePlan:
    """One frame for an image where that shows enough of it, else tiles.

    Args:
        asked: what somebody wants of a :class:`~pixelwise.recipe.Scale`, by its names there; the rest is planned.
    """
    whole, policy = _plan_frame(known), asked.get("policy")
    cut = None if policy == "fit" else _cut(known, whole, wished=policy == "tiles")
    return as_asked(cut or whole, asked)


def as_asked(planned: ScalePlan, asked: Mapping[str, Any]) -> ScalePlan:
    """The plan with what somebody wants of a scale in its place."""
    if not asked:
        return planned
    scale = Scale.model_validate(planned.scale.model_dump() | dict(asked))
    if "size" in asked:
        return ScalePlan(scale, f"{_sides(scale.size)} (width × height), as asked")
    return replace(planned, scale=scale)


def _cut(known: Fingerprint, whole: ScalePlan, *, wished: bool) -> ScalePlan | None:
    """The fewest tiles that show enough, or those that show most; None where one frame does nearly as well.

    Args:
        wished: tiles are asked for, however well one frame does.
    """
    best = known.ceiling(whole.scale)
    if not wished and (math.isnan(best) or best >= ENOUGH - GAIN):
        return None
    tiled = list(_affordable_tiles(known))
    fine = next((scale for scale in tiled if known.ceiling(scale) >= ENOUGH), None)
    scale = fine or max(tiled, key=known.ceiling, default=None)
    if scale is None or not (wished or known.ceiling(scale) >= best + GAIN):
        return None
    return _tiles(known, scale, whole)


def _plan_frame(known: Fingerprint) -> ScalePlan:
    """The smallest frame whose ceiling is ``ENOUGH``, or the largest that leaves time for ``EPOCHS``.

    Where a budget leaves time for ``PLENTY``, larger than the images, or up to ``LIGHT`` than is enough for the masks.
    """
    usual = usual_size(known.sizes)
    chosen = usual_frame(known.sizes, SMALLEST**2)
    limit = ""
    for side in SIDES[1:]:
        reached = known.ceiling(Scale(size=chosen))
        enough = math.isnan(reached) or reached >= ENOUGH
        if enough and known.seconds is None:
            break
        size = usual_frame(known.sizes, side**2)
        times = max(size[0] / usual[0], size[1] / usual[1])
        if times > (1 if enough or known.seconds is None else FINEST):
            limit = "; a larger one would show no more"
            break
        if enough and side > LIGHT:
            limit = "; a larger one would take more memory than it is worth"
            break
        passes = PLENTY if enough or times > 1 else EPOCHS
        if epochs_in(known, Scale(size=size)) < passes:
            limit = f"; a larger one would leave less than {passes} passes over the training images"
            break
        chosen = size
    finer = (
        ", and fields are half as fine as the frame" if chosen[0] > usual[0] or chosen[1] > usual[1] else ""
    )
    reason = (
        f"{_sides(chosen)} (width × height): {_about(known)}{finer}{_kept(known, Scale(size=chosen))}{limit}"
    )
    return ScalePlan(Scale(size=chosen), reason)


def _affordable_tiles(known: Fingerprint) -> Iterator[Scale]:
    """From few tiles to many, as long as there is time to predict by them."""
    for zoom in ZOOMS:
        scale = Scale(policy="tiles", size=TILE, zoom=zoom)
        tiles = frames_of(known, scale)
        area = TILE[0] * TILE[1] / SMALLEST**2
        seconds = tiles * area * known.scored / (known.rate * PREDICTING_RATE)
        if known.seconds is None or seconds <= known.seconds * PREDICTING_SHARE:
            yield scale


def _tiles(known: Fingerprint, scale: Scale, whole: ScalePlan) -> ScalePlan:
    count = frames_of(known, scale)
    zoomed = "" if scale.zoom == 1 else f" scaled by {scale.zoom:g}"
    lost = known.ceiling(whole.scale)
    reason = (
        f"{count} tiles of {_sides(scale.size)} of an image{zoomed}: {_about(known)}{_kept(known, scale)}; "
        f"in one frame of {_sides(whole.scale.size)} they would keep {lost:.3f}"
    )
    return ScalePlan(scale, reason)


def _about(known: Fingerprint) -> str:
    return f"the usual image is {_sides(usual_size(known.sizes))}"


def _kept(known: Fingerprint, scale: Scale) -> str:
    best = known.ceiling(scale)
    return "" if math.isnan(best) else f"; masks keep a score of {best:.3f} in it"


def _sides(size: Size) -> str:
    return f"{size[1]}×{size[0]}"


def frames_of(known: Fingerprint, scale: Scale) -> int:
    """Frames that the usual image is cut into: one, or its tiles."""
    return len(Tiling.of(usual_size(known.sizes), scale).places) if scale.policy == "tiles" else 1


def epochs_in(known: Fingerprint, scale: Scale) -> float:
    """Passes over the training images, all of their tiles, that the time allows, about; inf where it is no matter."""
    if known.seconds is None or not known.training:
        return math.inf
    rate = known.rate * SMALLEST**2 / (scale.size[0] * scale.size[1])
    return rate * known.seconds * TRAINING_SHARE / (known.training * frames_of(known, scale))

"""How far the outlines of truth and prediction lie apart.

The outline of a mask are its pixels that have one of their four neighbours outside it; what lies beyond the image is
outside. Distances are Euclidean, between the centres of pixels, from each pixel of one outline to the nearest of the
other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pixelwise.metrics.ratio import Ratio
from pixelwise.types import IGNORE_INDEX, LabelMap, Size, Spacing

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]

TOLERANCE = 0.01
"""Of the image's diagonal: an outline no farther off is right, for the normalised surface distance.

The metric's authors take what two experts differ by, which of most data is not known. Outlines that two people drew of
one object in photographs are seldom farther apart than that, whatever the object's size (Cheng 2021). Being in parts
of the diagonal, it means the same of an image whatever its resolution.
"""
BAND = 0.02
"""Of the image's diagonal: width of the border that the boundary IoU compares, its authors' choice."""


@dataclass(frozen=True)
class SurfaceCounts:
    """What the scores of outlines derive from: (K,) float64 each, by scored class.

    Attributes:
        outline: pixels of both outlines.
        near: those of them no farther from the other outline than the tolerance.
        distance: sum of the distances of all of them, in pixels; NaN where one of the outlines is missing.
        hd95: in pixels; NaN where one of the outlines is missing.
        distance_mm, hd95_mm: the same in mm; NaN also where the size of pixels is not known.
        band_shared, band_either: pixels that the inner borders share, and that either covers.
    """

    outline: Values
    near: Values
    distance: Values
    hd95: Values
    distance_mm: Values
    hd95_mm: Values
    band_shared: Values
    band_either: Values

    def to_json(self) -> dict[str, list[float | None]]:
        """Lists by class; None for NaN."""
        return {
            one.name: [None if math.isnan(value) else float(value) for value in getattr(self, one.name)]
            for one in fields(self)
        }


def surface_counts(
    truth: LabelMap, predicted: LabelMap, classes: Sequence[int], spacing: Spacing | None = None
) -> SurfaceCounts:
    """Count the outlines of classes.

    Args:
        truth: (H, W) class ids; pixels of ``IGNORE_INDEX`` belong to no mask of truth or prediction.
        predicted: (H, W) class ids.
        classes: ids of the K classes to count.
        spacing: mm from one pixel to the next, down and across.
    """
    labelled = truth != IGNORE_INDEX
    found = [
        _of_masks((truth == one), (predicted == one) & labelled, truth.shape, spacing) for one in classes
    ]
    return SurfaceCounts(
        **{one.name: np.array([each[one.name] for each in found]) for one in fields(SurfaceCounts)}
    )


def surface_ratios(counts: Sequence[SurfaceCounts]) -> dict[str, Ratio]:
    """The scores of outlines by metric name: ratios (N, K) of N images.

    ``nsd`` is the normalised surface distance, or surface Dice (Nikolov 2018). ``boundary_iou`` is that of Cheng
    2021. ``assd`` is the average symmetric surface distance: the mean over the pixels of both outlines together.
    ``hd95`` is the greater of the 95th percentiles of the two directions, as Metrics Reloaded defines it
    (Maier-Hein 2024), not that of both directions together. The distances do not exist where one of the masks is
    empty; the other two are 0 there. Those in mm are among them where the size of pixels is known of any image.
    """
    columns = {
        one.name: np.stack([getattr(each, one.name) for each in counts]) for one in fields(SurfaceCounts)
    }
    found = {
        "boundary_iou": Ratio.of(columns["band_shared"], columns["band_either"]),
        "nsd": Ratio.of(columns["near"], columns["outline"]),
        "assd": _where_defined(columns["distance"], columns["outline"]),
        "hd95": _where_defined(columns["hd95"], np.ones_like(columns["hd95"])),
    }
    if not np.isnan(columns["hd95_mm"]).all():
        found["assd_mm"] = _where_defined(columns["distance_mm"], columns["outline"])
        found["hd95_mm"] = _where_defined(columns["hd95_mm"], np.ones_like(columns["hd95"]))
    return found


def _where_defined(part: Values, whole: Values) -> Ratio:
    defined = ~np.isnan(part)
    return Ratio(np.where(defined, part, 0.0), np.where(defined, whole, 0.0))


def _of_masks(truth: Mask, predicted: Mask, size: Size, spacing: Spacing | None) -> Mapping[str, float]:
    """The counts of one class by name."""
    diagonal = math.hypot(*size)
    truth, predicted = _cropped(truth, predicted)
    lines = _outline(truth), _outline(predicted)
    borders = [_border(mask, max(1, round(BAND * diagonal))) for mask in (truth, predicted)]
    shared, either = (np.count_nonzero(one) for one in (borders[0] & borders[1], borders[0] | borders[1]))
    bands = {"band_shared": float(shared), "band_either": float(either)}
    count = float(sum(np.count_nonzero(line) for line in lines))
    if not (lines[0].any() and lines[1].any()):
        missing = dict.fromkeys(("distance", "hd95", "distance_mm", "hd95_mm"), math.nan)
        return {**bands, **missing, "outline": count, "near": 0.0}
    pixels = _distances(*lines, (1.0, 1.0))
    millimetres = _in_mm(lines, pixels, spacing)
    return {
        **bands,
        "outline": count,
        "near": float(sum(np.count_nonzero(way <= TOLERANCE * diagonal) for way in pixels)),
        "distance": _total(pixels),
        "hd95": _hd95(pixels),
        "distance_mm": _total(millimetres) if millimetres else math.nan,
        "hd95_mm": _hd95(millimetres) if millimetres else math.nan,
    }


def _in_mm(
    lines: tuple[Mask, Mask], pixels: Sequence[Values], spacing: Spacing | None
) -> Sequence[Values] | None:
    if spacing is None:
        return None
    if spacing[0] == spacing[1]:
        return [way * spacing[0] for way in pixels]
    return _distances(*lines, spacing)  # the nearest pixel may be another one


def _distances(one: Mask, other: Mask, spacing: Spacing) -> tuple[Values, Values]:
    """Distances of the pixels of one outline from the other, and the other way."""
    from scipy import ndimage

    to_other = ndimage.distance_transform_edt(~other, sampling=spacing)
    to_one = ndimage.distance_transform_edt(~one, sampling=spacing)
    return to_other[one], to_one[other]


def _total(ways: Sequence[Values]) -> float:
    return float(sum(way.sum() for way in ways))


def _hd95(ways: Sequence[Values]) -> float:
    return float(max(np.percentile(way, 95) for way in ways))


def _cropped(one: Mask, other: Mask) -> tuple[Mask, Mask]:
    """Both within the box that holds both; empty where both are. Outlines lie inside their masks, so none is lost."""
    either = one | other
    rows, columns = np.flatnonzero(either.any(axis=1)), np.flatnonzero(either.any(axis=0))
    if not rows.size:
        return one[:0, :0], other[:0, :0]
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return one[box], other[box]


def _outline(mask: Mask) -> Mask:
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    line: Mask = mask & ~inside
    return line


def _border(mask: Mask, width: int) -> Mask:
    """The pixels of a mask that have one outside it within ``width`` along rows and columns, as in a chess-board."""
    from scipy import ndimage

    eroded = mask.view(np.uint8)
    for axis in (0, 1):
        eroded = ndimage.minimum_filter1d(eroded, 2 * width + 1, axis=axis, mode="constant", cval=0)
    border: Mask = mask & (eroded == 0)
    return border

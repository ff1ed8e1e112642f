"""A picture in layers: one JPEG, over it outlines as paths, which a reader shows, hides and enlarges.

Every page that shows images makes them of these records and draws them with the macros of ``layered.html.jinja``.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise.labels import Labels
from pixelwise.report.contours import MOST_CORNERS, Contour, contour, outlines
from pixelwise.report.templates import LONGEST_SIDE, jpeg
from pixelwise.tasks.drawing import PALETTE
from pixelwise.types import IGNORE_INDEX, Image, LabelMap

VEIL_SIDE = 320
"""Pixels of an uncertainty map on its long side: it is smooth, and files stay small."""
VEIL_LEVELS = 16
VEIL_COLOUR = (122, 60, 255)
VEIL_OPACITY = 0.85


@dataclass(frozen=True)
class Layer:
    """Outlines of one kind.

    Attributes:
        kind: what they are of, the class of the style sheet: "truth", "predicted".
        outlines: by name of a class.
        colours: by name of a class, where it is filled with its colour; else a line is drawn.
        stored: id of an element of the page that holds the outlines, where several pictures share them.
    """

    kind: str
    outlines: Mapping[str, Contour]
    colours: Mapping[str, str] = field(default_factory=dict)
    stored: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(outline.data for outline in self.outlines.values())


@dataclass(frozen=True)
class Picture:
    """What the macros draw.

    Attributes:
        name: of the image.
        width, height: of the image, in pixels; outlines are in these.
        jpeg: base64.
        unlabelled: path of what nobody labelled; empty where all is.
        layers: in the order in which they are drawn.
        named: whether outlines tell their class when pointed at.
        uncertainty: base64 of a PNG that covers what is unsure; empty where nothing is known of that.
        stored: id of an element of the page that holds JPEG and ``unlabelled``, where several pictures share them.
    """

    name: str
    width: int
    height: int
    jpeg: str
    unlabelled: str
    layers: tuple[Layer, ...]
    named: bool = False
    uncertainty: str = ""
    stored: str = ""

    @property
    def coarse(self) -> bool:
        """Whether an outline is so ragged that it is drawn in blocks."""
        return any(line.block > 1 for layer in self.layers for line in layer.outlines.values())

    def lacks(self, kind: str) -> bool:
        """Whether the layers of a kind are there and empty."""
        found = [layer for layer in self.layers if layer.kind == kind]
        return bool(found) and all(layer.empty for layer in found)


@dataclass(frozen=True)
class Shown:
    """An image among those that a page shows, with what stands under it.

    Attributes:
        id: of its figure, unique on the page.
        missed, extra: shares of the truth and of the prediction that are wrong; NaN where that is not told.
    """

    id: str
    picture: Picture
    tags: Mapping[str, str]
    score: float
    missed: float = math.nan
    extra: float = math.nan


def make_picture(
    name: str,
    image: Image,
    truth: LabelMap,
    layers: tuple[Layer, ...],
    *,
    named: bool = False,
    uncertainty: NDArray[np.float32] | None = None,
    longest: int = LONGEST_SIDE,
    most_corners: int = MOST_CORNERS,
) -> Picture:
    """A picture of an image.

    Args:
        image: (H, W, 3).
        truth: (H, W) class ids, 255 where nobody labelled.
        uncertainty: (H, W) in 0–1.
        longest: pixels of the JPEG on its long side, at the most.
        most_corners: beyond so many, what nobody labelled is drawn coarsely.
    """
    height, width = truth.shape
    return Picture(
        name=name,
        width=width,
        height=height,
        jpeg=jpeg(image, longest),
        unlabelled=contour(truth == IGNORE_INDEX, most_corners).data,
        layers=layers,
        named=named,
        uncertainty="" if uncertainty is None else veil(uncertainty),
    )


def line(kind: str, label_map: LabelMap, labels: Labels) -> Layer:
    """The outlines of the scored classes in ``label_map`` (H, W)."""
    return Layer(kind, outlines(label_map, labels))


def tint(kind: str, label_map: LabelMap, labels: Labels) -> Layer:
    """The scored classes in ``label_map`` (H, W), each filled with its colour."""
    colours = class_colours(labels)
    found = outlines(label_map, labels)
    return Layer(kind, found, {name: colours[name] for name in found})


def class_colours(labels: Labels) -> dict[str, str]:
    """A CSS colour for each scored class: those that overlays have, then lighter and darker ones of them."""
    found = {}
    for place, index in enumerate(labels.scored):
        turn, which = divmod(place, len(PALETTE))
        colour = PALETTE[which].astype(float)
        towards, share = ((0.0, 0.0), (255.0, 0.5), (0.0, 0.45))[turn % 3]
        mixed = (1 - share) * colour + share * towards
        found[labels.classes[index]] = "#" + "".join(f"{round(part):02x}" for part in mixed)
    return found


def veil(uncertainty: NDArray[np.float32]) -> str:
    """Base64 of a PNG (of at most ``VEIL_SIDE`` a side) that is the more opaque the less sure a pixel is.

    Args:
        uncertainty: (H, W) in 0–1; NaN counts as 0.
    """
    levels = np.nan_to_num(uncertainty).clip(0, 1) * (VEIL_LEVELS - 1)
    shares = PIL.Image.fromarray(levels.astype(np.float32))
    shares.thumbnail((VEIL_SIDE, VEIL_SIDE), PIL.Image.Resampling.BOX)
    picture = PIL.Image.fromarray(np.asarray(shares).round().astype(np.uint8), "P")
    picture.putpalette(bytes(VEIL_COLOUR) * VEIL_LEVELS)
    opacity = bytes(round(255 * VEIL_OPACITY * level / (VEIL_LEVELS - 1)) for level in range(VEIL_LEVELS))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=opacity, bits=4, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")

"""The page of a network: its layers, and what they make of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.explain import Features, Layer
from pixelwise.report.templates import jpeg, template
from pixelwise.types import Image, Size

TILE = 112
"""Pixels a side of a channel's picture, at most."""


@dataclass(frozen=True)
class _Strip:
    """A layer whose features are shown."""

    layer: Layer
    jpegs: tuple[str, ...]
    width: int
    height: int


def write_explanation(
    path: Path,
    name: str,
    note: str,
    size: Size,
    layers: Sequence[Layer],
    picture: Image | None,
    features: Sequence[Features],
) -> None:
    """Write the page, whole or not at all.

    Args:
        name: of the network.
        note: what its weights are.
        size: (height, width) of its input.
        picture: the input, (h, w, 3) uint8, where features are shown.
    """
    page = template("explain.html.jinja").render(
        name=name,
        note=note,
        size=size,
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        most=max((layer.multiply_adds for layer in layers), default=1) or 1,
        picture=None if picture is None else jpeg(picture),
        strips=[_strip(one) for one in features],
        version=__version__,
    )
    files.write_text(path, page)


def _strip(features: Features) -> _Strip:
    height, width = features.maps.shape[1:]
    scale = TILE / max(height, width)
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    kind = PIL.Image.Resampling.NEAREST if scale > 1 else PIL.Image.Resampling.BOX
    tiles = [np.asarray(PIL.Image.fromarray(one).resize(shown, kind)) for one in features.maps]
    return _Strip(features.layer, tuple(jpeg(np.stack([tile] * 3, axis=-1)) for tile in tiles), *shown)

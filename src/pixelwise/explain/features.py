"""What the layers of a network make of an image, as pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.fx import Interpreter, Node

from pixelwise.explain.layers import Layer, Traced

MOST = 8
"""Channels of a layer that are shown."""


@dataclass(frozen=True)
class Features:
    """The most telling channels of one layer.

    Attributes:
        layer: whose they are.
        maps: (K, h, w) uint8, each from its 1st to its 99th percentile.
    """

    layer: Layer
    maps: NDArray[np.uint8]


def features_of(traced: Traced, images: Tensor, most: int = MOST) -> list[Features]:
    """Features where sizes change, and the last ones: the channels that vary most over the image.

    Args:
        images: (1, C, H, W) of the size that was traced, normalised.
    """
    shown = _turning_points(traced.layers)
    names = {traced.nodes[place]: traced.layers[place] for place in shown}
    values = _values(traced, images, names)
    return [Features(layer, _pictures(values[name], most)) for name, layer in names.items()]


def _turning_points(layers: Sequence[Layer]) -> list[int]:
    """Places of the layers after which the size is another, and of the last one."""
    sizes = [layer.shape[-2:] if len(layer.shape) == 3 and layer.shape[-1] > 1 else None for layer in layers]
    known = [place for place, size in enumerate(sizes) if size is not None]
    after = [*known[1:], None]
    return [
        place for place, then in zip(known, after, strict=True) if then is None or sizes[place] != sizes[then]
    ]


def _values(traced: Traced, images: Tensor, names: Collection[str]) -> dict[str, Tensor]:
    kept: dict[str, Tensor] = {}

    class Keeping(Interpreter):
        def run_node(self, n: Node) -> Any:
            value = super().run_node(n)
            if n.name in names:
                kept[n.name] = (value[0] if isinstance(value, tuple) else value).clone()
            return value

    with torch.inference_mode():
        module = traced.program.module()
        assert isinstance(module, torch.fx.GraphModule)
        Keeping(module).run(images)
    return kept


def _pictures(values: Tensor, most: int) -> NDArray[np.uint8]:
    maps = values[0].float()
    spread = maps.flatten(1).std(dim=1)
    # In the channels' own order, so that two images show the same ones in the same places more often.
    chosen = torch.sort(torch.topk(spread, min(most, len(spread))).indices).values
    flat = maps[chosen].flatten(1)
    low, high = torch.quantile(flat, torch.tensor([0.01, 0.99]), dim=1)[:, :, None, None]
    shares = (maps[chosen] - low) / (high - low).clamp_min(1e-12)
    pictures: NDArray[np.uint8] = (shares.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return pictures

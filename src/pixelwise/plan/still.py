"""Which layers of a pretrained encoder stay as they came: the fewer that learn, the more passes there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.scale import EPOCHS, epochs_in
from pixelwise.recipe import LITE, Model, Scale

FROZEN = 3
"""Features, finest first, whose layers learn nothing where time is short: down to an eighth of the frame's sides."""
THAW = 0.6
"""Share of training until which one feature's layers more stay."""
STILL = ("train.frozen", "train.thaw")
"""The settings that say so."""


@dataclass(frozen=True)
class StillLayers:
    """Settings of training, and why."""

    settings: Mapping[str, Any] = field(default_factory=lambda: {"frozen": 0, "thaw": 0.0})
    reasons: Mapping[str, str] = field(default_factory=dict)


def still_layers(known: Fingerprint, network: Model, scale: Scale, *, asked: bool = False) -> StillLayers:
    """The finest layers stay where there is time for less than ``EPOCHS`` passes over the frames of a scale.

    They know edges and textures of images like these, of three channels. With time enough all layers learn, since what
    stays cannot become better either, and finds less of what is faint or unusual.

    Args:
        asked: somebody says what stays, so that nothing is planned.
    """
    knows = (
        network.starts_pretrained and network.encoder.startswith(LITE) and known.found.pixels.channels == 3
    )
    passes = epochs_in(known, scale)
    if asked or not knows or passes >= EPOCHS:
        return StillLayers()
    return StillLayers(
        {"frozen": FROZEN, "thaw": THAW},
        {
            "train.frozen": f"{FROZEN}: if all layers learned there would be time for {passes:.0f} passes over the "
            "training images, and the finest, which know edges and textures already, take the most of it",
            "train.thaw": f"{THAW:g} of training with {FROZEN + 1}: the more passes, the more the decoder learns first",
        },
    )

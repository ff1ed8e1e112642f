"""What the probabilities of a prediction say of the prediction itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.confidence import Traits, entropy_of_views, trait_sums, traits_from
from pixelwise.labels import Labels
from pixelwise.types import LabelMap

AT_ONCE = 4_000_000
"""Logits that are looked at together: what is worked out of them takes ten times their memory."""


@dataclass(frozen=True)
class Doubt:
    """How unsure a prediction is: pixel by pixel (H, W) in 0–1, and as a whole."""

    uncertainty: NDArray[np.float32]
    traits: Traits


@torch.inference_mode()
def doubt_of(logits: Tensor, views: tuple[Tensor, Tensor], label_map: LabelMap, labels: Labels) -> Doubt:
    """From calibrated logits.

    Args:
        logits: (C, H, W), the mean of the image and its mirror image; C is 1 where there are two classes.
        views: the same of the image alone and of its mirror image alone.
        label_map: (H, W) class ids of the result.
    """
    scored = [0] if len(logits) == 1 else list(labels.scored)
    rows = _rows(logits)
    uncertainty, sums = [], torch.zeros(())
    for top in range(0, logits.shape[1], rows):
        mean, one, other = (_probabilities(each[:, top : top + rows]) for each in (logits, *views))
        uncertainty.append(entropy_of_views(torch.stack([one, other])))
        ids = torch.from_numpy(label_map[top : top + rows]).to(mean.device)
        found = torch.stack([ids == class_id for class_id in labels.scored])
        sums = sums + trait_sums(mean[scored], (one[scored], other[scored]), found).cpu()
    return Doubt(torch.cat(uncertainty).cpu().numpy(), traits_from(sums))


@torch.inference_mode()
def uncertainty_of(views: tuple[Tensor, Tensor]) -> NDArray[np.float32]:
    """(H, W) how unsure each pixel is, 0–1, from logits (C, H, W) of the image alone and of its mirror image alone."""
    rows, height = _rows(views[0]), views[0].shape[1]
    parts = [
        entropy_of_views(torch.stack([_probabilities(each[:, top : top + rows]) for each in views]))
        for top in range(0, height, rows)
    ]
    found: NDArray[np.float32] = torch.cat(parts).cpu().numpy()
    return found


def pooled(features: Tensor) -> Tensor:
    """(N, C, h, w) to (N, C) float32: the mean over a frame."""
    return features.float().mean(dim=(-2, -1))


def _rows(logits: Tensor) -> int:
    """Of an image, that are looked at together."""
    return max(1, AT_ONCE // logits[:, 0].numel())


def _probabilities(logits: Tensor) -> Tensor:
    return logits.sigmoid() if len(logits) == 1 else logits.softmax(dim=0)

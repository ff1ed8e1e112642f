"""Losses as plain functions, and weights for them."""

from pixelwise.losses.border import border_weights
from pixelwise.losses.boundary import boundary
from pixelwise.losses.pixel import (
    binary_cross_entropy,
    binary_focal,
    cross_entropy,
    focal,
    mean_squared_error,
)
from pixelwise.losses.region import lovasz, soft_dice, tversky

__all__ = [
    "binary_cross_entropy",
    "binary_focal",
    "border_weights",
    "boundary",
    "cross_entropy",
    "focal",
    "lovasz",
    "mean_squared_error",
    "soft_dice",
    "tversky",
]

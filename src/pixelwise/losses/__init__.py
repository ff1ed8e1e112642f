"""Losses as plain functions."""

from pixelwise.losses.region import binary_cross_entropy, cross_entropy, soft_dice

__all__ = ["binary_cross_entropy", "cross_entropy", "soft_dice"]

"""Scores of segmentations, derived from counts."""

from pixelwise.metrics.overlap import ClassCounts, overlap_matrix

__all__ = ["ClassCounts", "overlap_matrix"]

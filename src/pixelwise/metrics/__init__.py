"""Scores of segmentations, derived from counts."""

from pixelwise.metrics.catalogue import METRICS, Metric
from pixelwise.metrics.overlap import ClassCounts, overlap_matrix, overlap_ratios
from pixelwise.metrics.ratio import Ratio
from pixelwise.metrics.summary import summarise
from pixelwise.metrics.surface import SurfaceCounts, surface_counts, surface_ratios

__all__ = [
    "METRICS",
    "ClassCounts",
    "Metric",
    "Ratio",
    "SurfaceCounts",
    "overlap_matrix",
    "overlap_ratios",
    "summarise",
    "surface_counts",
    "surface_ratios",
]

"""Scores of segmentations, derived from counts."""

from pixelwise.metrics.average_precision import AveragePrecision
from pixelwise.metrics.catalogue import METRICS, Metric
from pixelwise.metrics.objects import ObjectCounts, count_objects
from pixelwise.metrics.overlap import ClassCounts, overlap_matrix, overlap_ratios
from pixelwise.metrics.panoptic import Matches, SegmentCounts, match_objects, segment_counts, segment_ratios
from pixelwise.metrics.ratio import Ratio
from pixelwise.metrics.summary import summarise
from pixelwise.metrics.surface import SurfaceCounts, surface_counts, surface_ratios

__all__ = [
    "METRICS",
    "AveragePrecision",
    "ClassCounts",
    "Matches",
    "Metric",
    "ObjectCounts",
    "Ratio",
    "SegmentCounts",
    "SurfaceCounts",
    "count_objects",
    "match_objects",
    "overlap_matrix",
    "overlap_ratios",
    "segment_counts",
    "segment_ratios",
    "summarise",
    "surface_counts",
    "surface_ratios",
]

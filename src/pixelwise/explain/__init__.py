"""A network taken apart: its layers with shapes, costs and receptive fields, and what they make of an image."""

from pixelwise.explain.features import Features, features_of
from pixelwise.explain.layers import Layer, Traced, trace

__all__ = ["Features", "Layer", "Traced", "features_of", "trace"]

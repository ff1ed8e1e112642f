"""Segmentation without training: the methods of textbooks, and choosing among them.

Every method parts a small copy of a picture in two; which side is the object, and what its few parameters
are, is chosen on labelled images, or is the default.
"""

from pixelwise.baselines.base import Method
from pixelwise.baselines.choosing import Chosen, Example, choose, choose_best
from pixelwise.baselines.methods import METHODS, methods_named
from pixelwise.baselines.objectrule import OBJECT_SIDES, ObjectRule, ObjectSide
from pixelwise.baselines.picture import WORKING_SIDE
from pixelwise.baselines.segmenter import Baseline, Choice, segment

__all__ = [
    "METHODS",
    "OBJECT_SIDES",
    "WORKING_SIDE",
    "Baseline",
    "Choice",
    "Chosen",
    "Example",
    "Method",
    "ObjectRule",
    "ObjectSide",
    "choose",
    "choose_best",
    "methods_named",
    "segment",
]

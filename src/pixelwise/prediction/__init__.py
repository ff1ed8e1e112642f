"""From an image to a result at the image's own size."""

from pixelwise.prediction.predictor import ImageSource, Prediction, Predictor, activate, load, to_pixels
from pixelwise.prediction.segmenter import Segmenter
from pixelwise.prediction.values import check_format, normalise, padding, viewable

__all__ = [
    "ImageSource",
    "Prediction",
    "Predictor",
    "Segmenter",
    "activate",
    "check_format",
    "load",
    "normalise",
    "padding",
    "to_pixels",
    "viewable",
]

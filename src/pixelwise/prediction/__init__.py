"""From an image to a result at the image's own size."""

from pixelwise.prediction.ensemble import Ensemble, mean_settings
from pixelwise.prediction.loading import load
from pixelwise.prediction.look import Prediction
from pixelwise.prediction.predictor import Predictor, activate
from pixelwise.prediction.segmenter import Segmenter
from pixelwise.prediction.source import ImageSource, to_pixels
from pixelwise.prediction.values import check_format, normalise, viewable

__all__ = [
    "Ensemble",
    "ImageSource",
    "Prediction",
    "Predictor",
    "Segmenter",
    "activate",
    "check_format",
    "load",
    "mean_settings",
    "normalise",
    "to_pixels",
    "viewable",
]

"""From an image to a result at the image's own size."""

from pixelwise.prediction.predictor import ImageSource, Prediction, Predictor, activate, load
from pixelwise.prediction.values import PADDING, normalise

__all__ = ["PADDING", "ImageSource", "Prediction", "Predictor", "activate", "load", "normalise"]

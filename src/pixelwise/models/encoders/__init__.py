"""Encoders: images to features at halving sizes."""

from pixelwise.models.encoders.base import Encoder
from pixelwise.models.encoders.efficientnet_lite import EfficientNetLite, load_pretrained
from pixelwise.models.encoders.plain import PlainEncoder

__all__ = ["EfficientNetLite", "Encoder", "PlainEncoder", "load_pretrained"]

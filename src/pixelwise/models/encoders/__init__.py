"""Encoders: images to features of falling size."""

from pixelwise.models.encoders.base import Encoder
from pixelwise.models.encoders.efficientnet_lite import EfficientNetLite, load_pretrained
from pixelwise.models.encoders.plain import PlainEncoder, UNetEncoder
from pixelwise.models.encoders.timm_features import TimmEncoder
from pixelwise.models.encoders.vgg import VGG16, IndexedVGG16

__all__ = [
    "VGG16",
    "EfficientNetLite",
    "Encoder",
    "IndexedVGG16",
    "PlainEncoder",
    "TimmEncoder",
    "UNetEncoder",
    "load_pretrained",
]

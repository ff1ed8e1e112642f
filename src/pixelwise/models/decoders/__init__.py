"""Decoders: features of an encoder to one dense feature map."""

from pixelwise.models.decoders.base import Decoder
from pixelwise.models.decoders.deeplab import DeepLabDecoder
from pixelwise.models.decoders.fcn import FCNDecoder
from pixelwise.models.decoders.fpn import FPNDecoder
from pixelwise.models.decoders.hypercolumn import HypercolumnDecoder
from pixelwise.models.decoders.segnet import SegNetDecoder
from pixelwise.models.decoders.unet import UNetDecoder

__all__ = [
    "Decoder",
    "DeepLabDecoder",
    "FCNDecoder",
    "FPNDecoder",
    "HypercolumnDecoder",
    "SegNetDecoder",
    "UNetDecoder",
]

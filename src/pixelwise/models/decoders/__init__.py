"""Decoders: features of an encoder to one dense feature map."""

from pixelwise.models.decoders.unet import UNetDecoder

__all__ = ["UNetDecoder"]

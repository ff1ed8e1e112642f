"""Networks: encoders, decoders and :func:`build_model`, which puts them together."""

from pixelwise.models.network import Network, Outputs, build_model

__all__ = ["Network", "Outputs", "build_model"]

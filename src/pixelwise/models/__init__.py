"""Networks: encoders, decoders and :func:`build_model`, which puts them together."""

from pixelwise.models.build import LESSONS, build_model, model_named
from pixelwise.models.network import Network, Outputs

__all__ = ["LESSONS", "Network", "Outputs", "build_model", "model_named"]

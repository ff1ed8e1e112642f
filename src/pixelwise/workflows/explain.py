"""A network, or a trained model, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from pixelwise.data.images import image_size
from pixelwise.data.values import padding, stretched
from pixelwise.errors import RecipeError
from pixelwise.explain import Features, Layer, features_of, trace
from pixelwise.geometry import Frame, usual_frame
from pixelwise.models import LESSONS, Network, build_model, model_named
from pixelwise.prediction import Ensemble, load, normalise, to_pixels, viewable
from pixelwise.recipe import Model, Preprocessing, Scale, Values
from pixelwise.report.explainpage import write_explanation
from pixelwise.types import Field, Image, Size

SIZE = (224, 224)
"""(height, width) that a network without a model file is explained for."""


@dataclass(frozen=True)
class Explanation:
    """What a network is made of.

    Attributes:
        name: of the network or the model file.
        note: what it stands on: trained, pretrained or from scratch.
        size: (height, width) of the input.
        stride: the input's sides over the result's.
        picture: the image as the network gets it, (h, w, 3) uint8; None where no image was given.
        features: what the image becomes; empty where no image was given.
    """

    name: str
    note: str
    size: Size
    stride: int
    layers: tuple[Layer, ...]
    picture: Image | None = None
    features: tuple[Features, ...] = ()

    @property
    def parameters(self) -> int:
        """All numbers that are learned."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """For one image."""
        return sum(layer.multiply_adds for layer in self.layers)

    def write_page(self, path: Path) -> None:
        """Write a page with the layers, and the features if there are any; whole or not at all."""
        write_explanation(path, self.name, self.note, self.size, self.layers, self.picture, self.features)


def explain(network: Path | str, image: Path | str | None = None) -> Explanation:
    """Take a network apart.

    Args:
        network: a model file or the folder of a run, or a name for :func:`~pixelwise.models.model_named`.
        image: a file to show the features of.

    Raises:
        RecipeError: a name of no network.
        ModelFileError: a model file that cannot be read.
        DataError: an image that cannot be read, or is of another format than the network takes.
    """
    built, preprocessing, note = _network(network, image)
    size, values = preprocessing.scale.size, preprocessing.values
    if image is None:
        layers = trace(built, torch.zeros(1, values.channels, *size)).layers
        return Explanation(str(network), note, size, built.stride, layers)
    pixels = stretched(to_pixels(image, values), values)
    framed = Frame.fit(pixels.shape[:2], size).place_image(pixels, padding(values))[None]
    images = normalise(framed, values)
    traced = trace(built, images)
    picture = viewable(framed[0].permute(1, 2, 0).numpy(), values)
    features = tuple(features_of(traced, images))
    return Explanation(str(network), note, size, built.stride, traced.layers, picture, features)


def _named(name: str) -> Model:
    """The network of a name; one that may be a path is told apart from a name that there is not."""
    if ":" not in name and name not in LESSONS:
        raise RecipeError(
            f"'{name}' is no model file, no folder of a run and no network; give one of them, or one of the networks "
            f"{', '.join(LESSONS)} or decoder:encoder, as docs/networks.md lists them."
        )
    return model_named(name)


def _network(network: Path | str, image: Path | str | None) -> tuple[Network, Preprocessing, str]:
    """The network, how images get into it, and what its weights are."""
    path = Path(network)
    if path.exists() or path.suffix == ".safetensors":
        predictor = load(path, device="cpu")
        several = f", the first of {len(predictor.members)} models" if isinstance(predictor, Ensemble) else ""
        return predictor.network, predictor.preprocessing, f"trained{several}"
    model = _named(str(network))
    torch.manual_seed(0)
    fields = {"semantic": (Field("classes", 1, "sigmoid"),)}
    built = build_model(model, fields, pretrained=True)
    note = "its encoder pretrained, the rest at random" if model.starts_pretrained else "at random"
    # The frame of an image that is explained has its aspect: what pads it would be the most telling feature.
    size = SIZE if image is None else usual_frame({image_size(Path(image)): 1}, SIZE[0] * SIZE[1])
    return built, Preprocessing(scale=Scale(size=size), values=Values()), note

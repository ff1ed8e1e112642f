"""Layers, against hand-worked numbers, known figures and gradients."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from pixelwise.explain import Traced, features_of, trace
from pixelwise.models import LESSONS, Network, build_model, model_named
from pixelwise.models.decoders import SegNetDecoder
from pixelwise.models.encoders import VGG16, UNetEncoder
from pixelwise.types import Field

NAMES = [
    *LESSONS,
    *(
        f"{decoder}:efficientnet-lite0"
        for decoder in ("unet-hypercolumn", "unet", "fpn", "deeplabv3plus", "fcn")
    ),
]
SIZE = (64, 96)


def built(name: str) -> Network:
    torch.manual_seed(0)
    fields = {"semantic": (Field("classes", 2, "softmax"),)}
    return build_model(model_named(name), fields, pretrained=False)


def traced(network: Network, size: tuple[int, int] = SIZE) -> Traced:
    return trace(network, torch.zeros(1, 3, *size))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_is_missed_or_counted_twice(name: str) -> None:
    network = built(name)
    layers = traced(network).layers
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    assert layers[-1].shape == (2, SIZE[0] // network.stride, SIZE[1] // network.stride)


def test_vgg16_has_the_known_costs_and_receptive_fields() -> None:
    layers = traced(built("fcn"), (224, 224)).layers
    encoder = [layer for layer in layers if layer.name.startswith("encoder")]
    assert (
        sum(layer.multiply_adds for layer in encoder) == 15_346_630_656
    )  # 15.3 billion for its convolutions
    pooled = [layer.receptive_field for layer in encoder if "pooling" in layer.operation]
    assert pooled == [6, 16, 44, 100, 212]
    assert encoder[-2].receptive_field == 196  # conv5_3


def test_a_layer_by_hand() -> None:
    first, second, *_ = traced(built("unet:efficientnet-lite0")).layers
    assert first.operation == "3×3 convolution, stride 2, batch norm, ReLU6"
    assert (first.name, first.shape) == ("encoder.stem.0", (32, 32, 48))
    assert first.parameters == 3 * 32 * 9 + 2 * 32
    assert first.multiply_adds == 3 * 32 * 9 * 32 * 48
    assert second.operation == "3×3 depthwise convolution, batch norm, ReLU6"
    assert second.multiply_adds == 32 * 9 * 32 * 48
    assert (first.receptive_field, second.receptive_field) == (3, 7)


def reach(network: Network, size: int) -> int:
    """Pixels a side of the image that a logit near the middle depends on, the one of them that sees farthest."""
    images = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    logits = network.double().eval()(images)["semantic"]["classes"]
    middle, farthest = logits.shape[-1] // 2, 0
    for place in range(
        middle, middle + 32 // network.stride
    ):  # all that lie differently to the deepest features
        [gradient] = torch.autograd.grad(logits[0, 0, place, place], images, retain_graph=True)
        seen = gradient[0].sum(dim=0).nonzero()
        farthest = max(farthest, int((seen.amax(dim=0) - seen.amin(dim=0)).max()) + 1)
    return farthest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("unet:plain-tiny", None),
        ("fpn:plain-tiny", None),
        ("unet", 204),
        ("fcn", 276),
        ("segnet-upsampling", 404),
    ],
)
def test_receptive_fields_are_what_gradients_reach(
    name: str, field: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for narrowed in (UNetEncoder, VGG16):  # which is quick, and changes no kernel
        monkeypatch.setattr(narrowed, "channels", (4,) * 5)
    monkeypatch.setattr(SegNetDecoder, "channels", 4)
    network = built(name)
    said = traced(network).layers[-1].receptive_field
    assert field in (None, said)
    # No path is cut or cancelled: all weights are positive, and pooling takes the mean.
    monkeypatch.setattr(torch.nn.functional, "max_pool2d", lambda x, kernel, *_, **__: avg_pool2d(x, kernel))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_().add_(1e-3)
    assert reach(network, 32 * math.ceil(said / 32 + 2)) == said


def test_a_mean_over_the_picture_sees_all_of_it() -> None:
    layers = traced(built("deeplabv3plus:efficientnet-lite0")).layers
    assert any(math.isinf(layer.receptive_field) for layer in layers)
    assert math.isinf(layers[-1].receptive_field)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet:efficientnet-lite0", "segnet", "deeplabv3plus:efficientnet-lite0"])
def test_features_are_those_of_the_network(name: str) -> None:
    network = built(name).train()
    with torch.no_grad():
        for _ in range(10):  # without statistics of some images, values fade to nothing on their way
            network(torch.randn(4, 3, *SIZE))
    network.eval()
    images = torch.randn(1, 3, *SIZE)
    features = features_of(traced(network), images)
    last = features[-1]
    with torch.no_grad():
        logits = network(images)["semantic"]["classes"][0]
    assert last.maps.shape == logits.shape
    for shown, values in zip(last.maps, logits.numpy(), strict=True):
        low, high = np.quantile(values, [0.01, 0.99])
        np.testing.assert_allclose(shown, np.clip((values - low) / (high - low), 0, 1) * 255, atol=1)
    assert all(one.layer.shape[-2:] == one.maps.shape[1:] for one in features)
    for one in features:  # and none of them counts places up, as the indices of a pooling would
        rows = one.maps.reshape(len(one.maps), one.maps.shape[1], -1).mean(axis=2)
        assert one.maps.shape[1] < 4 or (np.diff(rows, axis=1) < 0).any()
    sizes = [one.maps.shape[1:] for one in features]
    assert all(one != other for one, other in pairwise(sizes[:-1]))
    assert all(1 <= len(one.maps) <= 8 for one in features)

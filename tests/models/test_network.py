"""The contract that every network keeps."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from pixelwise.models import LESSONS, Network, build_model, model_named
from pixelwise.recipe import DECODERS, ENCODERS
from pixelwise.types import Field

SIZE_FREE = [decoder for decoder in DECODERS if not decoder.startswith("segnet")]
LITE = [encoder for encoder in ENCODERS if encoder.startswith("efficientnet-lite")]
SHIPPED = [f"{decoder}:{encoder}" for encoder in LITE for decoder in SIZE_FREE if decoder != "unet"]
"""Over encoders with pretrained weights; with "unet" they are among those below."""
NETWORKS = [
    *LESSONS,
    *(f"unet:{encoder}" for encoder in ENCODERS if encoder != "unet"),
    *SHIPPED,
    *(f"{decoder}:unet" for decoder in SIZE_FREE if decoder != "unet"),  # finest features at the image's size
]
FIELDS = {"semantic": (Field("classes", 3, "softmax"),), "other": (Field("centre", 1, "sigmoid"),)}
HEAVY = ("vgg16", "unet", "efficientnet-lite1", "efficientnet-lite2")
EVERY = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if model_named(name).encoder in HEAVY else [])
        for name in NETWORKS
    ],
    scope="module",  # so that tests of one network follow each other and share it
)


def built(name: str, seed: int = 0, channels: int = 3) -> Network:
    torch.manual_seed(seed)
    return build_model(model_named(name), FIELDS, pretrained=False, channels=channels)


@pytest.fixture(scope="module")
def network(name: str) -> Network:
    """In evaluation, for tests that change nothing of it."""
    return built(name).eval()


def test_every_encoder_and_decoder_is_among_them() -> None:
    models = [model_named(name) for name in NETWORKS]
    assert {model.encoder for model in models} == set(ENCODERS)
    assert {model.decoder for model in models} == set(DECODERS)
    lite = {(model.decoder, model.encoder) for model in models if model.encoder in LITE}
    assert len(LITE) == 3
    assert lite == set(itertools.product(SIZE_FREE, LITE))


@EVERY
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (33, 70), (7, 1)])
def test_logits_of_any_size(network: Network, size: tuple[int, int]) -> None:
    with torch.no_grad():
        outputs = network(torch.zeros(2, 3, *size))
    height, width = (-(-side // network.stride) for side in size)
    assert {task: {name: t.shape for name, t in fields.items()} for task, fields in outputs.items()} == {
        "semantic": {"classes": (2, 3, height, width)},
        "other": {"centre": (2, 1, height, width)},
    }


@EVERY
@torch.no_grad()
def test_what_lies_beyond_the_image_repeats_its_last_row_and_column(network: Network) -> None:
    image = torch.randn(1, 3, *(-(-side // network.multiple) * network.multiple for side in (40, 72)))
    image[..., 40:, :] = image[..., 39:40, :]
    image[..., 72:] = image[..., 71:72]
    whole = network(image)["semantic"]["classes"]
    cut = network(image[..., :40, :72])["semantic"]["classes"]
    torch.testing.assert_close(cut, whole[..., : cut.shape[-2], : cut.shape[-1]], atol=1e-4, rtol=1e-4)


@EVERY
@pytest.mark.parametrize("channels", [1, 13])
def test_images_of_any_channels(name: str, channels: int) -> None:
    network = built(name, channels=channels).train()
    images = torch.randn(2, channels, 64, 64, requires_grad=True)
    network(images)["semantic"]["classes"].square().mean().backward()
    assert images.grad is not None
    assert (images.grad.abs().sum(dim=(0, 2, 3)) > 0).all()  # no channel is ignored


@EVERY
def test_every_parameter_gets_a_gradient(name: str) -> None:
    network = built(name).train()
    outputs = network(torch.randn(2, 3, 64, 64))
    sum(t.square().mean() for fields in outputs.values() for t in fields.values()).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert without == []


@EVERY
@torch.no_grad()
def test_same_seed_same_network_and_same_output(name: str, network: Network) -> None:
    images = torch.randn(1, 3, 64, 64)
    one, two = network(images), built(name).eval()(images)
    other = built(name, seed=1).eval()(images)
    assert torch.equal(one["semantic"]["classes"], two["semantic"]["classes"])
    assert not torch.equal(one["semantic"]["classes"], other["semantic"]["classes"])


@EVERY
@torch.no_grad()
def test_weights_go_into_another_network_and_give_the_same_output(name: str, network: Network) -> None:
    other, images = built(name, seed=1).eval(), torch.randn(1, 3, 64, 64)
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(images)["other"]["centre"], other(images)["other"]["centre"])


@EVERY
@torch.no_grad()
def test_bfloat16_is_close_to_float32(name: str) -> None:
    network = built(name).train()
    images = torch.randn(4, 3, 64, 64)
    exact = network(images)["semantic"]["classes"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coarse = network(images)["semantic"]["classes"].float()
    correlation = torch.corrcoef(torch.stack([exact.flatten(), coarse.flatten()]))[0, 1]
    # Rounding adds up over many layers of random weights, where little leads past them.
    last_counts = name.startswith(("fpn", "deeplabv3plus")) and model_named(name).encoder in LITE[1:]
    assert correlation > (0.6 if name.startswith("segnet") else 0.8 if last_counts else 0.95)


@EVERY
@torch.no_grad()
def test_each_image_is_judged_alone(network: Network) -> None:
    images = torch.randn(3, 3, 64, 64)
    together = network(images)["semantic"]["classes"]
    alone = torch.cat([network(image[None])["semantic"]["classes"] for image in images])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


@EVERY
@torch.no_grad()
def test_memory_layout_changes_nothing(name: str, network: Network) -> None:
    images = torch.randn(2, 3, 64, 96)
    plain = network(images)["semantic"]["classes"]
    other = built(name).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    last = other(images.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(last["semantic"]["classes"], plain, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
@EVERY
@torch.no_grad()
def test_an_exported_graph_gives_the_same(network: Network) -> None:
    images = torch.randn(1, 3, 64, 64)
    exported = torch.export.export(network, (images,)).module()
    torch.testing.assert_close(
        exported(images)["semantic"]["classes"], network(images)["semantic"]["classes"]
    )


@EVERY
def test_a_batch_of_one_trains(name: str) -> None:
    network = built(name).train()
    network(torch.randn(1, 3, 64, 64))["semantic"]["classes"].mean().backward()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all(module.running_var is not None and module.running_var.isfinite().all() for module in norms)

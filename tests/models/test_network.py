"""The contract that every network keeps."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from pixelwise.models import Network, build_model
from pixelwise.recipe import EncoderName
from pixelwise.recipe import Model as ModelRecipe
from pixelwise.types import Field

ENCODERS = get_args(EncoderName)
FIELDS = {"semantic": (Field("classes", 3, "softmax"),), "other": (Field("centre", 1, "sigmoid"),)}


def built(encoder: EncoderName, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return build_model(ModelRecipe(encoder=encoder, pretrained=False), FIELDS, pretrained=False)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (96, 32)])
def test_fields_have_half_the_size_and_their_channels(encoder: EncoderName, size: tuple[int, int]) -> None:
    outputs = built(encoder).eval()(torch.zeros(2, 3, *size))
    half = (size[0] // 2, size[1] // 2)
    assert {task: {name: t.shape for name, t in fields.items()} for task, fields in outputs.items()} == {
        "semantic": {"classes": (2, 3, *half)},
        "other": {"centre": (2, 1, *half)},
    }


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("channels", [1, 2, 13])
def test_images_of_any_channels(encoder: EncoderName, channels: int) -> None:
    recipe = ModelRecipe(encoder=encoder, pretrained=False)
    network = build_model(recipe, FIELDS, pretrained=False, channels=channels).train()
    images = torch.randn(2, channels, 64, 64, requires_grad=True)
    network(images)["semantic"]["classes"].square().mean().backward()
    assert images.grad is not None
    assert (images.grad.abs().sum(dim=(0, 2, 3)) > 0).all()  # no channel is ignored


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_parameter_gets_a_gradient(encoder: EncoderName) -> None:
    network = built(encoder).train()
    outputs = network(torch.randn(2, 3, 64, 64))
    sum(t.square().mean() for fields in outputs.values() for t in fields.values()).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert without == []


@pytest.mark.parametrize("encoder", ENCODERS)
def test_same_seed_same_network_and_same_output(encoder: EncoderName) -> None:
    images = torch.randn(1, 3, 64, 64)
    one, two = built(encoder).eval()(images), built(encoder).eval()(images)
    other = built(encoder, seed=1).eval()(images)
    assert torch.equal(one["semantic"]["classes"], two["semantic"]["classes"])
    assert not torch.equal(one["semantic"]["classes"], other["semantic"]["classes"])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_weights_go_into_another_network_and_give_the_same_output(encoder: EncoderName) -> None:
    one, two = built(encoder).eval(), built(encoder, seed=1).eval()
    two.load_state_dict(one.state_dict())
    images = torch.randn(1, 3, 64, 64)
    assert torch.equal(one(images)["other"]["centre"], two(images)["other"]["centre"])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_bfloat16_is_close_to_float32(encoder: EncoderName) -> None:
    network = built(encoder).train()
    images = torch.randn(4, 3, 64, 64)
    exact = network(images)["semantic"]["classes"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coarse = network(images)["semantic"]["classes"].float()
    correlation = torch.corrcoef(torch.stack([exact.flatten(), coarse.flatten()]))[0, 1]
    assert correlation > 0.99


@pytest.mark.parametrize("encoder", ENCODERS)
def test_each_image_is_judged_alone(encoder: EncoderName) -> None:
    network = built(encoder).eval()
    images = torch.randn(3, 3, 64, 64)
    together = network(images)["semantic"]["classes"]
    alone = torch.cat([network(image[None])["semantic"]["classes"] for image in images])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)

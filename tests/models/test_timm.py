"""Encoders of timm, where it can be imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from pixelwise.errors import ModelFileError
from pixelwise.explain import trace
from pixelwise.models import Network, build_model, model_named
from pixelwise.models.encoders import TimmEncoder
from pixelwise.types import Field

FIELDS = {"semantic": (Field("classes", 2, "softmax"),)}


@pytest.fixture(scope="module")
def timm() -> Iterator[Any]:
    """The library; torchvision, which it imports, needs operators that its build for GPUs alone registers."""
    library = None
    try:
        import torchvision.ops  # noqa: F401
    except RuntimeError:
        for name in [one for one in sys.modules if one.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    yield importlib.import_module("timm")
    del library


def built(name: str, channels: int = 3) -> Network:
    torch.manual_seed(0)
    return build_model(model_named(name), FIELDS, pretrained=False, channels=channels)


@pytest.mark.parametrize(
    ("name", "stride"),
    [
        ("unet:timm/resnet18", 2),
        ("deeplabv3plus:timm/resnet18", 4),
        ("fpn:timm/convnext_atto", 4),
        ("unet:timm/mobilenetv3_small_050", 2),
    ],
)
def test_networks_over_its_encoders(timm: Any, name: str, stride: int) -> None:
    network = built(name, channels=5).train()
    images = torch.randn(2, 5, 64, 96, requires_grad=True)
    logits = network(images)["semantic"]["classes"]
    assert network.stride == stride
    assert logits.shape == (2, 2, 64 // stride, 96 // stride)
    logits.square().mean().backward()
    assert images.grad is not None
    assert (images.grad.abs().sum(dim=(0, 2, 3)) > 0).all()
    again = built(name, channels=5)
    again.load_state_dict(network.state_dict())


@pytest.mark.parametrize(
    "name", ["unet:timm/resnet18", "fpn:timm/convnext_atto", "unet:timm/mobilenetv3_small_050"]
)
def test_explained_layers_have_all_parameters(timm: Any, name: str) -> None:
    network = built(name)
    layers = trace(network, torch.zeros(1, 3, 64, 96)).layers
    assert sum(layer.parameters for layer in layers) == sum(one.numel() for one in network.parameters())


def test_input_is_what_its_weights_expect(timm: Any) -> None:
    encoder = TimmEncoder("resnet18", pretrained=False).eval()
    assert encoder.channels == (64, 64, 128, 256, 512)
    assert encoder.strides == (2, 4, 8, 16, 32)
    shares = torch.rand(1, 3, 64, 64)
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]  # ImageNet's, by which resnet18 was trained
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.no_grad():
        found = encoder((shares - 0.5) / 0.5)
        expected = encoder.body((shares - mean) / std)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_a_model_for_one_size_of_images_is_refused(timm: Any) -> None:
    with pytest.raises(ModelFileError, match=r"vit_tiny_patch16_224 as an encoder .*; choose another"):
        built("unet:timm/vit_tiny_patch16_224")


def test_a_name_that_timm_does_not_know(timm: Any) -> None:
    with pytest.raises(ModelFileError, match=r"has no model 'resnet19'"):
        built("unet:timm/resnet19")


def test_weights_that_are_not_on_this_computer(timm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = model_named("unet:timm/resnet18").model_copy(update={"pretrained": True})
    with pytest.raises(ModelFileError, match=r"set model.pretrained = false"):
        build_model(recipe, FIELDS, pretrained=True)


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ModelFileError, match=r'pip install -c constraints\.txt "\.\[timm\]"'):
        built("unet:timm/resnet18")


def test_an_unusable_torchvision_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def find_spec(self, name: str, *arguments: object) -> None:
            if name == "timm":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Failing(), *sys.meta_path])
    with pytest.raises(ModelFileError, match=r"install the torchvision that belongs to this torch"):
        built("unet:timm/resnet18")

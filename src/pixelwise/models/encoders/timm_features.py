"""Encoders of the library timm, where it is installed (extra ``timm``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from pixelwise.errors import ModelFileError

PREFIX = "timm/"


class TimmEncoder(nn.Module):
    """The features of a timm model, finest first.

    Input is of mean 0.5 and standard deviation 0.5, as for all encoders; what the model's weights expect instead is
    made of it here.

    Args:
        name: of the model, without ``PREFIX``.
        in_channels: channels of the images.
        pretrained: load its weights, which timm has to have on this computer already.
        output_stride: of the last features.

    Raises:
        ModelFileError: timm is missing, has no such model, or the model has no such features or no weights here.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: str, in_channels: int = 3, *, pretrained: bool, output_stride: Literal[16, 32] = 32
    ) -> None:
        super().__init__()
        self.body = _body(name, in_channels, pretrained, output_stride)
        self.channels = tuple(int(one) for one in self.body.feature_info.channels())
        self.strides = tuple(int(one) for one in self.body.feature_info.reduction())
        config = getattr(self.body, "pretrained_cfg", None) or {}
        expected = {"mean": config.get("mean"), "std": config.get("std")}
        for buffer, values in expected.items():
            known = values if in_channels == 3 and values else (0.5,) * in_channels
            self.register_buffer(buffer, torch.tensor(known)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W), sides multiples of the last stride."""
        features = self.body((images * 0.5 + 0.5 - self.mean) / self.std)
        return [_channels_first(one, width) for one, width in zip(features, self.channels, strict=True)]


def _body(name: str, in_channels: int, pretrained: bool, output_stride: int) -> Any:
    timm = _timm()
    if not timm.is_model(name):
        raise ModelFileError(f"timm {timm.__version__} has no model '{name}'; timm.list_models() names them.")
    options: dict[str, Any] = {"features_only": True, "in_chans": in_channels, "pretrained": pretrained}
    if output_stride != 32:
        options["output_stride"] = output_stride
    try:
        with _offline():
            body = timm.create_model(name, **options)
        _try(body, in_channels)
        return body
    except Exception as error:  # whatever a model of many authors raises
        wish = "with pretrained weights that lie on this computer" if pretrained else "as an encoder"
        advice = "set model.pretrained = false, or choose another" if pretrained else "choose another"
        raise ModelFileError(f"timm cannot build {name} {wish} ({_brief(error)}); {advice}.") from error


@contextmanager
def _offline() -> Iterator[None]:
    """Nothing is downloaded within it."""
    import huggingface_hub.constants as constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@torch.no_grad()
def _try(body: Any, in_channels: int) -> None:
    """Raise whatever the model raises for an image of some size, or ValueError if its features are not as it says."""
    features = body.eval()(torch.zeros(1, in_channels, 64, 96))
    body.train()
    expected = zip(body.feature_info.channels(), body.feature_info.reduction(), strict=True)
    for feature, (channels, stride) in zip(features, expected, strict=True):
        if _channels_first(feature, channels).shape[1:] != (channels, 64 // stride, 96 // stride):
            raise ValueError(f"features of stride {stride} are {tuple(feature.shape)}")


def _timm() -> Any:
    try:
        import timm
    except ImportError as error:
        raise ModelFileError(
            'encoders named timm/… need the library timm: run pip install -c constraints.txt ".[timm]" in the folder '
            "of the source."
        ) from error
    except RuntimeError as error:  # torchvision's operators beside another build of torch
        raise ModelFileError(
            f"timm cannot be imported ({_brief(error)}); install the torchvision that belongs to this torch."
        ) from error
    return timm


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _channels_first(features: Tensor, channels: int) -> Tensor:
    """Some models give (N, H, W, C)."""
    is_first = features.shape[1] == channels
    return features if is_first else features.permute(0, 3, 1, 2)

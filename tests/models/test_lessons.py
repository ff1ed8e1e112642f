"""The classic networks, against figures from their papers and against PyTorch's own unpooling."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pixelwise.errors import RecipeError
from pixelwise.models import Network, build_model, model_named
from pixelwise.models.decoders.segnet import unpooled
from pixelwise.models.encoders import EfficientNetLite, IndexedVGG16
from pixelwise.types import Field

FIELDS = {"semantic": (Field("classes", 1, "sigmoid"),)}


def built(name: str) -> Network:
    return build_model(model_named(name), FIELDS, pretrained=False)


def double(inputs: int, outputs: int) -> int:
    """Parameters of two 3×3 convolutions, each with a scale and a shift for every channel."""
    return 9 * inputs * outputs + 9 * outputs * outputs + 4 * outputs


def test_unet_has_the_parameters_of_the_paper() -> None:
    widths = [64, 128, 256, 512, 1024]
    down = sum(double(a, b) for a, b in zip([3, *widths], widths, strict=False))
    up = sum(4 * 2 * b * b + b + double(2 * b, b) for b in widths[:-1])
    total = sum(parameter.numel() for parameter in built("unet").parameters())
    assert total == down + up + 64 + 1 == 31_037_633


def test_segnet_mirrors_the_convolutions_of_vgg16() -> None:
    vgg16 = 14_710_464  # weights of its thirteen convolutions, biases aside
    network = built("segnet")
    for part, first in ((network.encoder, 3), (network.decoder, 64)):
        weights = [parameter for parameter in part.parameters() if parameter.ndim == 4]
        assert len(weights) == 13
        # The decoder ends where the encoder begins, but with 64 channels in the place of three.
        assert sum(weight.numel() for weight in weights) == vgg16 + 9 * 64 * (first - 3)
    plain = sum(parameter.numel() for parameter in built("segnet-upsampling").parameters())
    assert plain == sum(parameter.numel() for parameter in network.parameters())


def test_unpooling_puts_every_maximum_back() -> None:
    values = torch.randn(2, 3, 8, 12)
    pooled, indices = F.max_pool2d(values, 2, return_indices=True)
    expected = F.max_unpool2d(pooled, indices, [2, 2])
    assert torch.equal(unpooled(pooled, indices, (8, 12)), expected)
    last = values.contiguous(memory_format=torch.channels_last)
    pooled, indices = F.max_pool2d(last, 2, return_indices=True)
    assert torch.equal(unpooled(pooled, indices, (8, 12)), expected)


@torch.no_grad()
def test_segnet_remembers_where_maxima_were_and_the_other_does_not() -> None:
    # A place within a 2×2 block is all that differs: the features after pooling are the same.
    torch.manual_seed(0)
    encoder = IndexedVGG16(1).eval()
    one = encoder(torch.randn(1, 1, 32, 32))
    assert [index.shape[-1] for index in one.indices] == [16, 8, 4, 2, 1]
    assert one.sizes == ((32, 32), (16, 16), (8, 8), (4, 4), (2, 2))
    decoder = built("segnet").decoder.eval()
    moved = type(one)(one.features, (one.indices[0].flip(-1), *one.indices[1:]), one.sizes)
    assert not torch.equal(decoder(one), decoder(moved))


@torch.no_grad()
def test_filters_with_holes_see_at_every_second_place_what_halving_saw() -> None:
    torch.manual_seed(0)
    halving, holes = EfficientNetLite().eval(), EfficientNetLite(output_stride=16).eval()
    holes.load_state_dict(halving.state_dict())
    assert (halving.strides, holes.strides) == ((2, 4, 8, 16, 32), (2, 4, 8, 16, 16))
    images = torch.randn(1, 3, 96, 128)
    # TensorFlow's padding puts the odd pixel behind, so that a stride of 2 begins at the second place.
    torch.testing.assert_close(holes(images)[-1][..., 1::2, 1::2], halving(images)[-1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("resnet", "no network 'resnet'; choose one of segnet, segnet-upsampling, unet, fcn"),
        ("unet:resnet18", "no encoder 'resnet18'; known are efficientnet-lite0"),
        ("pspnet:vgg16", "'decoder' should be"),
        ("segnet:efficientnet-lite0", "the decoder segnet needs the encoder vgg16"),
        ("unet:timm/../x", "no encoder"),
    ],
)
def test_names_that_name_nothing(name: str, says: str) -> None:
    with pytest.raises(RecipeError) as caught:
        model_named(name)
    assert says in str(caught.value)

"""The decoder whose every level is read."""

from __future__ import annotations

import torch
from torch import nn

from pixelwise.models.decoders import HypercolumnDecoder
from pixelwise.models.decoders.hypercolumn import WIDTH


def parts() -> tuple[HypercolumnDecoder, list[torch.Tensor]]:
    torch.manual_seed(0)
    decoder = HypercolumnDecoder((4, 6, 8), (2, 4, 8), (5, 3)).eval()
    features = [torch.randn(1, channels, 64 // s, 32 // s) for channels, s in ((4, 2), (6, 4), (8, 8))]
    return decoder, features


def readers_of(decoder: HypercolumnDecoder) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Weights and biases."""
    found = []
    for reader in decoder.readers:
        assert isinstance(reader, nn.Conv2d)
        assert reader.bias is not None
        found.append((reader.weight, reader.bias))
    return found


@torch.no_grad()
def test_result_is_the_sum_of_what_is_read_of_each_level() -> None:
    decoder, features = parts()
    whole = decoder(features)
    assert whole.shape == (1, WIDTH, 32, 16)
    readers = readers_of(decoder)
    kept = [(weight.clone(), bias.clone()) for weight, bias in readers]
    total = torch.zeros_like(whole)
    for number in range(len(kept)):
        for place, (reader, values) in enumerate(zip(readers, kept, strict=True)):
            for parameter, value in zip(reader, values, strict=True):
                parameter.copy_(value * (place == number))
        part = decoder(features)
        assert part.abs().max() > 0.01  # every level is heard
        total += part
    torch.testing.assert_close(whole, total)


@torch.no_grad()
def test_what_the_deepest_level_alone_says_is_enlarged() -> None:
    decoder, features = parts()
    for weight, bias in readers_of(decoder):
        weight.zero_()
        bias.zero_()
    _, bias = readers_of(decoder)[0]
    bias.fill_(0.5)
    torch.testing.assert_close(decoder(features), torch.full((1, WIDTH, 32, 16), 0.5))

"""The faster bfloat16 gradients against float32 ones."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pixelwise.models import depthwise
from pixelwise.models.depthwise import depthwise_conv


@pytest.mark.parametrize("at_a_time", [1, 3])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(3, 1, (1, 1)), (5, 1, (2, 2)), (3, 2, (0, 1)), (5, 2, (1, 2)), (3, 2, (1, 1))],
)
def test_gradients_equal_those_of_float32_up_to_rounding(
    kernel: int, stride: int, padding: tuple[int, int], at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depthwise, "CHUNK", at_a_time * 4 * 8 * 17 * 19)
    generator = torch.Generator().manual_seed(0)
    # Values that bfloat16 holds exactly: only the arithmetic differs.
    images = torch.randn(4, 8, 17, 19, generator=generator).bfloat16().float().requires_grad_()
    weight = torch.randn(8, 1, kernel, kernel, generator=generator).bfloat16().float().requires_grad_()
    expected = F.conv2d(F.pad(images, padding * 2), weight, None, stride, groups=8)
    outward = torch.randn(expected.shape, generator=generator).bfloat16().float()
    wanted = torch.autograd.grad(expected, (images, weight), outward)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = depthwise_conv(images, weight, stride, padding)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, atol=0.1, rtol=0.02)
    for gradient, correct in zip(
        torch.autograd.grad(found, (images, weight), outward.bfloat16()), wanted, strict=True
    ):
        assert gradient.dtype == torch.float32
        torch.testing.assert_close(gradient, correct, atol=0.02 * float(correct.abs().max()), rtol=0.02)


def test_without_autocast_it_is_conv2d_to_the_bit() -> None:
    images, weight = torch.randn(1, 4, 9, 9), torch.randn(4, 1, 3, 3)
    assert torch.equal(
        depthwise_conv(images, weight, 2, (1, 1)), F.conv2d(images, weight, None, 2, 1, groups=4)
    )

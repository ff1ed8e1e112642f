"""What predictions say of themselves, of images that are looked at part by part."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelwise.confidence import entropy_of_views, traits_of
from pixelwise.labels import Labels
from pixelwise.prediction.doubt import AT_ONCE, doubt_of


@pytest.mark.slow
@pytest.mark.parametrize("classes", [("background", "lesion"), ("sky", "road", "car")])
def test_a_large_image_is_doubted_as_a_whole(classes: tuple[str, ...]) -> None:
    binary = len(classes) == 2
    labels = Labels(classes=classes, background=0 if binary else None)
    generator = torch.Generator().manual_seed(0)
    shape = (1 if binary else 3, 2111, 2000)
    assert np.prod(shape) > AT_ONCE
    logits, contradiction = (torch.randn(shape, generator=generator) * scale for scale in (2, 0.5))
    views = (logits + contradiction, logits - contradiction)
    one, other = (values.sigmoid() if binary else values.softmax(dim=0) for values in views)
    mean = logits.sigmoid() if binary else logits.softmax(dim=0)
    ids = (mean[0] >= 0.5).numpy().astype(np.uint8) if binary else mean.argmax(dim=0).numpy().astype(np.uint8)
    doubt = doubt_of(logits, views, ids, labels)
    assert doubt.uncertainty.shape == shape[1:]
    assert np.allclose(doubt.uncertainty, entropy_of_views(torch.stack([one, other])).numpy(), atol=1e-6)
    found = torch.stack([torch.from_numpy(ids == class_id) for class_id in labels.scored])
    wanted = traits_of(mean, (one, other), found)
    assert doubt.traits.stability == pytest.approx(wanted.stability)
    assert doubt.traits.agreement == pytest.approx(wanted.agreement)

"""A second check looks at nothing that has not changed, and says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.checks import remembered
from pixelwise.checks.examine import examine_sample
from pixelwise.data.masks import MaskCoding
from pixelwise.data.synthetic import write_lesions
from pixelwise.types import Sample
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data


def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the samples that are looked at from now on."""
    seen: list[str] = []

    def examined(sample: Sample, coding: MaskCoding) -> object:
        seen.append(sample.name)
        return examine_sample(sample, coding)

    monkeypatch.setattr(remembered, "examine_sample", examined)
    return seen


def test_what_is_known_is_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128))
    inverted = root / "masks" / "lesion_0003.png"
    PIL.Image.fromarray(255 - np.asarray(PIL.Image.open(inverted).convert("L"))).save(inverted)
    (root / "images" / "lesion_0004.png").write_bytes(b"")
    first = check(open_data(root, strict=False), cache=tmp_path / "cache")
    seen = looks(monkeypatch)
    second = check(open_data(root, strict=False), cache=tmp_path / "cache")
    assert seen == ["lesion_0004"]  # faulty files are always looked at
    assert second.result == first.result
    assert {"mask-inverted", "file-empty"} <= {finding.kind for finding in second.result.findings}


def test_what_changes_is_looked_at_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128))
    check(open_data(root), cache=tmp_path / "cache")
    seen = looks(monkeypatch)
    mask = root / "masks" / "lesion_0003.png"
    PIL.Image.new("L", (128, 96)).save(mask)
    (root / "images" / "lesion_0005.png").rename(root / "images" / "lesion_0099.png")
    (root / "masks" / "lesion_0005.png").rename(root / "masks" / "lesion_0099.png")
    found = check(open_data(root, splits=None, strict=False), cache=tmp_path / "cache").result
    assert seen == ["lesion_0003"]  # the renamed pair is the same pair
    assert ("masks/lesion_0003.png",) in {
        place.files for one in found.findings if one.kind == "mask-empty" for place in one.places
    }

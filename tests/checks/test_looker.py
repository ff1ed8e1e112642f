"""A second check looks at nothing that has not changed, and says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pixelwise.checks import Looker, looker
from pixelwise.checks.examine import ImageFacts, MaskFacts, examine_image, examine_mask
from pixelwise.data.cache import Cache
from pixelwise.data.synthetic import write_lesions
from pixelwise.workflows.check import Checked, check
from pixelwise.workflows.data import open_data


def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that are looked at from now on."""
    seen: list[str] = []

    def image(path: Path) -> ImageFacts:
        seen.append(f"images/{path.name}")
        return examine_image(path)

    def mask(path: Path, *, coloured: bool) -> MaskFacts:
        seen.append(f"masks/{path.name}")
        return examine_mask(path, coloured=coloured)

    monkeypatch.setattr(looker, "examine_image", image)
    monkeypatch.setattr(looker, "examine_mask", mask)
    return seen


def opened_and_checked(root: Path, cache: Path) -> Checked:
    """As the command line does it."""
    found = Looker(Cache(cache))
    return check(open_data(root, strict=False, values_of=found.values), looker=found)


def test_the_first_check_looks_at_every_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_lesions(tmp_path / "lesions", 6, seed=0, size=(96, 128))
    seen = looks(monkeypatch)
    checked = opened_and_checked(root, tmp_path / "cache")
    assert sorted(seen) == sorted(
        f"{folder}/lesion_{n:04}.png" for folder in ("images", "masks") for n in range(6)
    )
    assert checked.result == check(open_data(root, strict=False), cache=tmp_path / "other").result


def test_a_legend_in_colours_has_masks_looked_at_as_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_lesions(tmp_path / "lesions", 4, seed=0, size=(96, 128))
    (root / "legend.csv").write_text("name,colour\nskin,#000000\nlesion,#ffffff\n")
    found = opened_and_checked(root, tmp_path / "cache").subject
    assert all(content.coloured for _, _, content in found.masks)
    assert {value for _, _, content in found.masks for value in content.counts} == {0, 0xFFFFFF}
    assert all(content.look == "clean" for _, _, content in found.masks)


def test_what_is_known_is_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_lesions(tmp_path / "lesions", 12, seed=0, size=(96, 128))
    inverted = root / "masks" / "lesion_0003.png"
    PIL.Image.fromarray(255 - np.asarray(PIL.Image.open(inverted).convert("L"))).save(inverted)
    (root / "images" / "lesion_0004.png").write_bytes(b"")
    first = check(open_data(root, strict=False), cache=tmp_path / "cache")
    seen = looks(monkeypatch)
    second = check(open_data(root, strict=False), cache=tmp_path / "cache")
    assert seen == ["images/lesion_0004.png"]  # faulty files are always looked at
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
    assert seen == ["masks/lesion_0003.png"]  # the renamed pair is the same pair
    assert ("masks/lesion_0003.png",) in {
        place.files for one in found.findings if one.kind == "mask-empty" for place in one.places
    }


def test_images_are_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_lesions(tmp_path / "lesions", 6, seed=0, size=(96, 128))
    (root / "splits.csv").unlink()
    image = PIL.Image.open(root / "images" / "lesion_0002.png")
    image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT).save(root / "images" / "lesion_0009.png")
    PIL.Image.open(root / "masks" / "lesion_0002.png").save(root / "masks" / "lesion_0009.png")
    (root / "images" / "lesion_0000.png").write_bytes(b"")  # those that cannot be read keep their place
    first = check(open_data(root, strict=False), cache=tmp_path / "cache").subject.likenesses
    monkeypatch.setattr(looker, "find_near_duplicates", None)
    second = check(open_data(root, strict=False), cache=tmp_path / "cache").subject.likenesses
    assert [(one.one.sample.name, one.other.sample.name, one.how) for one in first] == [
        ("lesion_0002", "lesion_0009", "mirrored")
    ]
    assert [(one.how, one.score, one.place) for one in second] == [
        (one.how, one.score, one.place) for one in first
    ]
    assert [one.one.sample for one in second] == [one.one.sample for one in first]

"""Which pictures of a folder are to be predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.workflows.sources import find_sources


def filled(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/a.png", "masks/a.png"),
        ("images/a.png", "instances/a.png"),
        ("PNGImages/a.png", "PedMasks/a_mask.png"),
        ("val2017/a.jpg", "annotations/panoptic_val2017/a.png"),
        ("val2017/a.jpg", "panoptic_val2017/a.png"),
        ("0a1b/images/0a1b.png", "0a1b/masks/77ef.png"),
        ("a.png", "a_mask.png"),
    ],
)
def test_pictures_of_labels_beside_images_are_left_out(tmp_path: Path, image: str, label: str) -> None:
    found = find_sources([filled(tmp_path / "set", image, label)], tmp_path / "out")
    assert [source.path for source in found.sources] == [tmp_path / "set" / image]
    assert found.masks == 1


@pytest.mark.parametrize("image", ["panoptic-studio/a.jpg", "instances of it/a.png"])
def test_folders_that_are_only_like_them_hold_images(tmp_path: Path, image: str) -> None:
    assert len(find_sources([filled(tmp_path / "set", image)], tmp_path / "out").sources) == 1


def test_what_is_named_is_taken_whatever_it_is(tmp_path: Path) -> None:
    mask = filled(tmp_path, "instances/a.png") / "instances" / "a.png"
    assert [source.path for source in find_sources([mask], tmp_path / "out").sources] == [mask]
